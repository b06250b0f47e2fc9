using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Scoring;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CountScoreTests
{
    static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(200);

    static readonly Arbitrary<(CountDistribution Forecast, int Actual)> Cases = Arb.From(
        from mean in Gen.Elements(0.05, 1, 7.5, 60, 300)
        from alpha in Gen.Elements(0, 0.05, 0.7, 3)
        from shift in Gen.Elements(0, 0, 25)
        from actual in Gen.OneOf(Gen.Choose(0, 10), Gen.Choose(0, 900))
        select (new NegativeBinomialCount(mean, alpha).Shift(shift), actual));

    [Fact]
    public void Crps_equals_the_sum_over_all_counts() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var brute = 0.0;
        for (var k = 0; k < 40_000; k++)
            brute += Math.Pow(c.Forecast.Cdf(k) - (k >= c.Actual ? 1 : 0), 2);
        return Math.Abs(CountScores.Crps(c.Forecast, c.Actual) - brute) < 1e-8 * (1 + brute);
    }));

    [Fact]
    public void Crps_is_the_expected_distance_less_half_the_spread()
    {
        // E|X − y| − E|X − X'|/2, Gneiting and Raftery (2007), eq. 21.
        var forecast = new NegativeBinomialCount(6, 0.5).Table;
        double distance = 0, spread = 0;
        for (var i = 0; i <= forecast.Last; i++)
        {
            distance += forecast.Pmf(i) * Math.Abs(i - 9);
            for (var j = 0; j <= forecast.Last; j++)
                spread += forecast.Pmf(i) * forecast.Pmf(j) * Math.Abs(i - j);
        }
        Assert.Equal(distance - spread / 2, CountScores.Crps(forecast, 9), 8);
    }

    [Fact]
    public void Crps_is_twice_the_mean_pinball_loss()
    {
        var forecast = new PoissonCount(8);
        const int Steps = 20_000;
        var mean = Enumerable.Range(0, Steps).Average(i => CountScores.Pinball(forecast, 11, (i + 0.5) / Steps));

        Assert.Equal(CountScores.Crps(forecast, 11), 2 * mean, 3);
    }

    [Fact]
    public void Scores_of_a_certain_forecast_are_distances()
    {
        var certain = new CountPmf(10, [1.0]);

        Assert.Equal(0, CountScores.Crps(certain, 10));
        Assert.Equal(4, CountScores.Crps(certain, 14));
        Assert.Equal(10, CountScores.Crps(certain, 0));
        Assert.Equal(3, CountScores.AbsoluteError(certain, 7));
        Assert.Equal(0, CountScores.Log(certain, 10));
        Assert.Equal(double.PositiveInfinity, CountScores.Log(certain, 9));
        Assert.Equal(0.3 * 4, CountScores.Pinball(10.0, 14, 0.3), 12);
        Assert.Equal(0.7 * 4, CountScores.Pinball(10.0, 6, 0.3), 12);
        Assert.Equal(5 + 40 * 2, CountScores.Interval(new(3, 8), 10, 0.95), 9);
    }

    [Fact]
    public void True_distribution_has_the_best_expected_scores()
    {
        var truth = new NegativeBinomialCount(12, 0.3);
        CountDistribution[] others = [new PoissonCount(12), new NegativeBinomialCount(14, 0.3), new NegativeBinomialCount(12, 0.6)];

        foreach (var other in others)
        {
            Assert.True(Expected(CountScores.Crps, truth) < Expected(CountScores.Crps, other));
            Assert.True(Expected(CountScores.Log, truth) < Expected(CountScores.Log, other));
        }

        double Expected(Func<CountDistribution, int, double> score, CountDistribution forecast) =>
            Enumerable.Range(0, 150).Sum(y => truth.Pmf(y) * score(forecast, y));
    }

    [Fact]
    public void Pit_is_even_for_right_forecasts_and_u_shaped_for_narrow_ones()
    {
        var (random, right, narrow, randomised) = (new Random(5), new PitHistogram(), new PitHistogram(), 0.0);
        for (var i = 0; i < 20_000; i++)
        {
            var truth = new NegativeBinomialCount(1 + i % 30, 0.4);
            var y = truth.Sample(random);
            right.Add(PitStep.Of(truth, y));
            narrow.Add(PitStep.Of(new PoissonCount(truth.Mean), y));
            randomised += PitStep.Of(truth, y).Randomised(random) / 20_000;
        }
        Assert.All(right.Heights(), height => Assert.InRange(height, 0.93, 1.07));
        Assert.InRange(randomised, 0.49, 0.51);
        Assert.True(narrow.Heights()[0] > 1.4 && narrow.Heights()[^1] > 1.4 && narrow.Heights()[5] < 0.9);
        Assert.True(right.Deviation() < 0.05 && narrow.Deviation() > 0.2);
    }

    [Fact]
    public void Categories_split_the_forecast_and_are_scored()
    {
        var forecast = new PoissonCount(10);
        var probabilities = CategoryScores.Probabilities(forecast, [5, 10, 15]);

        Assert.Equal(1, probabilities.Sum(), 12);
        Assert.Equal(forecast.Cdf(4), probabilities[0], 12);
        Assert.Equal(1 - forecast.Cdf(14), probabilities[3], 12);
        Assert.Equal([0, 1, 1, 3], ((int[])[4, 5, 9, 15]).Select(y => CategoryScores.CategoryOf(y, [5, 10, 15])));
        Assert.Equal(0.49 + 0.04 + 0.25, CategoryScores.Brier([0.2, 0.3, 0.5], 1), 12);
        Assert.Equal(0, CategoryScores.Brier([0, 1, 0], 1));
        Assert.Equal(2, CategoryScores.Brier([1, 0, 0], 1));
        Assert.Equal(-Math.Log(0.3), CategoryScores.Log([0.2, 0.3, 0.5], 1), 12);
        Assert.Equal([0.25, 0.75], CategoryScores.FromPrices([0.26, 0.78]).Select(p => Math.Round(p, 12)));
        Assert.Throws<ArgumentException>(() => CategoryScores.Probabilities(forecast, [5, 5]));
        Assert.Throws<ArgumentException>(() => CategoryScores.FromPrices([0, 0]));
    }

    [Fact]
    public void Diebold_Mariano_agrees_with_the_hand_calculation()
    {
        // d = 1, 3, 2, 2: mean 2, γ₀ = 0.5, 2/√(0.5/4) = 5.6569, times √(3/4); two-sided p of t with 3 degrees of freedom in closed form.
        var test = DieboldMariano.Test([2, 5, 3, 4], [1, 2, 1, 2], lags: 0);
        var t = 4.898979486;
        var p = 1 - 2 / Math.PI * (t / Math.Sqrt(3) / (1 + t * t / 3) + Math.Atan(t / Math.Sqrt(3)));

        Assert.Equal(2, test.MeanDifference);
        Assert.Equal(t, test.Statistic, 8);
        Assert.Equal(p, test.PValue, 8);
        // One lag more: γ₁ = (−1·1 + 1·0 + 0·0)/4 = −0.25, weight ½: 0.5 − 0.25 = 0.25.
        Assert.Equal(Math.Sqrt(0.25 / 4), DieboldMariano.Test([2, 5, 3, 4], [1, 2, 1, 2], lags: 1).StandardError, 12);
        // Uniform weights give 0 variance there, and no statistic.
        Assert.True(double.IsNaN(DieboldMariano.Test([2, 5, 3, 4], [1, 2, 1, 2], lags: 1, kernel: HacKernel.Uniform).PValue));
    }

    [Fact]
    public void Diebold_Mariano_rejects_about_as_often_as_it_says_with_overlapping_targets()
    {
        var (random, rejected) = (new Random(11), 0);
        const int Runs = 600;
        for (var run = 0; run < Runs; run++)
        {
            var noise = Enumerable.Range(0, 366).Select(_ => random.NextDouble() - random.NextDouble()).ToArray();
            // Seven-day sums: neighbours share six days.
            double[] losses = [.. Enumerable.Range(0, 360).Select(i => noise[i..(i + 7)].Sum())];
            if (DieboldMariano.Test(losses, new double[360], horizon: 7, lags: 14).PValue < 0.05)
                rejected++;
        }
        Assert.InRange((double)rejected / Runs, 0.02, 0.13);
    }
}
