namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>Poisson: P(k) = e^−μ μ^k / k!, variance = mean.</summary>
public sealed class PoissonCount : CountDistribution
{
    /// <param name="mean">μ, 0 to <see cref="NegativeBinomialCount.MaxMean"/>.</param>
    public PoissonCount(double mean)
    {
        if (!(mean is >= 0 and <= NegativeBinomialCount.MaxMean))
            throw new ArgumentOutOfRangeException(nameof(mean), mean, $"The mean of a count is 0 to {NegativeBinomialCount.MaxMean}.");
        Mean = mean;
    }

    public override double Mean { get; }

    public override double Variance => Mean;

    public override double LogPmf(int k) => CountMath.LogPmf(k, Mean, 0);

    public override int Sample(Random random) => NegativeBinomialCount.Sample(random, Mean, 0);

    private protected override CountPmf BuildTable() => Mean == 0 ? CountPmf.Own(0, [1]) : CountPmf.NegativeBinomial(Mean, 0);
}
