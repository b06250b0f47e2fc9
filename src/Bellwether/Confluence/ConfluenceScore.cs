using Bellwether.Analytics.Aggregation;
using Bellwether.Analytics.Confluence;
using Bellwether.Sentiment.Aggregation;

namespace Bellwether.Confluence;

/// <summary>How far prices, sentiment and options point the same way. Null is what is not known; it is never 0.</summary>
/// <param name="Timestamp">The moment that it is the confluence of.</param>
/// <param name="KnownAt">Nothing that became known later is in it.</param>
/// <param name="Score">Strength and agreement, 0 to 1.</param>
/// <param name="DirectionalBias">−1 (down) to 1 (up).</param>
/// <param name="ConfluenceLevel">very_low to very_high, cut at 0.2, 0.4, 0.6 and 0.8.</param>
/// <param name="Confidence">0 to 1; a missing component lowers it.</param>
/// <param name="TechnicalContribution">Share of the weight × |score|.</param>
/// <param name="TechnicalBreakdown">The indicators behind the technical score.</param>
/// <param name="ComponentsUsed">Those that were there.</param>
/// <param name="VolumeTrend">Of the traded shares: up, down or stable; null where too little is known.</param>
/// <param name="Inputs">What all of it is computed from.</param>
public sealed record ConfluenceScore(
    string Symbol, DateTimeOffset Timestamp, DateTimeOffset KnownAt, [property: System.Text.Json.Serialization.JsonPropertyName("confluence_score")] double? Score,
    double? DirectionalBias, string? ConfluenceLevel, double Confidence, double? TechnicalScore, double? SentimentScore, double? OptionsFlowScore,
    double? TechnicalContribution, double? SentimentContribution, double? OptionsFlowContribution, IReadOnlyList<TechnicalReading> TechnicalBreakdown,
    IReadOnlyList<string> ComponentsUsed, bool MeetsMinimumThreshold, bool MeetsHighThreshold, string? VolumeTrend, IReadOnlyList<ConfluenceComponent> Components,
    string Formula, ConfluenceInputs Inputs)
{
    public const string Technical = "technical", Sentiment = "sentiment", OptionsFlow = "options_flow";

    /// <summary>False where it is given as it was stored, not computed anew from results, bars and chains.</summary>
    public bool Recomputed { get; init; } = true;

    /// <summary>The confluence that inputs give: the same inputs give the same bits, now and from a stored row.</summary>
    public static ConfluenceScore Of(string symbol, ConfluenceInputs inputs)
    {
        var (technical, defined) = TechnicalView.Combine(inputs.Technical.Readings);
        var (written, options) = (Pool(inputs, SentimentSource.Written), Pool(inputs, [SentimentSource.Options]));
        string[] names = [Technical, Sentiment, OptionsFlow];
        ComponentReading[] readings =
        [
            new(inputs.TechnicalWeight, technical, defined * inputs.Technical.Freshness),
            new(inputs.SentimentWeight, written.Sentiment, written.Confidence),
            new(inputs.OptionsFlowWeight, options.Sentiment, options.Confidence),
        ];
        var value = ConfluenceFormula.Combine(readings, inputs.Thresholds);
        var volume = CountTrend.Of(CountTrend.Z(inputs.Technical.Volumes.ToArray()));
        return new(
            symbol, inputs.At, inputs.KnownAt, Defined(value.Score), Defined(value.Bias), double.IsNaN(value.Score) ? null : ConfluenceFormula.Level(value.Score),
            value.Confidence, Defined(technical), Defined(written.Sentiment), Defined(options.Sentiment), Defined(value.Contributions[0]),
            Defined(value.Contributions[1]), Defined(value.Contributions[2]), inputs.Technical.Readings, [.. names.Where((_, i) => !readings[i].IsMissing)],
            value.MeetsMinimum, value.MeetsHigh, volume?.ToString().ToLowerInvariant(),
            [.. names.Select((name, i) => new ConfluenceComponent(name, readings[i].Weight, Defined(readings[i].Score), readings[i].Confidence, Defined(value.Contributions[i])))],
            ConfluenceFormula.Id, inputs);
    }

    /// <summary>Some of the sources taken together, by the formula of the aggregate; options are no part of the sentiment here, or they would count twice.</summary>
    static PooledSentiment Pool(ConfluenceInputs inputs, IReadOnlyList<string> sources) => inputs.Sentiment is not { } sentiment
        ? SentimentPool.Combine([], new())
        : SentimentPool.Combine([.. sentiment.Sources.Where(s => sources.Contains(s.Source)).Select(s => s.Reading)], sentiment.Pool);

    static double? Defined(double value) => double.IsFinite(value) ? value : null;
}
