using Bellwether.Analytics.Counts.Hawkes;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class HawkesTests
{
    const long Start = 1_700_006_400;

    static readonly HawkesParameters Truth = new([.. Enumerable.Range(0, 24).Select(h => 0.9 + 0.6 * Math.Sin(2 * Math.PI * h / 24))], 1.2, 2.0);

    [Fact]
    public void Likelihood_equals_the_definition_over_all_pairs()
    {
        var (simulated, scales) = Simulate(Truth, 24 * 20, 1, gap: (100, 130));
        // One that was seen during the outage, which is not to count.
        double[] events = [.. simulated.Append(Start + 115 * 3600.0).Order()];
        var data = new HawkesData(events, Start, scales);

        Assert.Equal(Direct(Truth, events, scales), new HawkesLikelihood(data).Evaluate(Truth), 6);
        Assert.Equal(simulated.Length, data.Count);
    }

    [Fact]
    public void Derivatives_equal_differences_of_the_likelihood()
    {
        var (events, scales) = Simulate(Truth, 24 * 10, 2, gap: (50, 53));
        var likelihood = new HawkesLikelihood(new(events, Start, scales));
        double[] at = [.. Truth.Baseline, Truth.Alpha, Truth.Beta];
        likelihood.Evaluate(Truth);
        var (gradient, hessian) = (likelihood.Gradient.ToArray(), likelihood.Hessian.ToArray());

        foreach (var i in (int[])[3, 17, 24, 25])
        {
            const double Step = 1e-5;
            var (up, slopesUp) = Moved(i, Step);
            var (down, slopesDown) = Moved(i, -Step);
            Assert.Equal((up - down) / (2 * Step), gradient[i], 3);
            for (var j = 0; j <= i; j++)
                Assert.Equal((slopesUp[j] - slopesDown[j]) / (2 * Step), hessian[i * 26 + j], 2);
        }

        (double Value, double[] Gradient) Moved(int i, double step)
        {
            double[] moved = [.. at];
            moved[i] += step;
            var value = likelihood.Evaluate(new(moved[..24], moved[24], moved[25]));
            return (value, likelihood.Gradient.ToArray());
        }
    }

    [Fact]
    public void Parameters_are_recovered_within_three_standard_errors()
    {
        var (events, scales) = Simulate(Truth, 24 * 300, 3, gap: (1000, 1100));
        var fit = HawkesFit.Fit(new(events, Start, scales), out var summary);

        Assert.True(summary.Converged);
        Within("alpha", Truth.Alpha);
        Within("beta", Truth.Beta);
        Within("branching", Truth.Branching);
        // 24 at once: the largest of so many is a little further out.
        var misses = Enumerable.Range(0, 24).Select(h => summary[$"baseline_{h:00}"])
            .Select((p, h) => Math.Abs(p.Estimate - Truth.Baseline[h]) / p.StandardError).ToArray();
        Assert.True(misses.Max() < 4 && misses.Count(m => m > 3) <= 1, string.Join(' ', misses));
        Assert.True(fit.Branching < 1);

        void Within(string name, double value) => Assert.InRange((summary[name].Estimate - value) / summary[name].StandardError, -3, 3);
    }

    [Fact]
    public void Fit_beats_the_truth_and_its_neighbours_in_likelihood()
    {
        var (events, scales) = Simulate(Truth, 24 * 40, 4);
        var data = new HawkesData(events, Start, scales);
        var fit = HawkesFit.Fit(data, out var summary);
        var likelihood = new HawkesLikelihood(data);

        Assert.Equal(summary.LogLikelihood, likelihood.Evaluate(fit), 6);
        Assert.True(summary.LogLikelihood > likelihood.Evaluate(Truth));
        foreach (var factor in (double[])[0.98, 1.02])
        {
            Assert.True(likelihood.Evaluate(fit with { Alpha = fit.Alpha * factor }) < summary.LogLikelihood);
            Assert.True(likelihood.Evaluate(fit with { Beta = fit.Beta * factor }) < summary.LogLikelihood);
        }
    }

    [Fact]
    public void Compensator_increments_of_simulated_events_are_exponential()
    {
        var (events, scales) = Simulate(Truth, 24 * 120, 5, gap: (700, 720));
        var data = new HawkesData(events, Start, scales);
        var right = HawkesResiduals.Of(Truth, data);
        var wrong = HawkesResiduals.Of(Truth with { Alpha = 0.2 }, data);

        Assert.Equal(data.Count, right.Increments.Length);
        Assert.InRange(right.Increments.Average(), 0.95, 1.05);
        Assert.InRange(right.Increments.Average(x => x * x), 1.85, 2.15);
        Assert.True(right.PValue > 0.01, $"{right.Statistic} {right.PValue}");
        Assert.True(wrong.PValue < 1e-6);
    }

    [Fact]
    public void Kolmogorov_has_the_tabled_values()
    {
        // Limiting law: 1.3581 at 5 %, 1.6276 at 1 %.
        Assert.Equal(0.05, HawkesResiduals.Kolmogorov(1.3581 / 1000, 1_000_000), 3);
        Assert.Equal(0.01, HawkesResiduals.Kolmogorov(1.6276 / 1000, 1_000_000), 3);
        Assert.Equal(1, HawkesResiduals.Kolmogorov(1e-5, 100));
    }

    [Fact]
    public void Simulated_rate_is_the_baseline_over_one_minus_branching()
    {
        var parameters = new HawkesParameters([.. Enumerable.Repeat(1.5, 24)], 0.8, 2.0);
        var counts = new int[50_000];
        HawkesSimulation.Simulate(new Random(9), parameters, 0, [.. Enumerable.Repeat(1.5, counts.Length)], counts);

        Assert.InRange(counts.Average(), 2.43, 2.57);
        // A cluster process is more dispersed than Poisson, over long spans by (1 − n)^−2.
        var days = counts.Chunk(500).Select(c => (double)c.Sum()).ToArray();
        Assert.InRange(days.Average(d => Math.Pow(d - days.Average(), 2)) / days.Average(), 1.8, 4);
    }

    [Fact]
    public void Excitation_sums_over_the_events_before_a_moment()
    {
        double[] events = [0, 1800, 3600, 9000];

        Assert.Equal(Math.Exp(-4) + Math.Exp(-3) + Math.Exp(-2), HawkesSimulation.Excitation(Truth, events, 7200), 12);
    }

    [Fact]
    public void Ties_in_whole_seconds_and_hours_without_events_are_no_trouble()
    {
        var random = new Random(6);
        double[] events = [.. Enumerable.Range(0, 60).SelectMany(day => Enumerable.Range(0, 8)
            .Select(_ => Start + day * 86400.0 + 3600 * 9 + Math.Floor(random.NextDouble() * 7200)).Order().SelectMany(t => (double[])[t, t]))];
        var fit = HawkesFit.Fit(new(events, Start, [.. Enumerable.Repeat(1.0, 24 * 60)]), out var summary);

        Assert.True(fit.Branching is > 0 and < 1);
        Assert.True(double.IsFinite(summary.LogLikelihood));
        Assert.True(fit.Baseline[(int)(Start / 3600 + 3) % 24] < 1e-4);
    }

    [Fact]
    public void Events_and_parameters_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new HawkesParameters(Truth.Baseline, 2, 2).Require());
        Assert.Throws<ArgumentException>(() => new HawkesParameters([1, 2], 1, 2).Require());
        Assert.Throws<ArgumentException>(() => new HawkesData([Start + 10.0, Start + 5], Start, [1.0]));
        Assert.Throws<ArgumentException>(() => new HawkesData([], Start, [-1.0]));
        Assert.Throws<ArgumentException>(() => new HawkesData([], Start + 1, [1.0]));
        Assert.Throws<ArgumentException>(() => HawkesFit.Fit(new([Start + 10.0], Start, [1.0]), out _));
    }

    static (double[] Events, double[] Scales) Simulate(HawkesParameters parameters, int hours, int seed, (int From, int To) gap = default)
    {
        var phase = (int)(Start / 3600 % 24);
        double[] scales = [.. Enumerable.Range(0, hours).Select(h => h >= gap.From && h < gap.To ? 0.0 : 1 + 0.5 * (h / 24 % 2))];
        double[] rates = [.. scales.Select((s, h) => parameters.Baseline[(phase + h) % 24] * s)];
        List<double> times = [];
        // The gap has no events of its own, and is long enough, or the test exact enough, for what reaches across it not to matter.
        HawkesSimulation.Simulate(new Random(seed), parameters, 0, rates, new int[hours], times);
        return ([.. times.Select(t => Start + t * 3600)], scales);
    }

    // The definition, every pair of events, stretch by stretch.
    static double Direct(HawkesParameters p, double[] events, double[] scales)
    {
        double[] times = [.. events.Select(e => (e - Start) / 3600).Where(t => scales[(int)t] > 0)];
        int StretchOf(double t) => Enumerable.Range(0, (int)t + 1).Count(h => scales[h] == 0);
        var value = 0.0;
        foreach (var t in times)
        {
            var intensity = p.Baseline[(int)((Start / 3600 + (int)t) % 24)] * scales[(int)t];
            foreach (var s in times.Where(s => s < t && StretchOf(s) == StretchOf(t)))
                intensity += p.Alpha * Math.Exp(-p.Beta * (t - s));
            var end = (int)t;
            while (end < scales.Length && scales[end] > 0)
                end++;
            value += Math.Log(intensity) - p.Branching * (1 - Math.Exp(-p.Beta * (end - t)));
        }
        return value - scales.Select((s, h) => s * p.Baseline[(int)((Start / 3600 + h) % 24)]).Sum();
    }
}
