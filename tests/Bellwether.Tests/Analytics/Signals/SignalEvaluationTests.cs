using Bellwether.Analytics.Signals;
using Bellwether.Tests.Analytics.Aggregation;

namespace Bellwether.Tests.Analytics.Signals;

public sealed class SignalEvaluationTests
{
    /// <summary>A signal whose correlation with the next one-date return is known; persistent by its own autocorrelation.</summary>
    static SignalPanel Simulate(int seed, int dates, int names, double correlation, double persistence)
    {
        var random = new Random(seed);
        var panel = new SignalPanel([.. Enumerable.Range(0, dates).Select(d => new DateOnly(2015, 1, 1).AddDays(d))], [.. Enumerable.Range(0, names).Select(n => $"N{n}")]);
        var (prices, signals) = (Enumerable.Repeat(100.0, names).ToArray(), Enumerable.Range(0, names).Select(_ => SentimentPoolTests.Normal(random)).ToArray());
        for (var date = 0; date < dates; date++)
            for (var name = 0; name < names; name++)
            {
                signals[name] = persistence * signals[name] + Math.Sqrt(1 - persistence * persistence) * SentimentPoolTests.Normal(random);
                panel.Set(date, name, signals[name], prices[name]);
                prices[name] *= Math.Exp(0.01 * (correlation * signals[name] + Math.Sqrt(1 - correlation * correlation) * SentimentPoolTests.Normal(random)));
            }
        return panel;
    }

    // Spearman's of a normal pair with Pearson's r: 6/π·asin(r/2).
    static double Expected(double correlation) => 6 / Math.PI * Math.Asin(correlation / 2);

    [Theory]
    [InlineData(40, SignalMode.CrossSection)]
    [InlineData(3, SignalMode.TimeSeries)]
    public void Known_correlation_is_found_within_its_interval(int names, SignalMode mode)
    {
        var result = SignalEvaluation.Run(Simulate(1, 800, names, 0.1, 0), new());
        Assert.Equal(mode, result.Mode);
        var first = result.Horizons[0];
        Assert.Equal(1, first.Horizon);
        Assert.InRange(Expected(0.1), first.InformationCoefficient.Low, first.InformationCoefficient.High);
        Assert.Equal(SignalVerdict.Predicts, result.Verdict);
        Assert.True(first.Spread.Low > 0);
        Assert.True(first.QuantileReturns[^1] > first.QuantileReturns[0]);
        Assert.Equal(result.Delays[0].InformationCoefficient.Value, first.InformationCoefficient.Value, 1e-12);
        // A signal without memory predicts one date only.
        Assert.All(result.Delays.Skip(1), d => Assert.InRange(d.InformationCoefficient.Value, -0.06, 0.06));
        Assert.InRange(result.Autocorrelation[0], -0.1, 0.1);
        Assert.InRange(result.Turnover, 0.7, 0.9);
    }

    [Theory]
    [InlineData(20, 0.0, 1)]
    [InlineData(20, 0.05, 1)]
    [InlineData(2, 0.1, 1)]
    [InlineData(20, 0.0, 5)]
    [InlineData(2, 0.0, 5)]
    public void Intervals_hold_the_truth_about_as_often_as_they_say(int names, double correlation, int horizon)
    {
        var truth = horizon == 1 ? Expected(correlation) : 0;
        var held = Enumerable.Range(1, 120).Count(seed =>
        {
            var ic = SignalEvaluation.Run(Simulate(seed, 400, names, correlation, 0.5), new() { Horizons = [horizon], Delays = 1, Resamples = 400 }).Horizons[0].InformationCoefficient;
            return ic.Low <= truth && truth <= ic.High;
        });
        TestContext.Current.TestOutputHelper!.WriteLine($"{held} of 120 intervals");
        // 95 in 100 would be 114 of 120; two and a half standard deviations of chance and a little of the bootstrap's own below that.
        Assert.InRange(held, 105, 120);
    }

    [Fact]
    public void Noise_is_called_noise()
    {
        var wrong = Enumerable.Range(1, 100).Count(seed =>
            SignalEvaluation.Run(Simulate(seed, 300, 10, 0, 0.9), new() { Horizons = [1, 5, 10], Delays = 1, Resamples = 400 }).Verdict is SignalVerdict.Predicts or SignalVerdict.PredictsInversely);
        TestContext.Current.TestOutputHelper!.WriteLine($"{wrong} of 100 called a signal");
        Assert.InRange(wrong, 0, 12);
    }

