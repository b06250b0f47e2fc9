namespace Bellwether.Analytics.Aggregation;

public enum Trend
{
    Down = -1,
    Stable = 0,
    Up = 1,
}

/// <summary>Whether the newest of several counts is out of line with those before it.</summary>
public static class CountTrend
{
    public const string Formula = "anscombe-z-v1";

    /// <summary>|z| from which on a count is more than chance, one in twenty on either side.</summary>
    public const double Threshold = 1.645;

    /// <summary>Fewer counts before it tell nothing of what is usual.</summary>
    public const int LeastBefore = 7;

    /// <summary>
    /// (a − mean) / deviation, where a = √(count + 3/8) and mean and sample deviation are those of the counts before it. Counts that come one by one
    /// have a deviation of ½ on that scale whatever their mean, so less is not believed.
    /// </summary>
    /// <param name="counts">Oldest first; the last one is judged.</param>
    /// <returns>NaN where too few are known.</returns>
    public static double Z(ReadOnlySpan<long> counts)
    {
        if (counts.Length <= LeastBefore) return double.NaN;
        var before = counts[..^1];
        var (sum, squares) = (0.0, 0.0);
        foreach (var count in before) sum += Scale(count);
        var mean = sum / before.Length;
        foreach (var count in before) squares += (Scale(count) - mean) * (Scale(count) - mean);
        return (Scale(counts[^1]) - mean) / Math.Max(0.5, Math.Sqrt(squares / (before.Length - 1)));
    }

    public static Trend? Of(double z) => double.IsNaN(z) ? null : z >= Threshold ? Trend.Up : z <= -Threshold ? Trend.Down : Trend.Stable;

    static double Scale(long count) => Math.Sqrt(count + 0.375);
}
