using Bellwether.Lake;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>A story and what repeated it.</summary>
/// <param name="Size">Results that tell it.</param>
/// <param name="Weight">Sum of their novelty weights.</param>
/// <param name="First">Time of the earliest.</param>
/// <param name="Last">Time of the latest.</param>
/// <param name="FirstKnownAt">Since when the story is known.</param>
/// <param name="Title">Title, or beginning of the text, of the one that was known first.</param>
/// <param name="Sentiment">Mean of their scores, −1 to 1.</param>
/// <param name="Sources">Publishers, each once, by name.</param>
public sealed record StoryChain(
    string ChainId, long Size, double Weight, DateTimeOffset First, DateTimeOffset Last, DateTimeOffset FirstKnownAt, string? Title, double Sentiment,
    IReadOnlyList<string> Sources);

public sealed partial class SentimentReader
{
    const int TitleLength = 120;

    readonly record struct ChainPart(
        string ChainId, DateTimeOffset Timestamp, string ArticleId, DateTimeOffset KnownAt, string? Title, string Source, double Sentiment, double Weight);

    /// <summary>Stories of a ticker between two times (half-open), by how many told them; of what was known at a moment, wherever it lies.</summary>
    /// <param name="leastSize">Those with fewer results are left out.</param>
    public async Task<IReadOnlyList<StoryChain>> ChainsAsync(
        string ticker, DateTimeOffset from, DateTimeOffset to, DateTimeOffset? asOf, int leastSize, int limit, CancellationToken cancellationToken)
    {
        if (asOf is { } moment) await KnowledgeBarrier.WaitAsync(dataSource, moment, time, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var held = await LakeColdRows.HoldAsync(connection, cancellationToken);
        var parts = new List<ChainPart>();
        await using (var command = new NpgsqlCommand($"""
            SELECT chain_id, timestamp, article_id, processing_timestamp_utc, coalesce(article_title, left(text, {TitleLength})), source, sentiment, novelty_weight
            FROM sentiment.sentiment_data
            WHERE ticker = $1 AND timestamp >= $2 AND timestamp < $3 AND ($4::timestamptz IS NULL OR processing_timestamp_utc <= $4) AND chain_id IS NOT NULL
            """, connection, held))
        {
            command.Parameters.Add(new() { Value = ticker });
            command.Parameters.Add(new() { Value = from.ToUniversalTime() });
            command.Parameters.Add(new() { Value = to.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = asOf?.UtcDateTime });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
                parts.Add(new(row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetFieldValue<DateTimeOffset>(3), Text(row, 4),
                    row.GetString(5), row.GetDouble(6), row.IsDBNull(7) ? 1 : row.GetDouble(7)));
        }
        if (await ColdAsync(connection, DateOnly.FromDateTime(from.UtcDateTime), DateOnly.FromDateTime(to.UtcDateTime), cancellationToken) is { Rows: { } sealedDays })
            await foreach (var row in sealedDays.ReadAsync(connection, new() { Tickers = [ticker], From = from, To = to, AsOf = asOf, TextPreview = TitleLength }, cancellationToken))
                if (row.ChainId is { } chain)
                    parts.Add(new(chain, row.Timestamp, row.ArticleId, row.KnownAt, row.ArticleTitle ?? row.Text, row.Source, row.Sentiment, row.NoveltyWeight ?? 1));
        return
        [
            .. parts.GroupBy(part => part.ChainId).Where(chain => chain.Count() >= leastSize).Select(Chain)
                .OrderByDescending(chain => chain.Size).ThenByDescending(chain => chain.Last).ThenBy(chain => chain.ChainId, StringComparer.Ordinal).Take(limit),
        ];
    }

    static StoryChain Chain(IGrouping<string, ChainPart> parts)
    {
        // In one order, so that the sums are the same wherever the rows lie.
        var all = parts.OrderBy(part => part.KnownAt).ThenBy(part => part.Timestamp).ThenBy(part => part.ArticleId, StringComparer.Ordinal).ToArray();
        return new(
            parts.Key, all.Length, all.Sum(part => part.Weight), all.Min(part => part.Timestamp), all.Max(part => part.Timestamp), all[0].KnownAt, all[0].Title,
            all.Average(part => part.Sentiment), [.. all.Select(part => part.Source).Distinct().Order(StringComparer.Ordinal)]);
    }
}