    [Fact]
    public void Inverse_signal_is_told_from_a_right_one_and_little_data_from_none()
    {
        Assert.Equal(SignalVerdict.PredictsInversely, SignalEvaluation.Run(Simulate(1, 600, 30, -0.1, 0), new()).Verdict);
        var little = SignalEvaluation.Run(Simulate(1, 25, 2, 0.9, 0), new());
        Assert.Equal(SignalVerdict.TooLittleData, little.Verdict);
        Assert.True(double.IsNaN(little.Horizons[0].InformationCoefficient.Low));
        Assert.Equal(SignalVerdict.TooLittleData, SignalEvaluation.Run(new([], []), new()).Verdict);
    }

    [Theory]
    [InlineData(20, 0.97)]
    [InlineData(1, 0.995)]
    [InlineData(1, -0.995)]
    public void Intervals_of_correlations_end_within_one(int names, double correlation)
    {
        foreach (var horizon in SignalEvaluation.Run(Simulate(3, 120, names, correlation, 0.2), new() { Horizons = [1, 2, 5], Resamples = 500 }).Horizons)
        {
            var ic = horizon.InformationCoefficient;
            Assert.True(-1 < ic.Low && ic.Low <= ic.Value && ic.Value <= ic.High && ic.High < 1, $"{ic}");
        }
    }

    [Fact]
    public void Holm_makes_up_for_the_horizons_tried()
    {
        var result = SignalEvaluation.Run(Simulate(3, 400, 20, 0.02, 0), new() { Horizons = [1, 2, 3, 4] });
        var sorted = result.Horizons.OrderBy(h => h.InformationCoefficient.Probability).ToArray();
        Assert.Equal(Math.Min(1, 4 * sorted[0].InformationCoefficient.Probability), sorted[0].AdjustedProbability, 1e-12);
        Assert.All(sorted.Zip(sorted.Skip(1)), p => Assert.True(p.First.AdjustedProbability <= p.Second.AdjustedProbability));
    }

    [Fact]
    public void Missing_prices_and_signals_are_left_out_and_not_taken_for_zero()
    {
        var full = Simulate(4, 400, 12, 0.2, 0);
        var holes = new SignalPanel(full.Dates, full.Names);
        var random = new Random(4);
        for (var d = 0; d < 400; d++)
            for (var n = 0; n < 12; n++) holes.Set(d, n, random.Next(5) == 0 ? double.NaN : full.Signal(d, n), random.Next(20) == 0 ? double.NaN : EntryOf(full, d, n));
        var (whole, some) = (SignalEvaluation.Run(full, new()).Horizons[0], SignalEvaluation.Run(holes, new()).Horizons[0]);
        Assert.True(some.Pairs < 0.8 * whole.Pairs);
        Assert.Equal(whole.InformationCoefficient.Value, some.InformationCoefficient.Value, 0.05);
    }

    // Prices from the returns, from 1 at the first date.
    static double EntryOf(SignalPanel panel, int date, int name)
    {
        var price = 1.0;
        for (var d = 0; d < date; d++) price *= 1 + panel.Return(d, name, 0, 1);
        return price;
    }

    [Fact]
    public void Ranks_share_ties_and_correlation_is_Spearmans()
    {
        Assert.Equal([1, 3.5, 2, 3.5], Ranks.Of([1, 5, 3, 5]));
        Assert.Equal(1, Ranks.Correlation([1, 2, 3], [10, 20, 1_000]), 1e-12);
        Assert.Equal(-1, Ranks.Correlation([1, 2, 3], [3, 2, -9]), 1e-12);
        // 1 − 6·Σd²/(n(n² − 1)) without ties: Σd² = 4.
        Assert.Equal(1 - 6.0 * 4 / (5 * 24), Ranks.Correlation([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]), 1e-12);
        Assert.True(double.IsNaN(Ranks.Correlation([1, 1, 1], [1, 2, 3])));
    }

    [Fact]
    public void Blocks_widen_intervals_of_series_that_depend_on_their_past()
    {
        var random = new Random(2);
        var (series, last) = (new List<double[]>(), 0.0);
        for (var i = 0; i < 2_000; i++) series.Add([last = 0.8 * last + SentimentPoolTests.Normal(random), 1]);
        var bootstrap = new BlockBootstrap(1_000, 0.95, 1);
        double Width(int block) => bootstrap.Of(series, block, s => s[0] / s[1]) is var e ? e.High - e.Low : 0;
        // The mean of an AR(1) series has (1 + 0.8)/(1 − 0.8) = 9 times the variance of independent values.
        Assert.InRange(Width(60) / Width(1), 2.4, 3.6);
        Assert.Equal(bootstrap.Of(series, 20, s => s[0] / s[1]), bootstrap.Of(series, 20, s => s[0] / s[1]));
    }
}
