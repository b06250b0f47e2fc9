using Bellwether.Lake;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>Mean sentiment of one interval.</summary>
/// <param name="Start">Start of the interval, UTC; it ends where the next begins.</param>
/// <param name="Score">Weighted mean of the scores of the interval, −1 to 1.</param>
public sealed record SentimentInterval(DateTimeOffset Start, double Score, double Confidence, double Weight, long Count, double Low, double High);

/// <summary>One result with its article.</summary>
public sealed record Article(
    string ArticleId, string Ticker, DateTimeOffset Timestamp, DateTimeOffset KnownAt, string? Title, string Source, string? SourceUrl, string Type,
    double Sentiment, double Confidence, string Level, string Model, string ModelVersion, double Weight, string? TextPreview, string? Text)
{
    /// <summary>The story that it tells; null where that was not determined.</summary>
    public string? ChainId { get; init; }

    /// <summary>1 for the first that told its story, less for repeats; null where that was not determined.</summary>
    public double? NoveltyWeight { get; init; }
}

/// <summary>Where the page before ended.</summary>
public readonly record struct ArticleCursor(DateTimeOffset Timestamp, string ArticleId);

public sealed partial class SentimentReader
{
    const int PreviewLength = 400;

    /// <summary>Intervals with results between two times (half-open), oldest first.</summary>
    public async Task<IReadOnlyList<SentimentInterval>> HistoryAsync(
        string ticker, DateTimeOffset from, DateTimeOffset to, TimeSpan interval, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (interval < TimeSpan.FromSeconds(1)) throw new ArgumentOutOfRangeException(nameof(interval), interval, "an interval is at least one second");
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var held = await LakeColdRows.HoldAsync(connection, cancellationToken);
        if (await ColdAsync(connection, DateOnly.FromDateTime(from.UtcDateTime), DateOnly.FromDateTime(to.UtcDateTime), cancellationToken) is { Rows: { } cold })
            return await HistoryAsync(connection, cold, new() { Tickers = [ticker], From = from, To = to, AsOf = asOf }, interval, cancellationToken);
        // Sums of doubles depend on their order, and are to be the same wherever the rows lie.
        await using var command = new NpgsqlCommand("""
            SELECT date_bin($4, timestamp, 'epoch'::timestamptz) AS start, sum(sentiment * weight ORDER BY timestamp, article_id) / sum(weight ORDER BY timestamp, article_id),
                   avg(confidence ORDER BY timestamp, article_id), sum(weight ORDER BY timestamp, article_id), count(*), min(sentiment), max(sentiment)
            FROM sentiment.sentiment_data
            WHERE ticker = $1 AND timestamp >= $2 AND timestamp < $3 AND ($5::timestamptz IS NULL OR processing_timestamp_utc <= $5)
            GROUP BY start ORDER BY start
            """, connection, held);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new() { Value = from.ToUniversalTime() });
        command.Parameters.Add(new() { Value = to.ToUniversalTime() });
        command.Parameters.Add(new() { Value = interval });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = asOf?.UtcDateTime });
        var history = new List<SentimentInterval>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            history.Add(new(row.GetFieldValue<DateTimeOffset>(0), row.GetDouble(1), row.GetDouble(2), row.GetDouble(3), row.GetInt64(4), row.GetDouble(5), row.GetDouble(6)));
        return history;
    }

    /// <summary>Articles of a ticker, newest first, after the cursor of the page before.</summary>
    public async Task<IReadOnlyList<Article>> ArticlesAsync(
        string ticker, ArticleCursor? after, int limit, bool fullText, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var held = await LakeColdRows.HoldAsync(connection, cancellationToken);
        var articles = await HotArticlesAsync(connection, ticker, after, limit, fullText, asOf, cancellationToken);
        // Sealed days that could have one of the newest.
        var first = articles.Count == limit ? DateOnly.FromDateTime(articles[^1].Timestamp.UtcDateTime) : DateOnly.MinValue;
        var last = after is { } cursor ? DateOnly.FromDateTime(cursor.Timestamp.UtcDateTime) : DateOnly.MaxValue;
        if (await ColdAsync(connection, first, last, cancellationToken) is not { Rows: { } cold, Days: var days }) return articles;
        return await WithColdAsync(connection, cold, days, articles, new()
        {
            Tickers = [ticker],
            AsOf = asOf,
            WithText = fullText,
            TextPreview = PreviewLength,
            Newest = limit,
            Behind = after is { } behind ? (behind.Timestamp, behind.ArticleId) : null,
        }, cancellationToken);
    }

    static async Task<List<Article>> HotArticlesAsync(
        NpgsqlConnection connection, string ticker, ArticleCursor? after, int limit, bool fullText, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT article_id, ticker, timestamp, processing_timestamp_utc, article_title, source, source_url, event_type, sentiment, confidence,
                   model, model_version, weight, left(text, 400), CASE WHEN $6 THEN text END, chain_id, novelty_weight
            FROM sentiment.sentiment_data
            WHERE ticker = $1 AND ($2::timestamptz IS NULL OR (timestamp, article_id) < ($2, $3))
              AND ($4::timestamptz IS NULL OR processing_timestamp_utc <= $4)
            ORDER BY timestamp DESC, article_id DESC LIMIT $5
            """, connection);
        command.Parameters.Add(new() { Value = ticker });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = after?.Timestamp.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = after?.ArticleId });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = asOf?.UtcDateTime });
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new() { Value = fullText });
        var articles = new List<Article>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            articles.Add(new(
                row.GetString(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<DateTimeOffset>(3), Text(row, 4), row.GetString(5),
                Text(row, 6), row.GetString(7), row.GetDouble(8), row.GetDouble(9), SentimentLevel.Of(row.GetDouble(8)), row.GetString(10), row.GetString(11),
                row.GetDouble(12), HotStore.TickerSnapshot.Preview(Text(row, 13)), Text(row, 14))
            {
                ChainId = Text(row, 15),
                NoveltyWeight = row.IsDBNull(16) ? null : row.GetDouble(16),
            });
        return articles;
    }

    static string? Text(NpgsqlDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetString(ordinal);
}
