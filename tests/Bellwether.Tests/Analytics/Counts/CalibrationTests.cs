using Bellwether.Analytics.Counts.Calibration;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Scoring;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CalibrationTests
{
    [Fact]
    public void Pit_map_makes_forecasts_that_are_too_narrow_and_biased_right()
    {
        var (random, map, before, after) = (new Random(1), new PitMap(60), 0.0, 0.0);
        var histogram = new PitHistogram();
        for (var i = 0; i < 6000; i++)
        {
            var truth = new NegativeBinomialCount(20 + i % 40, 0.4);
            var forecast = new NegativeBinomialCount(truth.Mean * 1.15, 0.15);
            var y = truth.Sample(random);
            var mapped = map.Apply(forecast);
            if (i >= 3000)
            {
                (before, after) = (before + CountScores.Crps(forecast, y), after + CountScores.Crps(mapped, y));
                histogram.Add(PitStep.Of(mapped, y));
            }
            map.Add(PitStep.Of(forecast, y));
        }
        Assert.All(histogram.Heights(), height => Assert.InRange(height, 0.8, 1.2));
        Assert.True(after < 0.985 * before);
    }

    [Fact]
    public void Pit_map_follows_a_change_as_it_forgets()
    {
        var (random, map) = (new Random(2), new PitMap(30));
        var late = new PitHistogram();
        for (var i = 0; i < 4000; i++)
        {
            var truth = new NegativeBinomialCount(50, i < 2000 ? 0.02 : 0.5);
            var forecast = new NegativeBinomialCount(50, 0.15);
            var y = truth.Sample(random);
            if (i >= 3000)
                late.Add(PitStep.Of(map.Apply(forecast), y));
            map.Forget(0.995);
            map.Add(PitStep.Of(forecast, y));
        }
        Assert.InRange(map.Weight, 190, 210);
        Assert.All(late.Heights(), height => Assert.InRange(height, 0.7, 1.3));
    }

    [Fact]
    public void Pit_map_without_evidence_changes_nothing_and_is_always_a_distribution()
    {
        var forecast = new NegativeBinomialCount(8, 0.5);
        var map = new PitMap(10);
        Assert.Same(forecast, map.Apply(forecast));
        foreach (var u in (double[])[0, 0.001, 0.3, 0.7777, 0.999, 1])
            Assert.Equal(u, map.Apply(u), 12);
        for (var i = 0; i < 50; i++)
            map.Add(new(0.8, 0.95));
        var mapped = map.Apply(forecast);

        Assert.Equal(1, mapped.Table.Probabilities.ToArray().Sum(), 10);
        Assert.True(mapped.Mean > forecast.Mean);
        Assert.True(double.IsFinite(mapped.LogPmf(400)));
        Assert.True(Enumerable.Range(1, 999).All(i => map.Apply(i / 1000.0) >= map.Apply((i - 1) / 1000.0)));
    }

    [Fact]
    public void Conformal_intervals_keep_their_coverage_while_forecasts_go_wrong()
    {
        var (random, level, covered, plain) = (new Random(3), new ConformalLevel(0.95, 0.02), 0, 0);
        const int Count = 2000;
        for (var i = 0; i < Count; i++)
        {
            // Right at first, then too sure.
            var truth = new NegativeBinomialCount(30, i < 700 ? 0.2 : 0.4);
            var forecast = new NegativeBinomialCount(30, 0.2);
            var y = truth.Sample(random);
            var inside = level.Interval(forecast).Contains(y);
            covered += inside ? 1 : 0;
            plain += forecast.EqualTailed(0.95).Contains(y) ? 1 : 0;
            level.Add(inside);
        }
        // Gibbs and Candès, proposition 1: off by (1 + γ)/(γT) at most.
        const double Bound = 1.02 / (0.02 * Count);
        Assert.InRange((double)covered / Count, 0.95 - Bound, 0.95 + Bound);
        Assert.True((double)plain / Count < 0.95 - Bound);
    }

    [Fact]
    public void Conformal_intervals_of_mostly_empty_hours_hold_what_they_promise()
    {
        var (random, level, covered, plain) = (new Random(4), new ConformalLevel(0.95, 0.002), 0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var truth = new NegativeBinomialCount(0.3 + i % 24 * 0.25, 1);
            var y = truth.Sample(random);
            var inside = level.Interval(truth).Contains(y);
            covered += inside ? 1 : 0;
            plain += truth.EqualTailed(0.95).Contains(y) ? 1 : 0;
            level.Add(inside);
        }
        Assert.InRange(covered / 20_000.0, 0.945, 0.955);
        Assert.True(plain / 20_000.0 > 0.97);
    }

    [Fact]
    public void Coverage_alarm_is_rarely_false_and_soon_true()
    {
        const int Runs = 400;
        var (random, falseAlarms, found) = (new Random(5), 0, 0);
        for (var run = 0; run < Runs; run++)
        {
            var (right, narrow, wide) = (new CoverageAlarm(), new CoverageAlarm(), new CoverageAlarm());
            var raised = false;
            for (var i = 0; i < 400; i++)
            {
                right.Add(random.NextDouble() < 0.95);
                narrow.Add(random.NextDouble() < 0.85);
                raised |= right.IsRaised();
            }
            for (var i = 0; i < 1500; i++)
                wide.Add(random.NextDouble() < 0.999);
            falseAlarms += raised ? 1 : 0;
            found += narrow.IsRaised() && wide.IsRaised() ? 1 : 0;
        }
        // Looked at after each of 400 outcomes, and still no more than 5 % and what chance adds to it.
        Assert.InRange(falseAlarms / (double)Runs, 0, 0.08);
        Assert.True(found > 0.95 * Runs);
    }

    [Fact]
    public void Stack_weights_have_the_least_crps_of_all_weights()
    {
        var (random, stack) = (new Random(6), new CrpsStack(3, 0));
        List<(CountDistribution[] Forecasts, int Actual)> past = [];
        for (var i = 0; i < 300; i++)
        {
            var mean = 5 + 30 * random.NextDouble();
            CountDistribution[] forecasts = [new NegativeBinomialCount(mean * 0.8, 0.2), new NegativeBinomialCount(mean * 1.3, 0.2), new PoissonCount(mean * 3)];
            past.Add((forecasts, new NegativeBinomialCount(mean, 0.3).Sample(random)));
            stack.Add(forecasts, past[^1].Actual);
        }
        var weights = stack.Weights();
        var best = Mean(weights);

        Assert.Equal(1, weights.Sum(), 10);
        for (var a = 0.0; a <= 1; a += 0.05)
            for (var b = 0.0; a + b <= 1; b += 0.05)
                Assert.True(Mean([a, b, 1 - a - b]) >= best - 1e-9);
        Assert.Equal(past.Average(p => CountScores.Crps(p.Forecasts[0], p.Actual)), stack.MeanCrps(0), 8);

        double Mean(double[] w) => past.Average(p => CountScores.Crps(MixtureCount.Pool(p.Forecasts, [.. w.Select(x => Math.Max(0, x))]), p.Actual));
    }

    [Fact]
    public void Weights_go_to_the_right_model_and_turn_when_the_world_does()
    {
        var (random, stack, pool) = (new Random(7), new CrpsStack(2, 0.02), new LogScorePool(2));
        CountDistribution[] forecasts = [new NegativeBinomialCount(10, 0.2), new NegativeBinomialCount(30, 0.2)];
        Assert.Equal([0.5, 0.5], stack.Weights());
        Assert.Equal([0.5, 0.5], pool.Weights());
        for (var i = 0; i < 400; i++)
        {
            if (i == 200)
                Assert.True(stack.Weights()[0] > 0.85 && pool.Weights()[0] > 0.9, string.Join(' ', stack.Weights()));
            stack.Forget(0.97);
            pool.Forget(0.97);
            var y = forecasts[i < 200 ? 0 : 1].Sample(random);
            stack.Add(forecasts, y);
            pool.Add(forecasts, y);
        }
        Assert.True(stack.Weights()[1] > 0.8 && pool.Weights()[1] > 0.9, string.Join(' ', stack.Weights()));
    }
}
