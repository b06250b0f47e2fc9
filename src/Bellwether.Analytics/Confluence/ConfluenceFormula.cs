namespace Bellwether.Analytics.Confluence;

/// <summary>What one component says; NaN as score where it is missing.</summary>
/// <param name="Weight">What it weighs at full confidence.</param>
/// <param name="Score">−1 to 1.</param>
/// <param name="Confidence">0 to 1.</param>
public readonly record struct ComponentReading(double Weight, double Score, double Confidence)
{
    public bool IsMissing => double.IsNaN(Score) || !(Weight * Confidence > 0);
}

/// <summary>Where levels and thresholds lie.</summary>
public sealed record ConfluenceThresholds
{
    public double MinimumScore { get; init; } = 0.5;

    public double MinimumConfidence { get; init; } = 0.3;

    public double HighScore { get; init; } = 0.7;

    public double HighConfidence { get; init; } = 0.5;

    /// <summary>One component alone agrees with itself; that is no confluence.</summary>
    public int LeastComponents { get; init; } = 2;
}

/// <summary>The components taken together; NaN where nothing is known.</summary>
/// <param name="Score">0 to 1.</param>
/// <param name="Bias">−1 to 1.</param>
/// <param name="Agreement">1 where all that is said points one way, 0 where it cancels out.</param>
/// <param name="Contributions">Share of weight × |score| of each component, in their order; NaN for missing ones.</param>
public sealed record ConfluenceValue(
    double Score, double Bias, double Confidence, double Agreement, double Strength, IReadOnlyList<double> Contributions, int Components, bool MeetsMinimum, bool MeetsHigh);

/// <summary>
/// Components of weight w, confidence c and score s. Shares κ = w·c / Σ w·c over those that are there; bias = Σ κ·s; strength S = Σ κ·|s|;
/// agreement A = |bias| / S; score = A·√S; confidence = Σ w·c / Σ w over all, so that what is missing lowers it and moves nothing else.
/// </summary>
public static class ConfluenceFormula
{
    public const string Id = "confluence-v1";

    static readonly (double Below, string Level)[] Levels = [(0.2, "very_low"), (0.4, "low"), (0.6, "moderate"), (0.8, "high")];

    public static ConfluenceValue Combine(ReadOnlySpan<ComponentReading> components, ConfluenceThresholds thresholds)
    {
        var (all, heard, count) = (0.0, 0.0, 0);
        foreach (var component in components)
        {
            all += component.Weight;
            if (component.IsMissing) continue;
            heard += component.Weight * component.Confidence;
            count++;
        }
        var contributions = new double[components.Length];
        Array.Fill(contributions, double.NaN);
        if (count == 0) return new(double.NaN, double.NaN, 0, double.NaN, double.NaN, contributions, 0, false, false);
        var (bias, strength) = (0.0, 0.0);
        for (var i = 0; i < components.Length; i++)
        {
            if (components[i].IsMissing) continue;
            var share = components[i].Weight * components[i].Confidence / heard;
            contributions[i] = share * Math.Abs(components[i].Score);
            bias += share * components[i].Score;
            strength += contributions[i];
        }
        var agreement = strength > 0 ? Math.Min(1, Math.Abs(bias) / strength) : 0;
        var (score, confidence) = (agreement * Math.Sqrt(Math.Min(1, strength)), Math.Min(1, heard / all));
        bool Meets(double least, double sure) => count >= thresholds.LeastComponents && score >= least && confidence >= sure;
        return new(score, Math.Clamp(bias, -1, 1), confidence, agreement, strength, contributions, count,
            Meets(thresholds.MinimumScore, thresholds.MinimumConfidence), Meets(thresholds.HighScore, thresholds.HighConfidence));
    }

    /// <summary>very_low, low, moderate, high or very_high, cut at 0.2, 0.4, 0.6 and 0.8.</summary>
    public static string Level(double score)
    {
        foreach (var (below, level) in Levels)
            if (score < below) return level;
        return "very_high";
    }
}
