using MathNet.Numerics.Distributions;

namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>
/// Negative binomial in the form NB2 of Cameron and Trivedi, Regression Analysis of Count Data: variance = μ + αμ².
/// α = 0 is the Poisson distribution, and every property goes there smoothly.
/// </summary>
public sealed class NegativeBinomialCount : CountDistribution
{
    public const double MaxMean = 1e6;
    public const double MaxAlpha = 1e3;

    /// <param name="mean">μ, 0 to <see cref="MaxMean"/>.</param>
    /// <param name="alpha">Dispersion α, 0 to <see cref="MaxAlpha"/>.</param>
    public NegativeBinomialCount(double mean, double alpha)
    {
        if (!(mean is >= 0 and <= MaxMean))
            throw new ArgumentOutOfRangeException(nameof(mean), mean, $"The mean of a count is 0 to {MaxMean}.");
        if (!(alpha is >= 0 and <= MaxAlpha))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, $"The dispersion is 0 to {MaxAlpha}.");
        Mean = mean;
        Alpha = alpha;
    }

    public override double Mean { get; }

    /// <summary>Dispersion α: variance = μ + αμ².</summary>
    public double Alpha { get; }

    public override double Variance => Mean + Alpha * Mean * Mean;

    public override double LogPmf(int k) => CountMath.LogPmf(k, Mean, Alpha);

    public override int Sample(Random random) => Sample(random, Mean, Alpha);

    /// <summary>The one with this mean and variance; Poisson when the variance is not above the mean.</summary>
    public static NegativeBinomialCount FromMoments(double mean, double variance) =>
        new(mean, mean > 0 ? Math.Clamp((variance - mean) / (mean * mean), 0, MaxAlpha) : 0);

    /// <summary>A draw without a table: a Poisson count whose mean is drawn from a gamma distribution of shape 1/α.</summary>
    internal static int Sample(Random random, double mean, double alpha)
    {
        if (mean <= 0)
            return 0;
        var rate = alpha > 0 ? Gamma.Sample(random, 1 / alpha, 1 / (alpha * mean)) : mean;
        return rate > 0 ? Poisson.Sample(random, rate) : 0;
    }

    private protected override CountPmf BuildTable() => Mean == 0 ? CountPmf.Own(0, [1]) : CountPmf.NegativeBinomial(Mean, Alpha);
}
