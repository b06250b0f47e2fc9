using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Analytics.Aggregation;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>What one source gave; null for what is not defined.</summary>
/// <param name="Mentions">Results of the window; for options, contracts with volume.</param>
/// <param name="Weight">Decayed weight.</param>
/// <param name="Effective">Effective number of mentions.</param>
/// <param name="Newest">Time of the newest one.</param>
public sealed record SourceInput(
    string Source, double Reliability, long Mentions, double Weight, double Effective, double? Sentiment, double? Variance, DateTimeOffset? Newest)
{
    [JsonIgnore] public SourceEvidence Evidence => new(Mentions, Weight, Effective, Sentiment ?? double.NaN, Variance ?? double.NaN);

    /// <summary>What goes into the mean of several.</summary>
    [JsonIgnore] public SourceReading Reading => new(Reliability, Sentiment ?? double.NaN, Effective, Evidence.StandardError);

    internal static SourceInput Of(string source, double reliability, in SourceEvidence evidence, DateTimeOffset? newest) => new(
        source, reliability, evidence.Mentions, evidence.Weight, evidence.Effective, Defined(evidence.Sentiment), Defined(evidence.Variance), newest);

    static double? Defined(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>All that an aggregate is computed from, stored beside it.</summary>
/// <param name="DailyMentions">Mentions of the 24 hours that end at the moment, and of those before them, oldest first.</param>
/// <param name="Providers">Publishers of the window, by number of mentions.</param>
public sealed record AggregateInputs(
    DateTimeOffset At, DateTimeOffset KnownAt, double HalfLifeSeconds, double WindowSeconds, PoolSettings Pool, IReadOnlyList<SourceInput> Sources,
    IReadOnlyList<long> DailyMentions, IReadOnlyList<string> Providers)
{
    public string ToJson() => JsonSerializer.Serialize(this, AggregationJson.Default.AggregateInputs);

    public static AggregateInputs FromJson(string json) => JsonSerializer.Deserialize(json, AggregationJson.Default.AggregateInputs)!;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(AggregateInputs))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, double>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
sealed partial class AggregationJson : JsonSerializerContext;
