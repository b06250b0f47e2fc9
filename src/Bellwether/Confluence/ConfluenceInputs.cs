using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Analytics.Confluence;
using Bellwether.Sentiment.Aggregation;

namespace Bellwether.Confluence;

/// <summary>The technical component.</summary>
/// <param name="Bars">Complete daily bars that were read.</param>
/// <param name="LastBar">Date of the newest.</param>
/// <param name="LastKnownAt">Since when its version is known.</param>
/// <param name="Freshness">1 while no more than a long weekend old, then halved every five days.</param>
/// <param name="Volumes">Of the newest bars, oldest first, as far as they state one.</param>
public sealed record TechnicalInput(
    int Bars, DateTimeOffset? LastBar, DateTimeOffset? LastKnownAt, double Freshness, double? Close, IReadOnlyList<TechnicalReading> Readings, IReadOnlyList<long> Volumes);

/// <summary>All that a confluence is computed from, stored beside it.</summary>
/// <param name="Sentiment">What the aggregate of the moment is computed from; null where nothing was known. Its options are the third component.</param>
public sealed record ConfluenceInputs(
    DateTimeOffset At, DateTimeOffset KnownAt, double TechnicalWeight, double SentimentWeight, double OptionsFlowWeight, ConfluenceThresholds Thresholds,
    TechnicalInput Technical, AggregateInputs? Sentiment)
{
    /// <summary>Whether something that went into stored inputs of the same moment is not there any more.</summary>
    public bool Lacks(ConfluenceInputs stored) =>
        Technical.Bars < stored.Technical.Bars || stored.Technical.LastBar is { } last && !(Technical.LastBar >= last)
        || stored.Sentiment is { } then && (Sentiment is null ? then.Sources.Any(s => s.Mentions > 0) : Sentiment.Lacks(then));

    public string ToJson() => JsonSerializer.Serialize(this, ConfluenceJson.Default.ConfluenceInputs);

    public static ConfluenceInputs FromJson(string json) => JsonSerializer.Deserialize(json, ConfluenceJson.Default.ConfluenceInputs)!;
}

/// <summary>A component as it went into the score; nulls where it is missing.</summary>
public sealed record ConfluenceComponent(string Name, double Weight, double? Score, double Confidence, double? Contribution);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ConfluenceInputs))]
[JsonSerializable(typeof(IReadOnlyList<TechnicalReading>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
sealed partial class ConfluenceJson : JsonSerializerContext;
