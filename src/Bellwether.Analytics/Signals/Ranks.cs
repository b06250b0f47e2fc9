namespace Bellwether.Analytics.Signals;

/// <summary>Ranks and rank correlation.</summary>
public static class Ranks
{
    /// <summary>1 for the least; equal values share the mean of their ranks.</summary>
    public static double[] Of(ReadOnlySpan<double> values)
    {
        var (sorted, order, ranks) = (values.ToArray(), new int[values.Length], new double[values.Length]);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(sorted, order);
        for (var i = 0; i < sorted.Length;)
        {
            var end = i + 1;
            while (end < sorted.Length && sorted[end] == sorted[i]) end++;
            for (var k = i; k < end; k++) ranks[order[k]] = 0.5 * (i + 1 + end);
            i = end;
        }
        return ranks;
    }

    /// <summary>Ranks with mean 0 and variance 1; null where all values are equal.</summary>
    public static double[]? Standard(ReadOnlySpan<double> values)
    {
        var ranks = Of(values);
        var (mean, squares) = (0.5 * (values.Length + 1), 0.0);
        foreach (var rank in ranks) squares += (rank - mean) * (rank - mean);
        if (!(squares > 0)) return null;
        var deviation = Math.Sqrt(squares / ranks.Length);
        for (var i = 0; i < ranks.Length; i++) ranks[i] = (ranks[i] - mean) / deviation;
        return ranks;
    }

    /// <summary>Spearman's rank correlation; NaN where one side is constant.</summary>
    public static double Correlation(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length) throw new ArgumentException($"{x.Length} values cannot be correlated with {y.Length}.");
        if (x.Length < 2 || Standard(x) is not { } a || Standard(y) is not { } b) return double.NaN;
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return Math.Clamp(sum / a.Length, -1, 1);
    }
}
