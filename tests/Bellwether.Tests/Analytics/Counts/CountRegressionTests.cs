using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Regression;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CountRegressionTests
{
    static readonly double[] Beta = [0.8, 0.5, -0.7];

    [Theory]
    [InlineData(CountFamily.Poisson, 0, 1)]
    [InlineData(CountFamily.NegativeBinomial, 0.4, 2)]
    [InlineData(CountFamily.NegativeBinomial, 1.5, 3)]
    public void Parameters_are_recovered_within_three_standard_errors(CountFamily family, double alpha, int seed)
    {
        var (design, counts) = Simulate(4000, alpha, seed);
        var fit = new CountRegression().Fit(design, counts, new() { Family = family });

        Assert.True(fit.Converged);
        for (var j = 0; j < Beta.Length; j++)
            Assert.InRange((fit.Coefficients[j] - Beta[j]) / fit.StandardErrors[j], -3, 3);
        if (family == CountFamily.NegativeBinomial)
            Assert.InRange((fit.Alpha - alpha) / fit.AlphaStandardError, -3, 3);
    }

    [Fact]
    public void Standard_errors_are_the_spread_of_the_estimates()
    {
        var (slopes, alphas, stated, statedAlpha) = (new List<double>(), new List<double>(), 0.0, 0.0);
        const int Runs = 200;
        for (var run = 0; run < Runs; run++)
        {
            var (design, counts) = Simulate(400, 0.5, 100 + run);
            var fit = new CountRegression().Fit(design, counts, new());
            slopes.Add(fit.Coefficients[1]);
            alphas.Add(fit.Alpha);
            stated += fit.StandardErrors[1] / Runs;
            statedAlpha += fit.AlphaStandardError / Runs;
        }
        Assert.InRange(Spread(slopes) / stated, 0.85, 1.15);
        Assert.InRange(Spread(alphas) / statedAlpha, 0.8, 1.2);

        static double Spread(List<double> values)
        {
            var mean = values.Average();
            return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
        }
    }

    [Fact]
    public void Two_groups_have_the_closed_form_solution()
    {
        // Poisson: ln of the group means; the error of the difference is √(1/total₀ + 1/total₁).
        int[] counts = [3, 5, 1, 7, 12, 9, 15];
        double[] design = [1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1];
        var fit = new CountRegression().Fit(design, counts, new() { Family = CountFamily.Poisson });

        Assert.Equal(Math.Log(4), fit.Coefficients[0], 9);
        Assert.Equal(Math.Log(12.0 / 4), fit.Coefficients[1], 9);
        Assert.Equal(Math.Sqrt(1 / 16.0), fit.StandardErrors[0], 8);
        Assert.Equal(Math.Sqrt(1 / 16.0 + 1 / 36.0), fit.StandardErrors[1], 8);
        Assert.Equal(counts.Select((y, i) => new PoissonCount(i < 4 ? 4 : 12).LogPmf(y)).Sum(), fit.LogLikelihood, 8);
    }

    [Fact]
    public void Negative_binomial_of_underdispersed_counts_is_the_Poisson_fit()
    {
        int[] counts = [4, 5, 4, 5, 4, 5, 5, 4, 5, 4];
        double[] design = [.. Enumerable.Repeat(1.0, counts.Length)];
        var poisson = new CountRegression().Fit(design, counts, new() { Family = CountFamily.Poisson });
        var negative = new CountRegression().Fit(design, counts, new());

        Assert.Equal(0, negative.Alpha);
        Assert.True(double.IsNaN(negative.AlphaStandardError));
        Assert.Equal(poisson.Coefficients[0], negative.Coefficients[0], 9);
        Assert.Equal(poisson.LogLikelihood, negative.LogLikelihood, 9);
    }

    [Fact]
    public void Fit_is_a_maximum_of_the_likelihood_in_every_direction()
    {
        var (design, counts) = Simulate(600, 0.6, 9);
        var fit = new CountRegression().Fit(design, counts, new());

        for (var j = 0; j < Beta.Length; j++)
            foreach (var step in (double[])[-1e-3, 1e-3])
            {
                double[] moved = [.. fit.Coefficients];
                moved[j] += step;
                Assert.True(LogLikelihood(moved, fit.Alpha) < fit.LogLikelihood);
            }
        Assert.True(LogLikelihood(fit.Coefficients, fit.Alpha * 1.01) < fit.LogLikelihood);
        Assert.True(LogLikelihood(fit.Coefficients, fit.Alpha * 0.99) < fit.LogLikelihood);
        Assert.Equal(LogLikelihood(fit.Coefficients, fit.Alpha), fit.LogLikelihood, 6);

        double LogLikelihood(double[] beta, double alpha) => Enumerable.Range(0, counts.Length).Sum(i =>
            new NegativeBinomialCount(Math.Exp(Enumerable.Range(0, 3).Sum(j => beta[j] * design[3 * i + j])), alpha).LogPmf(counts[i]));
    }

    [Fact]
    public void Weight_of_two_equals_the_row_twice_and_offsets_add_to_the_logarithm()
    {
        var (design, counts) = Simulate(200, 0.5, 4);
        var weighted = new CountRegression().Fit(design, counts, new()
        {
            Weights = [.. Enumerable.Range(0, 200).Select(i => i < 50 ? 2.0 : 1.0)],
            Offsets = [.. Enumerable.Repeat(0.3, 200)],
        });
        var twice = new CountRegression().Fit([.. design, .. design[..150]], [.. counts, .. counts[..50]], new());

        Assert.Equal(twice.Coefficients[0] - 0.3, weighted.Coefficients[0], 6);
        Assert.Equal(twice.Coefficients[2], weighted.Coefficients[2], 6);
        Assert.Equal(twice.Alpha, weighted.Alpha, 6);
        Assert.Equal(twice.LogLikelihood, weighted.LogLikelihood, 5);
    }

    [Fact]
    public void Penalty_draws_to_the_prior()
    {
        var (design, counts) = Simulate(100, 0.5, 6);
        var free = new CountRegression().Fit(design, counts, new());
        var tied = new CountRegression().Fit(design, counts, new() { Penalty = [0, 1e9, 0], Prior = [0, 2, 0] });
        var loose = new CountRegression().Fit(design, counts, new() { Penalty = [0, 20, 0], Prior = [0, 2, 0] });

        Assert.Equal(2, tied.Coefficients[1], 5);
        Assert.InRange(loose.Coefficients[1], free.Coefficients[1] + 1e-3, 2 - 1e-3);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        var regression = new CountRegression();
        Assert.Throws<ArgumentException>(() => regression.Fit([1, 1, 1], [1, 2], new()));
        Assert.Throws<ArgumentException>(() => regression.Fit([1, 2], [1], new()));
        Assert.Throws<ArgumentException>(() => regression.Fit([1, 1], [1, 2], new() { Weights = [1] }));
        Assert.Throws<ArgumentException>(() => regression.Fit([], [], new()));
    }

    static (double[] Design, int[] Counts) Simulate(int n, double alpha, int seed)
    {
        var random = new Random(seed);
        var (design, counts) = (new double[3 * n], new int[n]);
        for (var i = 0; i < n; i++)
        {
            (design[3 * i], design[3 * i + 1], design[3 * i + 2]) = (1, 2 * random.NextDouble() - 1, i % 3 == 0 ? 1 : 0);
            var mean = Math.Exp(Beta[0] + Beta[1] * design[3 * i + 1] + Beta[2] * design[3 * i + 2]);
            counts[i] = new NegativeBinomialCount(mean, alpha).Sample(random);
        }
        return (design, counts);
    }
}
