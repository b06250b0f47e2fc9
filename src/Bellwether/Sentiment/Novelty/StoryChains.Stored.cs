using Npgsql;

namespace Bellwether.Sentiment.Novelty;

public sealed partial class StoryChains
{
    // Of one ticker and one stretch of time, the newest: more than that is not held of any.
    const int MostRead = 20_000;

    static readonly long EarliestMicros = TickerState.MicrosOf(new(1, 1, 2, 0, 0, 0, TimeSpan.Zero));
    static readonly long LatestMicros = TickerState.MicrosOf(new(9999, 12, 30, 0, 0, 0, TimeSpan.Zero));

    static async Task<Dictionary<string, long>> RevisionsAsync(
        NpgsqlConnection connection, string[] tickers, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT ticker, revision FROM sentiment.ticker_sentiment WHERE ticker = ANY($1)", connection);
        command.Parameters.Add(new() { Value = tickers });
        var revisions = new Dictionary<string, long>(tickers.Length, StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) revisions[row.GetString(0)] = row.GetInt64(1);
        return revisions;
    }

    /// <summary>Stored first results of stories. Those of sealed days are not looked at: they lie far back, and so does what comes so
    /// late.</summary>
    static async Task<List<(string Ticker, NewStory Story)>> ReadAsync(
        NpgsqlConnection connection, List<(string Ticker, long From, long To)> wanted, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT n.ticker, s.timestamp, s.chain_id, s.article_title, s.text, s.processing_timestamp_utc
            FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS n(ticker, first, past)
            CROSS JOIN LATERAL (
                SELECT timestamp, chain_id, article_title, left(text, {TextSketch.MostCharacters}) AS text, processing_timestamp_utc
                FROM sentiment.sentiment_data AS d
                WHERE d.ticker = n.ticker AND d.timestamp >= n.first AND d.timestamp < n.past AND d.novelty_weight = 1
                ORDER BY d.timestamp DESC LIMIT {MostRead}) AS s
            """, connection);
        command.Parameters.Add(new() { Value = wanted.ConvertAll(w => w.Ticker) });
        command.Parameters.Add(new() { Value = wanted.ConvertAll(w => TimeOf(w.From)) });
        command.Parameters.Add(new() { Value = wanted.ConvertAll(w => TimeOf(w.To)) });
        var stories = new List<(string, NewStory)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            if (TryChain(row.GetString(2), out var chain))
                stories.Add((row.GetString(0), new(
                    TextSketch.Of(row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4)),
                    TickerState.MicrosOf(row.GetFieldValue<DateTimeOffset>(1)), chain, TickerState.MicrosOf(row.GetFieldValue<DateTimeOffset>(5)))));
        return stories;
    }

    static DateTime TimeOf(long micros) =>
        DateTime.UnixEpoch.AddTicks(Math.Clamp(micros, EarliestMicros, LatestMicros) * TimeSpan.TicksPerMicrosecond);
}
