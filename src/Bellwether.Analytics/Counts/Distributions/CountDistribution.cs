namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>A probability distribution over the counts 0, 1, 2, … Instances never change and may be shared between threads.</summary>
public abstract class CountDistribution
{
    CountPmf? _table;

    /// <summary>The expected count.</summary>
    public abstract double Mean { get; }

    public abstract double Variance { get; }

    /// <summary>The probabilities as a table that leaves out at most about 1e-12 in the tails; built at the first call, then kept.</summary>
    public CountPmf Table => _table ??= BuildTable();

    /// <summary>ln P(k); negative infinity where impossible. Not cut where <see cref="Table"/> ends.</summary>
    public abstract double LogPmf(int k);

    public double Pmf(int k) => Math.Exp(LogPmf(k));

    /// <summary>P(count ≤ k).</summary>
    public virtual double Cdf(int k) => Table.Cdf(k);

    /// <summary>The smallest k with F(k) ≥ p, for p in [0, 1]; p = 0 gives the smallest possible count.</summary>
    public virtual int Quantile(double p) => Table.Quantile(p);

    /// <summary>A draw by inversion; the same generator state gives the same draw.</summary>
    public virtual int Sample(Random random) => Quantile(random.NextDouble());

    /// <summary>
    /// A prediction interval that holds at least the given probability: from the smallest k with F ≥ (1 − coverage)/2 to the smallest with
    /// F ≥ (1 + coverage)/2. Both ends belong to it.
    /// </summary>
    public CountInterval EqualTailed(double coverage)
    {
        RequireCoverage(coverage);
        return new(Quantile((1 - coverage) / 2), Quantile((1 + coverage) / 2));
    }

    /// <summary>
    /// As <see cref="EqualTailed"/>, with the probability that the lower tail leaves unused (all of it where the interval starts at 0) given
    /// to the upper one: the smallest upper end that reaches the coverage.
    /// </summary>
    public CountInterval Compact(double coverage)
    {
        RequireCoverage(coverage);
        var lower = Quantile((1 - coverage) / 2);
        return new(lower, Math.Max(lower, Quantile(Math.Min(1, coverage + Cdf(lower - 1)))));
    }

    /// <summary>This distribution with a known count added: so far 12, and the rest of the window is uncertain.</summary>
    public CountDistribution Shift(int soFar) => soFar == 0 ? this : new ShiftedCount(this, soFar);

    private protected abstract CountPmf BuildTable();

    static void RequireCoverage(double coverage)
    {
        if (!(coverage is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(coverage), coverage, "A coverage lies between 0 and 1, both excluded.");
    }
}

/// <summary>Counts from Lower to Upper, both included.</summary>
public readonly record struct CountInterval(int Lower, int Upper)
{
    public bool Contains(int count) => count >= Lower && count <= Upper;

    /// <summary>Upper − Lower; 0 for a single count.</summary>
    public int Width => Upper - Lower;
}
