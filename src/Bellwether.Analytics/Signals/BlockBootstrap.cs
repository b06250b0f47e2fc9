namespace Bellwether.Analytics.Signals;

/// <summary>An estimate with its interval; NaN where there is too little data for one.</summary>
/// <param name="Probability">Of an estimate as far from 0 by chance, two-sided.</param>
public readonly record struct Estimate(double Value, double Low, double High, double Probability)
{
    public static Estimate None { get; } = new(double.NaN, double.NaN, double.NaN, double.NaN);
}

/// <summary>
/// Intervals of statistics of a series whose neighbours depend on each other: blocks of the series are drawn again and again (circular block
/// bootstrap, Politis and Romano 1992). The statistic is a function of sums over the series.
/// </summary>
public sealed class BlockBootstrap(int resamples, double confidence, int seed)
{
    /// <summary>Fewer blocks than this are no sample.</summary>
    public const int LeastBlocks = 6;

    // Short of 1, which Fisher's scale has no place for.
    const double Nearest = 1 - 1e-12;

    /// <summary>
    /// Three times as long as neighbours overlap, and not below n^(1/3), which serves series of unknown memory.
    /// </summary>
    /// <param name="overlap">Over how many steps values share what they are made of; 1 for none.</param>
    public static int BlockLength(int count, int overlap) => Math.Max(overlap > 1 ? 3 * overlap : 1, (int)Math.Ceiling(Math.Cbrt(count)));

    /// <param name="rows">One for each step, in order of time, all of one length.</param>
    /// <param name="statistic">Of the sums of the columns; NaN where it is not defined.</param>
    /// <param name="correlation">
    /// The statistic lies between −1 and 1: resamples are compared on Fisher's scale, artanh, from which no interval leads beyond these.
    /// </param>
    public Estimate Of(IReadOnlyList<double[]> rows, int block, Func<double[], double> statistic, bool correlation = false)
    {
        if (rows.Count == 0) return Estimate.None;
        var width = rows[0].Length;
        // before[i]: sums of the first i rows of the series written twice, so that a block may run over the end.
        var before = new double[2 * rows.Count + 1][];
        before[0] = new double[width];
        for (var i = 0; i < 2 * rows.Count; i++)
        {
            before[i + 1] = [.. before[i]];
            for (var k = 0; k < width; k++) before[i + 1][k] += rows[i % rows.Count][k];
        }
        var value = statistic(before[rows.Count]);
        if (double.IsNaN(value) || rows.Count < LeastBlocks * block) return Estimate.None with { Value = value };
        double Scaled(double number) => correlation ? Math.Atanh(Math.Clamp(number, -Nearest, Nearest)) : number;
        double Back(double number) => correlation ? Math.Tanh(number) : number;
        var (random, drawn, sums, centre) = (new Random(seed), new List<double>(resamples), new double[width], Scaled(value));
        // What a mean over blocks varies too little for being drawn around the mean of the very same data.
        var widening = Math.Sqrt(rows.Count / (double)(rows.Count - block));
        for (var r = 0; r < resamples; r++)
        {
            Array.Clear(sums);
            for (var filled = 0; filled < rows.Count; filled += block)
            {
                var (start, length) = (random.Next(rows.Count), Math.Min(block, rows.Count - filled));
                for (var k = 0; k < width; k++) sums[k] += before[start + length][k] - before[start][k];
            }
            if (statistic(sums) is var again && !double.IsNaN(again)) drawn.Add(widening * (Scaled(again) - centre));
        }
        if (drawn.Count < resamples / 2) return Estimate.None with { Value = value };
        drawn.Sort();
        var extreme = drawn.Count(d => Math.Abs(d) >= Math.Abs(centre));
        return new(value, Back(centre + Quantile(drawn, (1 - confidence) / 2)), Back(centre + Quantile(drawn, (1 + confidence) / 2)),
            (extreme + 1.0) / (drawn.Count + 1));
    }

    static double Quantile(List<double> sorted, double at)
    {
        var place = at * (sorted.Count - 1);
        var low = (int)place;
        return low + 1 < sorted.Count ? sorted[low] + (place - low) * (sorted[low + 1] - sorted[low]) : sorted[^1];
    }
}
