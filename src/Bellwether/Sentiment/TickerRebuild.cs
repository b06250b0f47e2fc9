using System.Runtime.CompilerServices;
using System.Text.Json;
using Bellwether.Analytics.Decay;
using Bellwether.Feeds;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Sentiment;

/// <summary>
/// Computes every ticker's live state anew from the stored results, with the half-life of the options. Workers wait meanwhile and then go on
/// from the new states. With an unchanged half-life nothing changes, bit for bit.
/// </summary>
public sealed class TickerRebuild(NpgsqlDataSource dataSource, ScoringOptions options)
{
    const int ResultsAtOnce = 4_096;
    const int TickersAtOnce = 1_000;

    /// <summary>All in one transaction; returns how many tickers and results there are.</summary>
    public async Task<(int Tickers, long Results)> RunAsync(CancellationToken cancellationToken)
    {
        await using var reading = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var writing = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await writing.BeginTransactionAsync(cancellationToken);
        // Taken before the results are read: a worker adds to a ticker last in its transaction, so what is not yet visible waits behind this.
        await ExecuteAsync("LOCK TABLE sentiment.ticker_sentiment IN EXCLUSIVE MODE");
        await ExecuteAsync("DELETE FROM sentiment.ticker_sentiment");
        var (tickers, results) = (0, 0L);
        var finished = new List<TickerState>();
        await foreach (var state in StatesAsync(reading, cancellationToken))
        {
            (tickers, results) = (tickers + 1, results + state.Sums.Count);
            finished.Add(state);
            if (finished.Count == TickersAtOnce) await InsertAsync(writing, finished, cancellationToken);
        }
        await InsertAsync(writing, finished, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (tickers, results);

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, writing) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    async IAsyncEnumerable<TickerState> StatesAsync(
        NpgsqlConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand("""
            SELECT ticker, model, timestamp, sentiment, weight, article_id, article_title, source_url, left(text, 400), processing_timestamp_utc
            FROM sentiment.all_sentiment ORDER BY ticker
            """, connection) { CommandTimeout = 0 };
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        TickerState? state = null;
        var chunk = new List<(string Model, EventEnvelope Envelope, double Score)>();
        var known = DateTimeOffset.MinValue;
        while (await row.ReadAsync(cancellationToken))
        {
            var ticker = row.GetString(0);
            if (state is not null && state.Ticker != ticker)
            {
                yield return SentimentReader.Fold(state, chunk, known);
                (state, known) = (null, DateTimeOffset.MinValue);
            }
            state ??= new(ticker, HalfLifeState.Empty(options.HalfLifeSeconds));
            chunk.Add((row.GetString(1), EnvelopeOf(row, ticker), row.GetDouble(3)));
            if (row.GetFieldValue<DateTimeOffset>(9) is var at && at > known) known = at;
            if (chunk.Count == ResultsAtOnce) state = SentimentReader.Fold(state, chunk, known);
        }
        if (state is not null) yield return SentimentReader.Fold(state, chunk, known);
    }

    static EventEnvelope EnvelopeOf(NpgsqlDataReader row, string ticker) => new()
    {
        Timestamp = row.GetFieldValue<DateTimeOffset>(2),
        Weight = row.GetDouble(4),
        ArticleId = row.GetString(5),
        EventId = "",
        Source = "",
        Tickers = [ticker],
        ArticleTitle = row.IsDBNull(6) ? null : row.GetString(6),
        SourceUrl = row.IsDBNull(7) ? null : row.GetString(7),
        Text = row.IsDBNull(8) ? "" : row.GetString(8),
        FetchedAt = default,
    };

    static async Task InsertAsync(NpgsqlConnection connection, List<TickerState> states, CancellationToken cancellationToken)
    {
        if (states.Count == 0) return;
        await using (var copy = await connection.BeginBinaryImportAsync(
            $"COPY sentiment.ticker_sentiment ({TickerState.Columns}, revision, score, weight) FROM STDIN (FORMAT binary)", cancellationToken))
        {
            foreach (var s in states)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(s.Ticker, cancellationToken);
                await copy.WriteAsync(s.Sums.HalfLifeSeconds, cancellationToken);
                await copy.WriteAsync(s.Sums.Buckets, cancellationToken);
                await copy.WriteAsync(s.Sums.WeightedSums, cancellationToken);
                await copy.WriteAsync(s.Sums.WeightSums, cancellationToken);
                await copy.WriteAsync(s.Sums.Count, cancellationToken);
                await copy.WriteAsync(JsonSerializer.Serialize(s.ModelCounts), NpgsqlDbType.Jsonb, cancellationToken);
                await copy.WriteAsync(s.LatestTimestamp.UtcDateTime, cancellationToken);
                await copy.WriteAsync(s.LatestArticleId, cancellationToken);
                foreach (var text in new[] { s.ArticleTitle, s.SourceUrl, s.TextPreview }) await copy.WriteAsync(text, cancellationToken);
                await copy.WriteAsync(s.LastUpdated.UtcDateTime, cancellationToken);
                await copy.WriteAsync(s.Sums.Count, cancellationToken);
                await copy.WriteAsync(s.Sums.Score, cancellationToken);
                await copy.WriteAsync(s.Sums.Weight, cancellationToken);
            }
            await copy.CompleteAsync(cancellationToken);
        }
        states.Clear();
    }
}
