using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Scoring;

/// <summary>
/// Probability integral transform of a count. A discrete forecast has no single value but the step [F(y − 1), F(y)]; over many good
/// forecasts the steps fill (0, 1) evenly.
/// </summary>
/// <param name="Lower">F(y − 1).</param>
/// <param name="Upper">F(y).</param>
public readonly record struct PitStep(double Lower, double Upper)
{
    public static PitStep Of(CountDistribution forecast, int actual) => new(forecast.Cdf(actual - 1), forecast.Cdf(actual));

    /// <summary>A uniform draw from the step: exactly uniform over (0, 1) when the forecasts are right.</summary>
    public double Randomised(Random random) => Lower + random.NextDouble() * (Upper - Lower);

    /// <summary>
    /// The step's own distribution function at u: 0 before it, 1 after it, straight in between. Its mean over forecasts is u when they are
    /// right, without any draw: the non-randomised PIT of Czado, Gneiting and Held, Biometrics 65 (2009).
    /// </summary>
    public double Cdf(double u) => u >= Upper ? 1 : u <= Lower ? 0 : (u - Lower) / (Upper - Lower);
}

/// <summary>Non-randomised PIT histogram. Heights average 1: a U shape means forecasts too narrow, a hump too wide, a slope bias.</summary>
public sealed class PitHistogram
{
    readonly double[] _sums;

    public PitHistogram(int bins = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 2);
        _sums = new double[bins];
    }

    public int Count { get; private set; }

    public void Add(PitStep step)
    {
        Count++;
        var before = 0.0;
        for (var i = 0; i < _sums.Length; i++)
        {
            var here = step.Cdf((i + 1.0) / _sums.Length);
            _sums[i] += here - before;
            before = here;
        }
    }

    /// <summary>Height of each bin relative to an even spread; NaN when empty.</summary>
    public double[] Heights() => Array.ConvertAll(_sums, sum => Count == 0 ? double.NaN : sum * _sums.Length / Count);

    /// <summary>
    /// Mean of |height − 1|; 0 for perfect calibration. Sampling noise alone gives about √(2·bins/(π·n)) with n independent forecasts.
    /// </summary>
    public double Deviation() => Heights().Average(height => Math.Abs(height - 1));
}
