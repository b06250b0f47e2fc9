using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Ingarch;
using Bellwether.Analytics.Counts.Regression;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class IngarchTests
{
    [Theory]
    [InlineData(CountFamily.Poisson, 0.5, 0.3, 0.4, 0, 1)]
    [InlineData(CountFamily.NegativeBinomial, 0.5, 0.3, 0.4, 0.5, 2)]
    [InlineData(CountFamily.NegativeBinomial, 0.2, 0.15, 0.7, 0.2, 3)]
    public void Parameters_are_recovered_within_three_standard_errors(
        CountFamily family, double omega, double a, double b, double alpha, int seed)
    {
        var truth = new IngarchParameters(omega, a, b, alpha);
        var (counts, observed, baseline) = Simulate(truth, 12_000, seed, gaps: true);
        var fit = IngarchFit.Fit(counts, observed, baseline, family);

        Assert.True(fit.Summary.Converged);
        Within("omega", omega);
        Within("a", a);
        Within("b", b);
        if (family == CountFamily.NegativeBinomial)
            Within("alpha", alpha);
        Assert.Equal(fit.Parameters.LogLikelihood(counts, observed, baseline), fit.Summary.LogLikelihood, 5);

        void Within(string name, double value) =>
            Assert.InRange((fit.Summary[name].Estimate - value) / fit.Summary[name].StandardError, -3, 3);
    }

    [Fact]
    public void Likelihood_equals_its_definition()
    {
        int[] counts = [3, 0, 7, 2, 4];
        double[] baseline = [2, 3, 1, 4, 2];
        var parameters = new IngarchParameters(0.6, 0.25, 0.4, 0.3);
        double mean = 2, expected = 0;
        for (var t = 0; t < counts.Length; t++)
        {
            // The third count is not known: its mean goes on in its place and it has no likelihood.
            expected += t == 2 ? 0 : new NegativeBinomialCount(mean, 0.3).LogPmf(counts[t]);
            var next = t + 1 < counts.Length ? baseline[t + 1] : 5;
            mean = 0.6 * next + 0.25 * (t == 2 ? mean : counts[t]) + 0.4 * mean;
        }

        Assert.Equal(expected, parameters.LogLikelihood(counts, [true, true, false, true, true], baseline), 12);
        Assert.Equal(mean, parameters.Filter(counts, [true, true, false, true, true], baseline, 5, new double[5]), 12);
    }

    [Fact]
    public void Fit_is_a_maximum_of_the_likelihood()
    {
        var (counts, observed, baseline) = Simulate(new(0.5, 0.3, 0.4, 0.5), 2000, 8, gaps: true);
        var fit = IngarchFit.Fit(counts, observed, baseline, CountFamily.NegativeBinomial);
        var (best, p) = (fit.Summary.LogLikelihood, fit.Parameters);

        foreach (var moved in (IngarchParameters[])[
            p with { Omega = p.Omega * 1.01 }, p with { Omega = p.Omega * 0.99 }, p with { A = p.A * 1.01 }, p with { A = p.A * 0.99 },
            p with { B = p.B * 1.01 }, p with { B = p.B * 0.99 }, p with { Alpha = p.Alpha * 1.02 }, p with { Alpha = p.Alpha * 0.98 }])
            Assert.True(moved.LogLikelihood(counts, observed, baseline) < best);
    }

    [Fact]
    public void Counts_without_dependence_have_no_a()
    {
        var random = new Random(5);
        int[] counts = [.. Enumerable.Range(0, 5000).Select(_ => new PoissonCount(4).Sample(random))];
        var fit = IngarchFit.Fit(counts, [], [.. Enumerable.Repeat(4.0, 5000)], CountFamily.NegativeBinomial);

        Assert.InRange(fit.Parameters.A, 0, 0.04);
        Assert.InRange(fit.Parameters.Alpha, 0, 0.01);
    }

    [Fact]
    public void Simulated_mean_is_the_stationary_one()
    {
        // E y = ω s/(1 − a − b).
        var counts = new int[200_000];
        new IngarchParameters(0.3, 0.25, 0.35, 0.3).Simulate(new Random(1), 3, [.. Enumerable.Repeat(4.0, counts.Length)], counts);

        Assert.InRange(counts.Average(), 2.93, 3.07);
    }

    [Fact]
    public void Processes_that_explode_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new IngarchParameters(1, 0.6, 0.4, 0).Require());
        Assert.Throws<ArgumentOutOfRangeException>(() => new IngarchParameters(0, 0.1, 0.1, 0).Require());
        Assert.Throws<ArgumentException>(() => IngarchFit.Fit([1, 2, 3], [], [1, 1, 1], CountFamily.Poisson));
    }

    static (int[] Counts, bool[] Observed, double[] Baseline) Simulate(IngarchParameters truth, int n, int seed, bool gaps)
    {
        double[] baseline = [.. Enumerable.Range(0, n).Select(t => 3 + 2 * Math.Sin(2 * Math.PI * t / 24))];
        var counts = new int[n];
        truth.Simulate(new Random(seed), baseline[0], baseline, counts);
        bool[] observed = [.. Enumerable.Range(0, n).Select(t => !gaps || t % 1000 < 976)];
        return (counts, observed, baseline);
    }
}
