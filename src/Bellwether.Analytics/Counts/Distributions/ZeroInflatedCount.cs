namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>
/// A count that is 0 with probability π for a reason of its own (asleep, on a plane) and else follows another distribution:
/// P(0) = π + (1 − π)·P₀(0), P(k) = (1 − π)·P₀(k). Lambert, Technometrics 34 (1992).
/// </summary>
public sealed class ZeroInflatedCount : CountDistribution
{
    /// <param name="inner">What the count follows when it is not forced to 0.</param>
    /// <param name="zero">π, 0 to below 1.</param>
    public ZeroInflatedCount(CountDistribution inner, double zero)
    {
        if (!(zero is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(zero), zero, "The probability of a forced zero is 0 to below 1.");
        Inner = inner;
        Zero = zero;
    }

    public CountDistribution Inner { get; }

    /// <summary>π.</summary>
    public double Zero { get; }

    public override double Mean => (1 - Zero) * Inner.Mean;

    public override double Variance => (1 - Zero) * (Inner.Variance + Zero * Inner.Mean * Inner.Mean);

    public override double LogPmf(int k) => k == 0
        ? Math.Log(Zero + (1 - Zero) * Inner.Pmf(0))
        : CountMath.Log1P(-Zero) + Inner.LogPmf(k);

    public override int Sample(Random random) => random.NextDouble() < Zero ? 0 : Inner.Sample(random);

    private protected override CountPmf BuildTable()
    {
        var inner = Inner.Table;
        var probabilities = new double[inner.Last + 1];
        CountPmf.AddScaled(1 - Zero, inner.Probabilities, probabilities.AsSpan(inner.First));
        probabilities[0] += Zero;
        return CountPmf.Own(0, probabilities);
    }
}
