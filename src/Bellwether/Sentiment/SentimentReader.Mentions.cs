using Bellwether.Lake;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>One result without its texts.</summary>
/// <param name="KnownAt">Since when it is known.</param>
/// <param name="Type">news, tweet, reddit or filing.</param>
/// <param name="Publisher">Who published it.</param>
/// <param name="Novelty">1 for the first that told its story, less for repeats; 1 where that was not determined.</param>
public readonly record struct MentionRow(
    DateTimeOffset Timestamp, string ArticleId, DateTimeOffset KnownAt, string Type, string Publisher, double Sentiment, double Confidence, double Weight,
    double Novelty = 1);

public sealed partial class SentimentReader
{
    /// <summary>Results of a ticker between two times (half-open) that were known at a moment, by time and article, wherever they lie.</summary>
    public async Task<IReadOnlyList<MentionRow>> MentionsAsync(
        string ticker, DateTimeOffset from, DateTimeOffset to, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        await KnowledgeBarrier.WaitAsync(dataSource, asOf, time, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var held = await LakeColdRows.HoldAsync(connection, cancellationToken);
        var rows = new List<MentionRow>();
        await using (var command = new NpgsqlCommand("""
            SELECT timestamp, article_id, processing_timestamp_utc, event_type, source, sentiment, confidence, weight, coalesce(novelty_weight, 1)
            FROM sentiment.sentiment_data
            WHERE ticker = $1 AND timestamp >= $2 AND timestamp < $3 AND processing_timestamp_utc <= $4
            """, connection, held))
        {
            command.Parameters.Add(new() { Value = ticker });
            foreach (var bound in (DateTimeOffset[])[from, to, asOf]) command.Parameters.Add(new() { Value = bound.ToUniversalTime() });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                rows.Add(new(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3), row.GetString(4),
                    row.GetDouble(5), row.GetDouble(6), row.GetDouble(7), row.GetDouble(8)));
        }
        if (await ColdAsync(connection, DateOnly.FromDateTime(from.UtcDateTime), DateOnly.FromDateTime(to.UtcDateTime), cancellationToken) is { Rows: { } sealedDays })
            await foreach (var row in sealedDays.ReadAsync(connection, new() { Tickers = [ticker], From = from, To = to, AsOf = asOf }, cancellationToken))
                rows.Add(new(row.Timestamp, row.ArticleId, row.KnownAt, row.EventType, row.Source, row.Sentiment, row.Confidence, row.Weight, row.NoveltyWeight ?? 1));
        rows.Sort((a, b) => a.Timestamp.CompareTo(b.Timestamp) is var byTime && byTime != 0 ? byTime : string.CompareOrdinal(a.ArticleId, b.ArticleId));
        return rows;
    }
}
