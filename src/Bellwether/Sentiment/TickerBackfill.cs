using Bellwether.Analytics.Decay;
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
    const int ResultsAtOnce = 4_096;

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

    /// <summary>Computes states anew from all results of their tickers; each gets a higher revision, so that it replaces the cached one.</summary>
    public async Task RefoldAsync(NpgsqlConnection connection, IReadOnlyList<string> tickers, IAsyncEnumerable<ForeignResult> results, CancellationToken cancellationToken)
    {
        var known = await NowAsync(connection, cancellationToken);
        var before = await TickerTable.LockAsync(connection, [.. tickers], options.HalfLifeSeconds, known, cancellationToken);
        var states = before.ToDictionary(s => s.Key, s => new TickerState(s.Key, HalfLifeState.Empty(s.Value.Sums.HalfLifeSeconds)), StringComparer.Ordinal);
        var pending = new List<ForeignResult>(ResultsAtOnce);
        await foreach (var result in results.WithCancellation(cancellationToken))
        {
            pending.Add(result);
            if (pending.Count == ResultsAtOnce) Flush();
        }
        Flush();
        var computed = states.Values.Select(s => s with { Revision = before[s.Ticker].Revision + 1 }).ToArray();
        await TickerTable.UpdateAsync(connection, [.. computed.Where(s => s.Sums.Count > 0)], known, cancellationToken);
        await using var gone = new NpgsqlCommand("DELETE FROM sentiment.ticker_sentiment WHERE ticker = ANY($1)", connection);
        gone.Parameters.Add(new() { Value = computed.Where(s => s.Sums.Count == 0).Select(s => s.Ticker).ToArray() });
        await gone.ExecuteNonQueryAsync(cancellationToken);

        void Flush()
        {
            foreach (var group in pending.GroupBy(r => (r.Ticker, r.Model)))
                states[group.Key.Ticker] = states[group.Key.Ticker].Add(group.Key.Model, [.. group.Select(r => (ArticleOf(r), r.Score))], known);
            pending.Clear();
        }
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
