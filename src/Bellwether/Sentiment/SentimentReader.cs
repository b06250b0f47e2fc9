using System.Runtime.CompilerServices;
using Bellwether.Analytics.Decay;
using Bellwether.Feeds;
using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>Reads ticker sentiment and articles, now and as of any past moment. Knowledge later than <c>asOf</c> is never seen.</summary>
public sealed partial class SentimentReader(NpgsqlDataSource dataSource, IHotStore hot, ScoringOptions options)
{
    /// <summary>The live sentiment of tickers; null for one without any result. Answers come from the hot store, else from the database.</summary>
    public async Task<IReadOnlyList<TickerSnapshot?>> LatestAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        var found = (await hot.GetManyAsync(tickers, cancellationToken)).ToArray();
        var missing = tickers.Where((_, i) => found[i] is null).Distinct().ToArray();
        if (missing.Length == 0) return found;
        var stored = (await StoredAsync(missing, cancellationToken)).ToDictionary(s => s.Ticker, StringComparer.Ordinal);
        for (var i = 0; i < found.Length; i++) found[i] ??= stored.GetValueOrDefault(tickers[i]);
        return found;
    }

    /// <summary>Reads states from the database into the hot store; all of them when <paramref name="tickers"/> is null.</summary>
    public async Task<IReadOnlyList<TickerSnapshot>> StoredAsync(IReadOnlyList<string>? tickers, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            $"SELECT {TickerState.Columns} FROM sentiment.ticker_sentiment WHERE count > 0 AND ($1::text[] IS NULL OR ticker = ANY($1)) ORDER BY ticker");
        command.Parameters.Add(new NpgsqlParameter<string[]?> { TypedValue = tickers?.ToArray() });
        var snapshots = new List<TickerSnapshot>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            while (await reader.ReadAsync(cancellationToken)) snapshots.Add(TickerState.Read(reader).ToSnapshot());
        if (snapshots.Count > 0) await hot.SetManyAsync(snapshots, cancellationToken);
        return snapshots;
    }

    /// <summary>
    /// The sentiment of a ticker exactly as it stood at a moment: recomputed from the results known then, by the kernel that keeps the
    /// live state, so that a moment after the newest result gives the live state bit for bit. Null when nothing was known.
    /// </summary>
    public async Task<TickerSnapshot?> AsOfAsync(string ticker, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT timestamp, sentiment, weight, model, article_id, article_title, source_url, left(text, 400), processing_timestamp_utc
            FROM sentiment.all_sentiment WHERE ticker = $1 AND processing_timestamp_utc <= $2
            """);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = asOf.ToUniversalTime() });
        var state = new TickerState(ticker, HalfLifeState.Empty(options.HalfLifeSeconds));
        var chunk = new List<(string Model, EventEnvelope Envelope, double Score)>();
        var known = DateTimeOffset.MinValue;
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken))
            {
                chunk.Add((row.GetString(3), ArticleOf(row, ticker), row.GetDouble(1)));
                if (row.GetFieldValue<DateTimeOffset>(8) is var at && at > known) known = at;
                if (chunk.Count == 4_096) state = Fold(state, chunk, known);
            }
        state = Fold(state, chunk, known);
        return state.Sums.Count == 0 ? null : state.ToSnapshot();
    }

    internal static TickerState Fold(TickerState state, List<(string Model, EventEnvelope Envelope, double Score)> chunk, DateTimeOffset known)
    {
        foreach (var model in chunk.GroupBy(c => c.Model))
            state = state.Add(model.Key, [.. model.Select(c => (c.Envelope, c.Score))], known);
        chunk.Clear();
        return state;
    }

    static EventEnvelope ArticleOf(NpgsqlDataReader row, string ticker) => new()
    {
        Timestamp = row.GetFieldValue<DateTimeOffset>(0),
        Weight = row.GetDouble(2),
        ArticleId = row.GetString(4),
        EventId = "",
        Source = "",
        Tickers = [ticker],
        ArticleTitle = row.IsDBNull(5) ? null : row.GetString(5),
        SourceUrl = row.IsDBNull(6) ? null : row.GetString(6),
        Text = row.IsDBNull(7) ? "" : row.GetString(7),
        FetchedAt = default,
    };
}
