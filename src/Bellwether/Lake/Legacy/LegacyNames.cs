using System.Collections.Frozen;

namespace Bellwether.Lake.Legacy;

/// <summary>What an old column can mean.</summary>
enum LegacyField
{
    Timestamp, Ticker, Title, Sentiment, Confidence, Source, Url, Model, ArticleId, Text, Fetched, Processed, Payload, EventId, EventType, Priority,
    Weight, ModelVersion, Positive, Negative,
}

/// <summary>The names under which old files carry their fields. Of several columns of one field the first usable value of a row counts.</summary>
static class LegacyNames
{
    static readonly (LegacyField Field, string[] Names)[] Names =
    [
        (LegacyField.Timestamp, ["timestamp", "published_at", "published", "publish_date", "created_at", "datetime", "date", "time", "ts"]),
        (LegacyField.Ticker, ["ticker", "symbol", "tickers", "symbols", "stock"]),
        (LegacyField.Title, ["article_title", "title", "headline"]),
        (LegacyField.Sentiment, ["sentiment", "sentiment_score", "score", "compound", "polarity"]),
        (LegacyField.Confidence, ["confidence", "sentiment_confidence", "probability"]),
        (LegacyField.Source, ["source", "publisher", "source_name", "provider"]),
        (LegacyField.Url, ["source_url", "url", "link", "article_url"]),
        (LegacyField.Model, ["model", "model_name", "sentiment_model", "model_type"]),
        (LegacyField.ArticleId, ["article_id", "id", "guid", "news_id"]),
        // The order of the scrapers that wrote the files: body before content before text, which may have been cut.
        (LegacyField.Text, ["body", "content", "full_text", "article_text", "text"]),
        (LegacyField.Fetched, ["fetch_timestamp_utc", "fetched_at", "fetch_timestamp", "fetch_time"]),
        (LegacyField.Processed, ["processing_timestamp_utc", "processed_at", "processing_timestamp", "processing_time", "analyzed_at"]),
        (LegacyField.Payload, ["raw_source_payload_json", "raw_payload", "raw"]),
        (LegacyField.EventId, ["event_id"]),
        (LegacyField.EventType, ["event_type", "type", "source_type"]),
        (LegacyField.Priority, ["priority"]),
        (LegacyField.Weight, ["weight"]),
        (LegacyField.ModelVersion, ["model_version"]),
        (LegacyField.Positive, ["positive", "positive_score", "prob_positive"]),
        (LegacyField.Negative, ["negative", "negative_score", "prob_negative"]),
    ];

    /// <summary>Position among the names of its field, by name.</summary>
    static readonly FrozenDictionary<string, (LegacyField Field, int Rank)> ByName = Names
        .SelectMany(known => known.Names.Select((name, rank) => KeyValuePair.Create(name, (known.Field, rank + 1))))
        .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Fields by the name of their column in the lake, for people who map columns.</summary>
    public static readonly FrozenDictionary<string, LegacyField> Fields =
        Names.ToFrozenDictionary(known => known.Field == LegacyField.Text ? "text" : known.Names[0], known => known.Field, StringComparer.Ordinal);

    // What pandas puts beside the data.
    static readonly FrozenSet<string> Noise = FrozenSet.Create(StringComparer.Ordinal, "__index_level_0__", "index", "unnamed:_0", "level_0");

    public static bool IsNoise(string column) => Noise.Contains(Plain(column));

    public static bool TryGuess(string column, out LegacyField field, out int rank)
    {
        var known = ByName.TryGetValue(Plain(column), out var found);
        (field, rank) = found;
        return known;
    }

    static string Plain(string column) => column.Trim().ToLowerInvariant().Replace(' ', '_');
}
