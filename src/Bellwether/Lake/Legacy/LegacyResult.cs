using Bellwether.Feeds;

namespace Bellwether.Lake.Legacy;

/// <summary>An old row for one ticker, as the lake takes it.</summary>
/// <param name="SourceRow">Number of the row in its file, from 0.</param>
/// <param name="Key">Of the article by the identity that the old file gives it.</param>
/// <param name="Alias">Of the article as a feed would name it today: where that is known, the article is.</param>
/// <param name="Given">Which of <see cref="LegacyCoverage.Columns"/> the file gave, as bits.</param>
sealed record LegacyResult(LakeRow Row, long SourceRow, Guid Key, Guid Alias, int Given)
{
    /// <summary>Whether a sample of this size holds it: the same results whatever file they are in.</summary>
    public bool IsIn(double sample) => sample >= 1 || BitConverter.ToUInt32(Key.ToByteArray()) < sample * 4294967296.0;

    public bool Says(LakeRow stored) =>
        Row.Timestamp == stored.Timestamp && Row.Sentiment.Equals(stored.Sentiment) && Row.Confidence.Equals(stored.Confidence) && Row.Model == stored.Model
        && Row.ArticleTitle == stored.ArticleTitle && Row.SourceUrl == stored.SourceUrl && Row.Text == stored.Text;
}

/// <summary>What became of one old row: results, or the reason why there are none.</summary>
readonly record struct LegacyOutcome(long SourceRow, IReadOnlyList<LegacyResult> Results, string? Problem);

/// <summary>How many results have which columns from the file itself.</summary>
sealed class LegacyCoverage
{
    public static readonly string[] Columns =
        ["article_title", "text", "source", "source_url", "model", "article_id", "confidence", "fetch_timestamp_utc", "processing_timestamp_utc", "raw_source_payload_json"];

    public const int Title = 1, Text = 2, Source = 4, Url = 8, Model = 16, ArticleId = 32, Confidence = 64, Fetched = 128, Processed = 256, Payload = 512;

    readonly long[] _counts = new long[Columns.Length];

    public void Add(int given)
    {
        for (var i = 0; i < _counts.Length; i++)
            if ((given & (1 << i)) != 0) _counts[i]++;
    }

    public Dictionary<string, long> ToDictionary() => Columns.Zip(_counts).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
}
