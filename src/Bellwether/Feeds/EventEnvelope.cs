using System.Text.Json.Serialization;

namespace Bellwether.Feeds;

/// <summary>What kind of publication an event is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventType>))]
public enum EventType
{
    [JsonStringEnumMemberName("news")] News,
    [JsonStringEnumMemberName("tweet")] Tweet,
    [JsonStringEnumMemberName("reddit")] Reddit,
    [JsonStringEnumMemberName("filing")] Filing,
}

/// <summary>Which of the two input topics an event travels on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Priority>))]
public enum Priority
{
    [JsonStringEnumMemberName("standard")] Standard,
    [JsonStringEnumMemberName("high")] High,
}

/// <summary>
/// The one shape that every feed is normalised to and that travels on the event log. All times are UTC.
/// </summary>
public sealed record EventEnvelope
{
    /// <summary>Version of this shape; a reader refuses a newer one.</summary>
    public const int CurrentSchemaVersion = 1;

    [JsonPropertyName("schema_version")] public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>Identity of this delivery; equal to <see cref="ArticleId"/> where the feed gives none.</summary>
    [JsonPropertyName("event_id")] public required string EventId { get; init; }

    /// <summary>Deterministic identity of the publication: 32 hex digits. A redelivery or a refetch has the same one.</summary>
    [JsonPropertyName("article_id")] public required string ArticleId { get; init; }

    /// <summary>When it was published.</summary>
    [JsonPropertyName("timestamp")] public required DateTimeOffset Timestamp { get; init; }

    [JsonPropertyName("source")] public required string Source { get; init; }

    [JsonPropertyName("source_url")] public string? SourceUrl { get; init; }

    [JsonPropertyName("type")] public EventType Type { get; init; }

    /// <summary>Upper case, distinct, ordinal order. Empty means that no ticker was given or found.</summary>
    [JsonPropertyName("tickers")] public required IReadOnlyList<string> Tickers { get; init; }

    /// <summary>Relative importance, above 0 and at most 1,000; 1 is ordinary.</summary>
    [JsonPropertyName("weight")] public double Weight { get; init; } = 1.0;

    [JsonPropertyName("premium_tier")] public string PremiumTier { get; init; } = "standard";

    [JsonPropertyName("priority")] public Priority Priority { get; init; }

    [JsonPropertyName("article_title")] public string? ArticleTitle { get; init; }

    /// <summary>The complete text. Where a feed has only a headline, the headline.</summary>
    [JsonPropertyName("text")] public required string Text { get; init; }

    [JsonPropertyName("author")] public EventAuthor? Author { get; init; }

    /// <summary>When this program received it.</summary>
    [JsonPropertyName("fetched_at")] public required DateTimeOffset FetchedAt { get; init; }

    /// <summary>The source record as JSON, without the fields that are carried verbatim above (text, title, URL).</summary>
    [JsonPropertyName("raw")] public string? RawPayload { get; init; }
}

/// <summary>The account that posted a tweet or a Reddit post.</summary>
public sealed record EventAuthor
{
    [JsonPropertyName("id")] public string? Id { get; init; }
    [JsonPropertyName("username")] public string? Username { get; init; }
    [JsonPropertyName("followers")] public long? Followers { get; init; }
}
