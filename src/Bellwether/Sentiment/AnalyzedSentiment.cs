using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Feeds;
using Bellwether.Sentiment.HotStore;
using Bellwether.Sentiment.Novelty;

namespace Bellwether.Sentiment;

/// <summary>A committed result as it is published on <c>analyzed-sentiment</c> and on the live stream.</summary>
public sealed partial record AnalyzedSentiment
{
    [JsonPropertyName("ticker")] public required string Ticker { get; init; }
    [JsonPropertyName("sentiment")] public required double Sentiment { get; init; }
    [JsonPropertyName("confidence")] public required double Confidence { get; init; }
    [JsonPropertyName("level")] public required string Level { get; init; }
    [JsonPropertyName("weight")] public required double Weight { get; init; }
    [JsonPropertyName("model")] public required string Model { get; init; }
    [JsonPropertyName("model_version")] public required string ModelVersion { get; init; }
    [JsonPropertyName("timestamp")] public required DateTimeOffset Timestamp { get; init; }
    [JsonPropertyName("processed_at")] public required DateTimeOffset ProcessedAt { get; init; }
    [JsonPropertyName("event_id")] public required string EventId { get; init; }
    [JsonPropertyName("article_id")] public required string ArticleId { get; init; }
    [JsonPropertyName("article_title")] public string? ArticleTitle { get; init; }
    [JsonPropertyName("text_preview")] public string? TextPreview { get; init; }
    [JsonPropertyName("source")] public required string Source { get; init; }
    [JsonPropertyName("source_url")] public string? SourceUrl { get; init; }
    [JsonPropertyName("type")] public required EventType Type { get; init; }
    [JsonPropertyName("priority")] public required Priority Priority { get; init; }

    /// <summary>The story that it tells, and what it weighs as one: 1 for the first, less for repeats. Absent where that is not determined.</summary>
    [JsonPropertyName("chain_id")] public string? ChainId { get; init; }
    [JsonPropertyName("novelty_weight")] public double? NoveltyWeight { get; init; }

    /// <summary>Score of the ticker after the batch that this result came in, and the revision of that state.</summary>
    [JsonPropertyName("ticker_score")] public required double TickerScore { get; init; }
    [JsonPropertyName("revision")] public required long Revision { get; init; }

    internal static AnalyzedSentiment Of(ScoredBatch batch, ScoredEvent scored, string ticker, NoveltyOf? novelty, TickerSnapshot state, DateTimeOffset known) => new()
    {
        Ticker = ticker,
        Sentiment = scored.ScoreOf(ticker).Score,
        Confidence = scored.ScoreOf(ticker).Confidence,
        Level = SentimentLevel.Of(scored.ScoreOf(ticker).Score),
        Weight = scored.Envelope.Weight,
        Model = batch.ModelOf(scored).Name,
        ModelVersion = batch.ModelOf(scored).Version,
        Timestamp = scored.Envelope.Timestamp,
        ProcessedAt = known,
        EventId = scored.Envelope.EventId,
        ArticleId = scored.Envelope.ArticleId,
        ArticleTitle = scored.Envelope.ArticleTitle,
        TextPreview = TickerSnapshot.Preview(scored.Envelope.Text),
        Source = scored.Envelope.Source,
        SourceUrl = scored.Envelope.SourceUrl,
        Type = scored.Envelope.Type,
        Priority = scored.Envelope.Priority,
        ChainId = novelty?.ChainId,
        NoveltyWeight = novelty?.Weight,
        TickerScore = state.Score,
        Revision = state.Revision,
    };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Compact.AnalyzedSentiment);

    public static AnalyzedSentiment FromJson(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, Compact.AnalyzedSentiment) ?? throw new FormatException("an analysed event cannot be null");

    static readonly Json Compact = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    [JsonSerializable(typeof(AnalyzedSentiment))]
    sealed partial class Json : JsonSerializerContext;
}
