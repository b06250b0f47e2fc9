using MathNet.Numerics;

namespace Bellwether.Analytics.Aggregation;

/// <param name="Reliability">How far the source is trusted, 0 to 1.</param>
/// <param name="Sentiment">−1 to 1; NaN where the source is silent.</param>
/// <param name="Effective">Effective number of mentions.</param>
/// <param name="StandardError">Of the sentiment.</param>
public readonly record struct SourceReading(double Reliability, double Sentiment, double Effective, double StandardError)
{
    public bool IsSilent => !(Effective > 0) || double.IsNaN(Sentiment);
}

/// <summary>Constants of <see cref="SentimentPool"/>.</summary>
public sealed record PoolSettings
{
    /// <summary>Effective mentions at which a source has half the weight that it can get: the variance within sources over that between them.</summary>
    public double HalfWeight { get; init; } = 8;

    /// <summary>Fewer effective mentions in all are too thin for a level.</summary>
    public double LeastMentions { get; init; } = 3;

    /// <summary>Probability below which a disagreement is no chance.</summary>
    public double Significance { get; init; } = 0.01;

    /// <summary>Least divergence that matters, however certain it is.</summary>
    public double LeastDivergence { get; init; } = 0.15;
}

/// <summary>Sources taken together; NaN for what is not defined.</summary>
/// <param name="Sentiment">−1 to 1.</param>
/// <param name="Confidence">0 to 1.</param>
/// <param name="Weights">Share of each source, in their order; 0 for silent ones, 1 in all.</param>
/// <param name="Divergence">Half the distance between the two sources that are furthest apart, 0 to 1; NaN with fewer than two.</param>
/// <param name="DivergenceProbability">Of so much disagreement by chance, by Welch's test (1951): Cochran's Q allowing for deviations that are estimates.</param>
/// <param name="IsThin">Too little evidence to name a level.</param>
public sealed record PooledSentiment(
    double Sentiment, double Confidence, double StandardError, double Effective, IReadOnlyList<double> Weights,
    double Divergence, double DivergenceProbability, bool? Diverges, bool IsThin);

/// <summary>
/// One sentiment from several sources. A source of reliability R and n effective mentions weighs R·n/(n + k): as in a random-effects mean, whose
/// weights 1/(τ² + σ²/n) are these with k = σ²/τ², so that a crowd drowns no other source however large it is.
/// </summary>
public static class SentimentPool
{
    public const string Formula = "reliability-pool-v1";

    public static PooledSentiment Combine(ReadOnlySpan<SourceReading> sources, PoolSettings settings)
    {
        var raw = new double[sources.Length];
        var (total, reliable, all, effective) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < sources.Length; i++)
        {
            var source = sources[i];
            all += source.Reliability;
            if (source.IsSilent) continue;
            raw[i] = source.Reliability * source.Effective / (source.Effective + settings.HalfWeight);
            total += raw[i];
            reliable += source.Reliability;
            effective += source.Effective;
        }
        if (!(total > 0)) return new(double.NaN, 0, double.NaN, 0, raw, double.NaN, double.NaN, null, true);
        var (mean, variance) = (0.0, 0.0);
        for (var i = 0; i < sources.Length; i++)
        {
            raw[i] /= total;
            if (raw[i] == 0) continue;
            mean += raw[i] * sources[i].Sentiment;
            variance += raw[i] * raw[i] * sources[i].StandardError * sources[i].StandardError;
        }
        var (distance, probability, diverges) = Divergence(sources, settings);
        // What is silent lowers confidence by its reliability, what disagrees by how much it does.
        var confidence = effective / (effective + settings.HalfWeight) * Math.Sqrt(reliable / all) * (diverges == true ? 1 - distance : 1);
        return new(Math.Clamp(mean, -1, 1), confidence, Math.Sqrt(variance), effective, raw, distance, probability, diverges, effective < settings.LeastMentions);
    }

    static (double Distance, double Probability, bool? Diverges) Divergence(ReadOnlySpan<SourceReading> sources, PoolSettings settings)
    {
        var (count, precision, weighted, low, high) = (0, 0.0, 0.0, double.PositiveInfinity, double.NegativeInfinity);
        foreach (var source in sources)
        {
            if (source.IsSilent || source.Reliability == 0) continue;
            var own = 1 / (source.StandardError * source.StandardError);
            count++;
            precision += own;
            weighted += own * source.Sentiment;
            (low, high) = (Math.Min(low, source.Sentiment), Math.Max(high, source.Sentiment));
        }
        if (count < 2) return (double.NaN, double.NaN, null);
        var (mean, q, lambda) = (weighted / precision, 0.0, 0.0);
        foreach (var source in sources)
        {
            if (source.IsSilent || source.Reliability == 0) continue;
            var own = 1 / (source.StandardError * source.StandardError);
            q += own * (source.Sentiment - mean) * (source.Sentiment - mean);
            lambda += (1 - own / precision) * (1 - own / precision) / (source.Effective + SourceEvidence.PriorMentions - 1);
        }
        var (below, above) = (count - 1.0, ((double)count * count - 1) / (3 * lambda));
        var f = q / below / (1 + 2 * (count - 2) / ((double)count * count - 1) * lambda);
        var (probability, distance) = (SpecialFunctions.BetaRegularized(0.5 * above, 0.5 * below, above / (above + below * f)), 0.5 * (high - low));
        return (distance, probability, probability < settings.Significance && distance >= settings.LeastDivergence);
    }
}
