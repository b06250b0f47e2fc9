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
    string Source, double Reliability, long Mentions, double Weight, double Effective, double? Sentiment, double? Variance,
        DateTimeOffset? Newest)
{
    [JsonIgnore] public SourceEvidence Evidence => new(Mentions, Weight, Effective, Sentiment ?? double.NaN, Variance ?? double.NaN);

    /// <summary>What goes into the mean of several.</summary>
    [JsonIgnore] public SourceReading Reading => new(Reliability, Sentiment ?? double.NaN, Effective, Evidence.StandardError);

    internal static SourceInput Of(string source, double reliability, in SourceEvidence evidence, DateTimeOffset? newest) => new(
        source, reliability, evidence.Mentions, evidence.Weight, evidence.Effective, Defined(evidence.Sentiment),
            Defined(evidence.Variance), newest);

    static double? Defined(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>All that an aggregate is computed from, stored beside it.</summary>
/// <param name="HalfLifeSeconds">Of a mention; "Infinity" in JSON where none fades.</param>
/// <param name="DailyMentions">Mentions of the 24 hours that end at the moment, and of those before them, oldest first.</param>
/// <param name="Providers">Publishers of the window, by number of mentions.</param>
public sealed record AggregateInputs(
    DateTimeOffset At, DateTimeOffset KnownAt,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double HalfLifeSeconds,
    double WindowSeconds, PoolSettings Pool, IReadOnlyList<SourceInput> Sources, IReadOnlyList<long> DailyMentions,
    IReadOnlyList<string> Providers)
{
    // The same results give the same weight but for the rounding of another machine.
    const double Rounding = 1e-9;

    /// <summary>Whether something that went into stored inputs of the same moment is not there any more. Later settings, or more results, are no loss.</summary>
    public bool Lacks(AggregateInputs stored)
    {
        if (WindowSeconds < stored.WindowSeconds) return false;
        foreach (var then in stored.Sources)
        {
            var now = Sources.FirstOrDefault(s => s.Source == then.Source);
            if (now is null || now.Mentions < then.Mentions) return true;
            // As many, but what was known of the accounts that wrote them has gone.
            if (now.Mentions == then.Mentions && HalfLifeSeconds.Equals(stored.HalfLifeSeconds) && Math.Abs(now.Weight - then.Weight) > Rounding * then.Weight) return true;
        }
        return false;
    }

    public string ToJson() => JsonSerializer.Serialize(this, AggregationJson.Default.AggregateInputs);

    public static AggregateInputs FromJson(string json) => JsonSerializer.Deserialize(json, AggregationJson.Default.AggregateInputs)!;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(AggregateInputs))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, double>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
sealed partial class AggregationJson : JsonSerializerContext;
