using Bellwether.Feeds;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>A result that another system made.</summary>
public readonly record struct ForeignResult(
    string Ticker, string Model, DateTimeOffset Timestamp, double Score, double Weight, string ArticleId, string? ArticleTitle, string? SourceUrl, string? Text);

/// <summary>
/// The live states of tickers whose results were stored by another way than the log, or were taken away: inside the transaction that does it, so that
/// a state is what its results add up to at any moment.
/// </summary>
public sealed class TickerBackfill(ScoringOptions options)
{
    /// <summary>Adds results to their tickers' states; returns the revisions that these have then.</summary>
    public async Task<IReadOnlyDictionary<string, long>> AddAsync(NpgsqlConnection connection, IEnumerable<ForeignResult> results, CancellationToken cancellationToken)
    {
        var known = await NowAsync(connection, cancellationToken);
        var byTicker = results.GroupBy(r => r.Ticker, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToArray();
        var states = await TickerTable.LockAsync(connection, [.. byTicker.Select(g => g.Key)], options.HalfLifeSeconds, known, cancellationToken);
        foreach (var ticker in byTicker)
            foreach (var model in ticker.GroupBy(r => r.Model, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
                states[ticker.Key] = states[ticker.Key].Add(model.Key, [.. model.Select(r => (ArticleOf(r), r.Score))], known);
        await TickerTable.UpdateAsync(connection, [.. byTicker.Select(g => states[g.Key])], known, cancellationToken);
        return states.ToDictionary(s => s.Key, s => s.Value.Revision, StringComparer.Ordinal);
    }

    /// <summary>Computes states anew from the stored results; each gets a higher revision, so that it replaces the cached one.</summary>
    public async Task RefoldAsync(NpgsqlConnection connection, IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        var known = await NowAsync(connection, cancellationToken);
        var states = await TickerTable.LockAsync(connection, [.. tickers], options.HalfLifeSeconds, known, cancellationToken);
        var folds = states.ToDictionary(s => s.Key, s => new TickerFold(s.Key, s.Value.Sums.HalfLifeSeconds), StringComparer.Ordinal);
        await using (var read = new NpgsqlCommand($"SELECT {TickerFold.Columns} FROM sentiment.all_sentiment WHERE ticker = ANY($1)", connection) { CommandTimeout = 0 })
        {
            read.Parameters.Add(new() { Value = tickers.ToArray() });
            await using var row = await read.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken)) folds[row.GetString(0)].Add(row);
        }
        var computed = folds.Select(f => f.Value.State() with { Revision = states[f.Key].Revision + 1 }).ToArray();
        await TickerTable.UpdateAsync(connection, [.. computed.Where(s => s.Sums.Count > 0)], known, cancellationToken);
        await using var gone = new NpgsqlCommand("DELETE FROM sentiment.ticker_sentiment WHERE ticker = ANY($1)", connection);
        gone.Parameters.Add(new() { Value = computed.Where(s => s.Sums.Count == 0).Select(s => s.Ticker).ToArray() });
        await gone.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var now = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        return new((DateTime)(await now.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    static EventEnvelope ArticleOf(ForeignResult result) => new()
    {
        Timestamp = result.Timestamp,
        Weight = result.Weight,
        ArticleId = result.ArticleId,
        EventId = "",
        Source = "",
        Tickers = [result.Ticker],
        ArticleTitle = result.ArticleTitle,
        SourceUrl = result.SourceUrl,
        Text = result.Text ?? "",
        FetchedAt = default,
    };
}
