using Bellwether.Analytics.Aggregation;

namespace Bellwether.Sentiment.Aggregation;

/// <summary>Sentiment of a symbol across its sources. Null is what is not known; it is never 0.</summary>
/// <param name="Timestamp">The moment that it is the sentiment of.</param>
/// <param name="KnownAt">Nothing that became known later is in it.</param>
/// <param name="UnifiedSentiment">−1 to 1.</param>
/// <param name="Confidence">0 to 1.</param>
/// <param name="SentimentLevel">very_bearish to very_bullish; null where the evidence is too thin.</param>
/// <param name="SourceCount">Sources that said something.</param>
/// <param name="ProviderCount">Publishers of what was said.</param>
/// <param name="TotalMentionCount">Results in the window, without options.</param>
/// <param name="DivergenceDetected">The sources disagree by more than chance; null with fewer than two.</param>
/// <param name="DivergenceScore">Half the distance between the two that are furthest apart, 0 to 1.</param>
/// <param name="DivergencePValue">Probability of so much disagreement by chance.</param>
/// <param name="VolumeTrend">up, down or stable; null where too little is known of what is usual.</param>
/// <param name="VolumeZ">By how many deviations the mentions of the last day are off.</param>
/// <param name="SourceBreakdown">Per cent of the weight that each source has.</param>
/// <param name="EffectiveMentions">How many fresh mentions of equal weight the evidence is worth.</param>
/// <param name="Inputs">What all of it is computed from.</param>
public sealed record AggregatedSentiment(
    string Symbol, DateTimeOffset Timestamp, DateTimeOffset KnownAt, double? UnifiedSentiment, double? Confidence, string? SentimentLevel, int SourceCount,
    int ProviderCount, long TotalMentionCount, bool? DivergenceDetected, double? DivergenceScore, double? DivergencePValue, string? VolumeTrend, double? VolumeZ,
    double? TwitterSentiment, double? RedditSentiment, double? NewsSentiment, double? OptionsFlowSentiment, IReadOnlyDictionary<string, double> SourceBreakdown,
    IReadOnlyList<string> ProvidersUsed, double EffectiveMentions, double? StandardError, string Formula, AggregateInputs Inputs)
{
    /// <summary>Every step from the inputs to the columns; another step is another version.</summary>
    public const string FormulaId = "aggregate-v1";

    /// <summary>False where it is given as it was stored, not computed anew from the results.</summary>
    public bool Recomputed { get; init; } = true;

    /// <summary>The aggregate that inputs give: the same inputs give the same bits, now and from a stored row.</summary>
    public static AggregatedSentiment Of(string symbol, AggregateInputs inputs)
    {
        var pooled = SentimentPool.Combine([.. inputs.Sources.Select(s => s.Reading)], inputs.Pool);
        var heard = inputs.Sources.Select((s, i) => (Input: s, Share: pooled.Weights[i])).Where(s => s.Share > 0).ToArray();
        var z = CountTrend.Z(inputs.DailyMentions.ToArray());
        double? Said(string source) => inputs.Sources.FirstOrDefault(s => s.Source == source)?.Sentiment;
        return new(
            symbol, inputs.At, inputs.KnownAt, Defined(pooled.Sentiment), heard.Length == 0 ? null : pooled.Confidence,
            pooled.IsThin ? null : Sentiment.SentimentLevel.Of(pooled.Sentiment), heard.Length, inputs.Providers.Count,
            inputs.Sources.Where(s => s.Source != SentimentSource.Options).Sum(s => s.Mentions), pooled.Diverges, Defined(pooled.Divergence),
            Defined(pooled.DivergenceProbability), Word(CountTrend.Of(z)), Defined(z), Said(SentimentSource.Twitter), Said(SentimentSource.Reddit),
            Said(SentimentSource.News), Said(SentimentSource.Options), heard.ToDictionary(s => s.Input.Source, s => 100 * s.Share), inputs.Providers,
            pooled.Effective, Defined(pooled.StandardError), FormulaId, inputs);
    }

    internal static string? Word(Trend? trend) => trend switch { Trend.Up => "up", Trend.Down => "down", Trend.Stable => "stable", _ => null };

    static double? Defined(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>What one source said of a symbol in one window; a row of <c>symbol_sentiments</c>.</summary>
public sealed record SymbolSentiment(
    string Symbol, string Source, DateTimeOffset Timestamp, DateTimeOffset WindowStart, DateTimeOffset KnownAt, double? Sentiment, double? Confidence, string? Level,
    long MentionCount, double Weight, double EffectiveMentions, double? StandardError);
