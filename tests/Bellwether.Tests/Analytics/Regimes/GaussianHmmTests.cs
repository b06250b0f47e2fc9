using Bellwether.Analytics.Regimes;

namespace Bellwether.Tests.Analytics.Regimes;

public sealed class GaussianHmmTests
{
    static readonly GaussianHmm Truth = new([0.5, 0.3, 0.2], [0.95, 0.03, 0.02, 0.05, 0.9, 0.05, 0.02, 0.08, 0.9], [0, 0, 2, -1, -1, 3], [0.25, 1, 1, 0.5, 0.5, 2]);
    static readonly GaussianHmm Start = new([1 / 3.0, 1 / 3.0, 1 / 3.0], [0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.8], [0.3, 0.3, 1, -0.5, -0.5, 2], [1, 1, 1, 1, 1, 1]);

    [Fact]
    public void Parameters_come_back_from_what_they_made()
    {
        var (_, observations) = Truth.Simulate(40_000, new(1));
        var fit = Start.Fit(observations, new(MaxIterations: 300, Tolerance: 1e-9, Persistence: 0));
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(Truth.Means[i], fit.Model.Means[i], 0.04);
            Assert.Equal(1, fit.Model.Variances[i] / Truth.Variances[i], 0.05);
        }
        for (var i = 0; i < 9; i++) Assert.Equal(Truth.Transition[i], fit.Model.Transition[i], 0.01);
        Assert.True(fit.Converged);
    }

    [Fact]
    public void No_iteration_makes_the_data_less_likely()
    {
        var (_, observations) = Truth.Simulate(3_000, new(2));
        var logs = Start.Fit(observations, new(MaxIterations: 100, Tolerance: 0, Persistence: 0, VarianceFloor: 0)).LogLikelihoods;
        Assert.Equal(100, logs.Count);
        for (var i = 1; i < logs.Count; i++) Assert.True(logs[i] >= logs[i - 1] - 1e-10, $"iteration {i}: {logs[i - 1]} to {logs[i]}");
    }

    [Fact]
    public void The_filter_is_the_sum_over_all_paths()
    {
        var (_, observations) = Truth.Simulate(7, new(3));
        Span<double> probabilities = stackalloc double[3];
        var total = 0.0;
        for (var t = 0; t < 7; t++)
        {
            total += Truth.Filter(t == 0, observations.AsSpan(2 * t, 2), probabilities);
            var (sums, all) = (new double[3], 0.0);
            for (var path = 0; path < Math.Pow(3, t + 1); path++)
            {
                var (log, state, rest) = (0.0, 0, path);
                for (var s = 0; s <= t; s++, rest /= 3)
                {
                    log += Math.Log(s == 0 ? Truth.Initial[rest % 3] : Truth.Transition[3 * state + rest % 3]) + Truth.LogDensity(rest % 3, observations.AsSpan(2 * s, 2));
                    state = rest % 3;
                }
                sums[state] += Math.Exp(log);
                all += Math.Exp(log);
            }
            for (var i = 0; i < 3; i++) Assert.Equal(sums[i] / all, probabilities[i], 1e-12);
            Assert.Equal(Math.Log(all), total, 1e-10);
        }
    }

    [Fact]
    public void The_filter_finds_most_of_the_hidden_states()
    {
        var (states, observations) = Truth.Simulate(20_000, new(4));
        var (right, probabilities) = (0, new double[3]);
        for (var t = 0; t < states.Length; t++)
        {
            Truth.Filter(t == 0, observations.AsSpan(2 * t, 2), probabilities);
            if (Array.IndexOf(probabilities, probabilities.Max()) == states[t]) right++;
        }
        Assert.InRange(right / (double)states.Length, 0.9, 1);
    }

    [Fact]
    public void One_state_is_mean_and_variance()
    {
        double[] numbers = [1, 2, 4, 8];
        var fit = new GaussianHmm([1], [1], [0], [1]).Fit(numbers, new(Persistence: 0));
        Assert.Equal((3.75, 7.1875), (fit.Model.Means[0], Math.Round(fit.Model.Variances[0], 12)));
    }

    [Fact]
    public void An_observation_beyond_all_densities_goes_to_the_nearest_state()
    {
        Span<double> probabilities = stackalloc double[3];
        Truth.Filter(true, [1e8, -1e8], probabilities);
        Assert.Equal(1, probabilities[0] + probabilities[1] + probabilities[2], 12);
        Assert.False(double.IsNaN(probabilities[0]));
    }

    [Fact]
    public void What_is_no_model_or_no_data_is_refused()
    {
        Assert.Contains("sum to", Assert.Throws<ArgumentException>(() => new GaussianHmm([0.5, 0.4], [1, 0, 0, 1], [0, 0], [1, 1])).Message);
        Assert.Contains("variances above 0", Assert.Throws<ArgumentException>(() => new GaussianHmm([1], [1], [0], [0])).Message);
        Assert.Contains("expected n", Assert.Throws<ArgumentException>(() => new GaussianHmm([1], [1, 0], [0], [1])).Message);
        Assert.Contains("Row 1", Assert.Throws<ArgumentException>(() => new GaussianHmm([1], [1], [0], [1]).Fit([1, double.NaN])).Message);
    }
}
