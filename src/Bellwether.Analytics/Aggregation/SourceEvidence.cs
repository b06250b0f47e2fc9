using Bellwether.Analytics.Decay;

namespace Bellwether.Analytics.Aggregation;

/// <summary>
/// What one source says at a moment, by formula <see cref="Formula"/>. With weights u, decays d = 2^(−age/half-life) and scores x:
/// sentiment m = Σ u·d·x / Σ u·d, variance v = Σ u·d·(x − m)² / Σ u·d, and the effective number of mentions n = (Σ u·d)² / Σ u²·d, which
/// counts a mention that is one half-life old as half a mention, and many that one heavy mention outweighs as few.
/// </summary>
/// <param name="Mentions">Mentions counted.</param>
/// <param name="Weight">Σ u·d.</param>
/// <param name="Effective">n; 0 where there is nothing.</param>
/// <param name="Sentiment">m, −1 to 1; NaN where there is nothing.</param>
/// <param name="Variance">v; NaN where there is nothing.</param>
public readonly record struct SourceEvidence(long Mentions, double Weight, double Effective, double Sentiment, double Variance)
{
    public const string Formula = "decayed-mean-v1";

    /// <summary>Variance that a source is taken to have before it is heard, and how many mentions that is worth.</summary>
    public const double PriorVariance = 0.25, PriorMentions = 2;

    public static SourceEvidence None { get; } = new(0, 0, 0, double.NaN, double.NaN);

    /// <summary>√(((n·v + 2·0.25) / (n + 2)) / n): two mentions alike do not make certainty.</summary>
    public double StandardError => Effective > 0 ? Math.Sqrt((Effective * Variance + PriorMentions * PriorVariance) / (Effective + PriorMentions) / Effective) : double.NaN;

    /// <summary>Sums in the order given; the same order gives the same bits.</summary>
    /// <param name="mentions">None later than the moment; those without weight count as mentions only.</param>
    /// <param name="halfLifeSeconds">May be infinite.</param>
    /// <param name="atMicros">The moment, microseconds since 1970 UTC.</param>
    /// <exception cref="ArgumentException">A mention is later than the moment, or has a score or weight that none can have.</exception>
    public static SourceEvidence Of(ReadOnlySpan<WeightedScore> mentions, double halfLifeSeconds, long atMicros)
    {
        var halfLife = HalfLife.FromSeconds(halfLifeSeconds);
        var (weight, weighted, squared) = (0.0, 0.0, 0.0);
        foreach (var mention in mentions)
        {
            if (mention.TimeMicros > atMicros) throw new ArgumentException($"A mention of {mention.TimeMicros} µs is later than the moment, {atMicros} µs.", nameof(mentions));
            if (!(mention.Score is >= -1 and <= 1) || !(mention.Weight >= 0) || double.IsInfinity(mention.Weight))
                throw new ArgumentException($"A score is −1 to 1 and a weight is not below 0; here are {mention.Score} and {mention.Weight}.", nameof(mentions));
            var decayed = mention.Weight * halfLife.Decay(atMicros - mention.TimeMicros);
            weight += decayed;
            weighted += decayed * mention.Score;
            squared += decayed * mention.Weight;
        }
        if (!(weight > 0) || !(squared > 0)) return None with { Mentions = mentions.Length };
        var mean = Math.Clamp(weighted / weight, -1, 1);
        var spread = 0.0;
        foreach (var mention in mentions)
            spread += mention.Weight * halfLife.Decay(atMicros - mention.TimeMicros) * (mention.Score - mean) * (mention.Score - mean);
        return new(mentions.Length, weight, weight * weight / squared, mean, spread / weight);
    }
}
