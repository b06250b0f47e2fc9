using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Ingarch;

/// <summary>
/// INGARCH(1,1) with a seasonal baseline: λ_t = ω s_t + a y_{t−1} + b λ_{t−1}, and y_t given the past is Poisson(λ_t), or NB2 with mean λ_t and
/// dispersion α. Ferland, Latour and Oraichi, Journal of Time Series Analysis 27 (2006); Fokianos, Rahbek and Tjøstheim, JASA 104 (2009).
/// </summary>
/// <param name="Omega">ω > 0, in units of the baseline s.</param>
/// <param name="A">a ≥ 0: what one count more adds to the next mean.</param>
/// <param name="B">b ≥ 0, a + b &lt; 1: how much of the mean is carried on.</param>
/// <param name="Alpha">α ≥ 0; 0 is Poisson.</param>
public readonly record struct IngarchParameters(double Omega, double A, double B, double Alpha)
{
    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> for values that define no stationary process.</summary>
    public void Require()
    {
        if (!(Omega > 0 && double.IsFinite(Omega) && A >= 0 && B >= 0 && A + B < 1 && Alpha is >= 0 and <= NegativeBinomialCount.MaxAlpha))
            throw new ArgumentOutOfRangeException(nameof(IngarchParameters), this, "ω is above 0, a, b and α at least 0, and a + b below 1.");
    }

    /// <summary>The mean of the next bucket. A bucket that was not observed counts as its own mean.</summary>
    public double Next(double baseline, double count, double mean) => Omega * baseline + A * count + B * mean;

    /// <summary>
    /// The means λ_t of all buckets, starting from λ₀ = s₀, and as the result λ of the bucket after the last, given its baseline.
    /// </summary>
    /// <param name="observed">False where the count is not known; empty means all observed.</param>
    public double Filter(ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed, ReadOnlySpan<double> baseline, double next, Span<double> means)
    {
        Require();
        var mean = baseline.IsEmpty ? next : baseline[0];
        for (var t = 0; t < counts.Length; t++)
        {
            means[t] = mean;
            var count = observed.IsEmpty || observed[t] ? counts[t] : mean;
            mean = Next(t + 1 < counts.Length ? baseline[t + 1] : next, count, mean);
        }
        return mean;
    }

    /// <summary>
    /// ln likelihood of the observed buckets, given λ₀ = s₀.
    /// </summary>
    public double LogLikelihood(ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed, ReadOnlySpan<double> baseline)
    {
        var means = new double[counts.Length];
        Filter(counts, observed, baseline, 1, means);
        var sum = 0.0;
        for (var t = 0; t < counts.Length; t++)
            if (observed.IsEmpty || observed[t])
                sum += CountMath.LogPmf(counts[t], means[t], Alpha);
        return sum;
    }

    /// <summary>A path of counts that goes on from a mean, one count for each baseline.</summary>
    /// <param name="mean">λ of the first bucket.</param>
    public void Simulate(Random random, double mean, ReadOnlySpan<double> baseline, Span<int> counts)
    {
        Require();
        for (var t = 0; t < counts.Length; t++)
        {
            counts[t] = NegativeBinomialCount.Sample(random, mean, Alpha);
            if (t + 1 < counts.Length)
                mean = Next(baseline[t + 1], counts[t], mean);
        }
    }
}
