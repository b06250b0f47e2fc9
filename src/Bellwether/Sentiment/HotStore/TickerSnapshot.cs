using System.Text.Json.Serialization;

namespace Bellwether.Sentiment.HotStore;

/// <summary>Live sentiment of one ticker, as kept under <c>sentiment:{ticker}</c> and as shown by the API and the CLI.</summary>
public sealed record TickerSnapshot
{
    /// <summary>Longest preview in UTF-16 code units, before the dots.</summary>
    public const int PreviewLength = 100;

    [JsonPropertyName("ticker")] public required string Ticker { get; init; }

    /// <summary>Decayed weighted mean, −1 to 1.</summary>
    [JsonPropertyName("score")] public required double Score { get; init; }

    /// <summary>Decayed weight behind the score at <see cref="LatestTimestamp"/>, 0 or more.</summary>
    [JsonPropertyName("weight")] public required double Weight { get; init; }

    /// <summary>Results ever counted for this ticker.</summary>
    [JsonPropertyName("count")] public required long Count { get; init; }

    /// <summary>Title of the newest article that has one.</summary>
    [JsonPropertyName("article_title")] public string? ArticleTitle { get; init; }

    [JsonPropertyName("source_url")] public string? SourceUrl { get; init; }

    /// <summary>Beginning of the newest text, as <see cref="Preview"/> makes it.</summary>
    [JsonPropertyName("text_preview")] public string? TextPreview { get; init; }

    /// <summary>Wall clock of the write, UTC.</summary>
    [JsonPropertyName("last_updated")] public required DateTimeOffset LastUpdated { get; init; }

    /// <summary>Results by model name.</summary>
    [JsonPropertyName("model_counts")] public required IReadOnlyDictionary<string, long> ModelCounts { get; init; }

    /// <summary>Grows with every change of the ticker's state; the higher one wins.</summary>
    [JsonPropertyName("revision")] public required long Revision { get; init; }

    /// <summary>Event time of the newest result, UTC.</summary>
    [JsonPropertyName("latest_timestamp")] public required DateTimeOffset LatestTimestamp { get; init; }

    /// <summary>The first 100 characters and "...", or the whole text if it is no longer than that. Never half a surrogate pair.</summary>
    public static string? Preview(string? text)
    {
        if (text is null || text.Length <= PreviewLength)
            return text;
        var cut = char.IsSurrogatePair(text, PreviewLength - 1) ? PreviewLength - 1 : PreviewLength;
        return string.Concat(text.AsSpan(0, cut), "...");
    }
}

/// <summary>The JSON of a snapshot, the same in every store.</summary>
[JsonSerializable(typeof(TickerSnapshot))]
public sealed partial class TickerSnapshotJson : JsonSerializerContext;
