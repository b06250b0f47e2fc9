using System.Text.Json;
using Bellwether.Analytics.Decay;
using Bellwether.Feeds;
using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Sentiment;

/// <summary>
/// Everything known about the sentiment of one ticker, as stored. Its title, URL and preview are those of the newest article
/// (ties: the greater article id).
/// </summary>
public sealed record TickerState(string Ticker, HalfLifeState Sums)
{
    internal const string Columns = """
        ticker, half_life_seconds, buckets, weighted_sums, weight_sums, count, model_counts, latest_timestamp, latest_article_id,
        article_title, source_url, text_preview, last_updated, revision
        """;

    /// <summary>Grows by one with every result, and when the state is computed anew to something else.</summary>
    public long Revision { get; init; }

    public IReadOnlyDictionary<string, long> ModelCounts { get; init; } = new SortedDictionary<string, long>(StringComparer.Ordinal);
    public DateTimeOffset LatestTimestamp { get; init; } = DateTimeOffset.MinValue;
    public string LatestArticleId { get; init; } = "";
    public string? ArticleTitle { get; init; }
    public string? SourceUrl { get; init; }
    public string? TextPreview { get; init; }
    public DateTimeOffset LastUpdated { get; init; }

    /// <summary>This state with more results of one model.</summary>
    public TickerState Add(string model, IReadOnlyList<(EventEnvelope Envelope, double Score)> results, DateTimeOffset known)
    {
        var scores = new WeightedScore[results.Count];
        for (var i = 0; i < scores.Length; i++)
            scores[i] = new(results[i].Score, results[i].Envelope.Weight, MicrosOf(results[i].Envelope.Timestamp));
        var newest = results.Select(r => r.Envelope).MaxBy(e => (e.Timestamp, e.ArticleId), NewestFirst)!;
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, n) in ModelCounts) counts[name] = n;
        counts[model] = counts.GetValueOrDefault(model) + results.Count;
        var next = this with { Sums = Sums.Add(scores), ModelCounts = counts, LastUpdated = known, Revision = Revision + results.Count };
        return NewestFirst.Compare((newest.Timestamp, newest.ArticleId), (LatestTimestamp, LatestArticleId)) <= 0 ? next : next with
        {
            LatestTimestamp = newest.Timestamp,
            LatestArticleId = newest.ArticleId,
            ArticleTitle = newest.ArticleTitle,
            SourceUrl = newest.SourceUrl,
            TextPreview = TickerSnapshot.Preview(newest.Text),
        };
    }

    public TickerSnapshot ToSnapshot() => new()
    {
        Ticker = Ticker,
        Score = Sums.Score,
        Weight = Sums.Weight,
        Count = Sums.Count,
        ArticleTitle = ArticleTitle,
        SourceUrl = SourceUrl,
        TextPreview = TextPreview,
        LastUpdated = LastUpdated,
        ModelCounts = ModelCounts,
        Revision = Revision,
        LatestTimestamp = LatestTimestamp,
    };

    internal static long MicrosOf(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Reads a row selected by <see cref="Columns"/>.</summary>
    internal static TickerState Read(NpgsqlDataReader row)
    {
        var (halfLife, count) = (row.GetDouble(1), row.GetInt64(5));
        if (count == 0) return new(row.GetString(0), HalfLifeState.Empty(halfLife)) { Revision = row.GetInt64(13) };
        var latest = row.GetFieldValue<DateTimeOffset>(7);
        return new(row.GetString(0), HalfLifeState.Restore(
            halfLife, row.GetFieldValue<long[]>(2), row.GetFieldValue<long[]>(3), row.GetFieldValue<long[]>(4), MicrosOf(latest), count))
        {
            ModelCounts = JsonSerializer.Deserialize<SortedDictionary<string, long>>(row.GetString(6))!,
            LatestTimestamp = latest,
            LatestArticleId = row.GetString(8),
            ArticleTitle = row.IsDBNull(9) ? null : row.GetString(9),
            SourceUrl = row.IsDBNull(10) ? null : row.GetString(10),
            TextPreview = row.IsDBNull(11) ? null : row.GetString(11),
            LastUpdated = row.GetFieldValue<DateTimeOffset>(12),
            Revision = row.GetInt64(13),
        };
    }

    static readonly Comparer<(DateTimeOffset Time, string Id)> NewestFirst = Comparer<(DateTimeOffset Time, string Id)>.Create(
        static (a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : string.CompareOrdinal(a.Id, b.Id));
}
