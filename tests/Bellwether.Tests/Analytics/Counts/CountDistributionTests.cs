using Bellwether.Analytics.Counts.Distributions;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CountDistributionTests
{
    static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(200);

    static readonly Arbitrary<(double Mean, double Alpha, int Seed)> Cases = Arb.From(
        from mean in Gen.Elements(0.001, 0.3, 1, 2.5, 9, 40, 130, 800)
        from alpha in Gen.Elements(0, 1e-12, 1e-6, 0.01, 0.3, 1, 2.5, 8)
        from seed in Gen.Choose(0, 10_000)
        select (mean, alpha, seed));

    // Poisson tables: P(5 | 3) = e^-3 3^5/5!. Negative binomial of integer size r: C(k + r − 1, k) p^r q^k with p = r/(r + μ).
    [Theory]
    [InlineData(3, 0, 0, 0.049787068367863944)]
    [InlineData(3, 0, 5, 0.10081881344492448)]
    [InlineData(3, 1.0 / 3, 0, 0.125)]
    [InlineData(3, 1.0 / 3, 1, 0.1875)]
    [InlineData(3, 1.0 / 3, 4, 0.1171875)]
    [InlineData(1, 1, 9, 0.0009765625)]
    [InlineData(20, 0.05, 30, 0.016743659701021048)]
    public void Pmf_has_the_known_value(double mean, double alpha, int k, double expected)
    {
        Assert.Equal(expected, new NegativeBinomialCount(mean, alpha).Pmf(k), 10);
        Assert.Equal(expected, new NegativeBinomialCount(mean, alpha).Table.Pmf(k), 10);
    }

    [Fact]
    public void Negative_binomial_becomes_Poisson_as_alpha_goes_to_zero()
    {
        foreach (var mean in (double[])[0.01, 1, 30, 700])
            foreach (var k in (int[])[0, 1, 15, 16, 17, 40, 900])
            {
                var poisson = new PoissonCount(mean).LogPmf(k);
                Assert.Equal(poisson, new NegativeBinomialCount(mean, 0).LogPmf(k));
                var previous = double.PositiveInfinity;
                foreach (var alpha in (double[])[1e-5, 1e-7, 1e-9, 1e-12])
                {
                    var gap = Math.Abs(new NegativeBinomialCount(mean, alpha).LogPmf(k) - poisson);
                    // The first-order term is α((k − μ)² − k)/2; beyond it only rounding.
                    var first = alpha * Math.Abs((k - mean) * (k - mean) - k) / 2;
                    Assert.InRange(gap, 0, 2 * first + 1e-9 * (1 + Math.Abs(poisson)));
                    Assert.True(gap <= previous + 1e-9 * (1 + Math.Abs(poisson)));
                    previous = gap;
                }
            }
    }

    [Fact]
    public void LogRising_equals_the_sum_it_stands_for() => Check.One(Config, Prop.ForAll(
        Arb.From(from k in Gen.Choose(0, 2000) from e in Gen.Choose(-14, 3) select (k, Math.Pow(10, e))), c =>
    {
        var direct = 0.0;
        for (var j = 1; j < c.k; j++)
            direct += CountMath.Log1P(c.Item2 * j);
        return Math.Abs(CountMath.LogRising(c.k, c.Item2) - direct) <= 1e-11 * (1 + direct);
    }));

    [Fact]
    public void Table_holds_the_pmf_the_mean_and_the_variance() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var distribution = new NegativeBinomialCount(c.Mean, c.Alpha);
        var table = distribution.Table;
        var sum = 0.0;
        for (var k = table.First; k <= table.Last; k++)
        {
            sum += distribution.Pmf(k);
            if (Math.Abs(distribution.Pmf(k) - table.Pmf(k)) > 1e-10 * (1e-3 + table.Pmf(k)))
                return false;
        }
        return Math.Abs(sum - 1) < 1e-10
            && Math.Abs(table.Mean - distribution.Mean) < 1e-7 * (1 + distribution.Mean)
            && Math.Abs(table.Variance - distribution.Variance) < 1e-5 * (1 + distribution.Variance);
    }));

    [Fact]
    public void Quantile_is_the_smallest_count_that_reaches_the_probability() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var distribution = new NegativeBinomialCount(c.Mean, c.Alpha);
        var p = new Random(c.Seed).NextDouble();
        var k = distribution.Quantile(p);
        var interval = distribution.EqualTailed(0.95);
        var compact = distribution.Compact(0.95);
        return distribution.Cdf(k) >= p && distribution.Cdf(k - 1) < p
            && interval == new CountInterval(distribution.Quantile(0.025), distribution.Quantile(0.975))
            && compact.Lower == interval.Lower && compact.Upper <= interval.Upper
            && distribution.Cdf(compact.Upper) - distribution.Cdf(compact.Lower - 1) >= 0.95 - 1e-12;
    }));

    [Fact]
    public void Convolution_adds_sizes_of_negative_binomials_with_one_probability()
    {
        // Sizes 2 and 3 with p = 0.4: means r·1.5, α = 1/r.
        var sum = CountPmf.Convolve(new NegativeBinomialCount(3, 1.0 / 2).Table, new NegativeBinomialCount(4.5, 1.0 / 3).Table);
        var expected = new NegativeBinomialCount(7.5, 1.0 / 5);

        for (var k = 0; k < 60; k++)
            Assert.Equal(expected.Pmf(k), sum.Pmf(k), 11);
        Assert.Equal(7.5, sum.Mean, 9);
    }

    [Fact]
    public void Zero_inflation_moves_mass_to_zero_only()
    {
        var inner = new NegativeBinomialCount(4, 0.5);
        var inflated = new ZeroInflatedCount(inner, 0.3);

        Assert.Equal(0.3 + 0.7 * inner.Pmf(0), inflated.Pmf(0), 12);
        Assert.Equal(0.7 * inner.Pmf(6), inflated.Pmf(6), 12);
        Assert.Equal(inflated.Mean, inflated.Table.Mean, 8);
        Assert.Equal(inflated.Variance, inflated.Table.Variance, 6);
    }

    [Fact]
    public void Pool_is_the_weighted_mean_of_its_parts()
    {
        var (a, b) = (new PoissonCount(2), new NegativeBinomialCount(30, 0.2));
        var pool = MixtureCount.Pool([a, b, new PoissonCount(7)], [1, 3, 0]);

        for (var k = 0; k < 100; k++)
        {
            Assert.Equal(0.25 * a.Pmf(k) + 0.75 * b.Pmf(k), pool.Pmf(k), 12);
            Assert.Equal(0.25 * a.Cdf(k) + 0.75 * b.Cdf(k), pool.Cdf(k), 10);
        }
        Assert.Equal(pool.Mean, pool.Table.Mean, 8);
        Assert.Equal(pool.Variance, pool.Table.Variance, 5);
    }

    [Fact]
    public void Shift_moves_everything_by_the_count_so_far()
    {
        var rest = new NegativeBinomialCount(5, 0.4);
        var total = rest.Shift(12);

        Assert.Equal(17, total.Mean);
        Assert.Equal(0, total.Pmf(11));
        Assert.Equal(rest.Pmf(3), total.Pmf(15));
        Assert.Equal(rest.Quantile(0.9) + 12, total.Quantile(0.9));
        Assert.Equal(rest.Cdf(4), total.Cdf(16), 12);
    }

    [Fact]
    public void Samples_have_the_mean_and_variance_of_their_distribution()
    {
        CountDistribution[] all = [new PoissonCount(3), new NegativeBinomialCount(20, 0.4), new ZeroInflatedCount(new PoissonCount(6), 0.4),
            MixtureCount.Pool([new PoissonCount(1), new PoissonCount(9)], [1, 1]), new NegativeBinomialCount(4, 1).Table, new PoissonCount(2).Shift(5)];
        foreach (var distribution in all)
        {
            var random = new Random(7);
            double[] draws = [.. Enumerable.Range(0, 40_000).Select(_ => (double)distribution.Sample(random))];
            var mean = draws.Average();
            Assert.InRange((mean - distribution.Mean) / Math.Sqrt(distribution.Variance / draws.Length), -4, 4);
            Assert.InRange(draws.Average(d => (d - mean) * (d - mean)) / distribution.Variance, 0.93, 1.07);
        }
    }

    [Fact]
    public void FromSamples_is_near_the_distribution_that_was_drawn_from()
    {
        var truth = new NegativeBinomialCount(300, 0.15);
        var random = new Random(3);
        var smoothed = CountPmf.FromSamples([.. Enumerable.Range(0, 4000).Select(_ => truth.Sample(random))]);

        for (var k = 0; k < 900; k += 10)
            Assert.InRange(smoothed.Cdf(k) - truth.Cdf(k), -0.035, 0.035);
        Assert.True(double.IsFinite(smoothed.LogPmf(5000)));
        Assert.Equal(1, smoothed.Table.Probabilities.ToArray().Sum(), 10);
    }

    [Fact]
    public void Values_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PoissonCount(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PoissonCount(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NegativeBinomialCount(1, -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NegativeBinomialCount(2e6, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ZeroInflatedCount(new PoissonCount(1), 1));
        Assert.Throws<ArgumentException>(() => new CountPmf(0, [0.5, -0.1]));
        Assert.Throws<ArgumentException>(() => new CountPmf(0, [0, 0]));
        Assert.Throws<ArgumentException>(() => MixtureCount.Pool([new PoissonCount(1)], [0.0]));
        Assert.Throws<ArgumentException>(() => MixtureCount.Pool([new PoissonCount(1)], [1, 1.0]));
        Assert.Throws<ArgumentException>(() => CountPmf.FromSamples([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PoissonCount(1).Quantile(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PoissonCount(1).EqualTailed(1));
    }
}
