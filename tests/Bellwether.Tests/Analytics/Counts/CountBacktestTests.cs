using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Backtesting;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Models;
using Bellwether.Analytics.Counts.Regression;
using Bellwether.Analytics.Counts.Scoring;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CountBacktestTests
{
    static readonly CombinedOptions Small = new()
    {
        WarmUpDays = 30,
        Experts = [new EwLevelModel(3), new EwLevelModel(20), new GlmModel(CountFamily.NegativeBinomial)],
    };

    [Fact]
    public void Rows_are_the_means_over_the_targets()
    {
        var (history, _) = CountSamples.Invented(130, 5);
        var plan = new BacktestPlan { From = 60 * 24, To = 120 * 24, Combined = Small, Others = [new SeasonalNaive()] };
        var rows = CountBacktest.Run(history, plan);

        // Days 70 and 71 are an outage; seven days that touch them, or reach beyond the end, are no targets.
        Assert.Equal(["1h", "1d", "7d"], rows.Select(r => r.Horizon).Distinct());
        Assert.All(rows, r => Assert.Equal(r.Horizon switch { "1h" => 58 * 24, "1d" => 58, _ => 60 - 6 - 8 }, r.Count));
        string[] names = ["combined", "pool", "stack", "ewnb-3d", "ewnb-20d", "nb-glm", "seasonal-naive", "reference"];
        Assert.Equal(names.Order(), rows.Where(r => r.Horizon == "7d").Select(r => r.Model).Order());

        List<double> crps = [], log = [], mae = [], width = [];
        var covered = 0;
        for (var day = 60; day < 120; day++)
        {
            if (!history.TryTotal(24 * day, 24 * day + 24, out var actual))
                continue;
            var forecast = EwWindowModel.Reference.Fit(history, 24 * day).At(history, 24 * day).Total(24 * day, 24 * day + 24);
            crps.Add(CountScores.Crps(forecast, actual));
            log.Add(CountScores.Log(forecast, actual));
            mae.Add(CountScores.AbsoluteError(forecast, actual));
            width.Add(forecast.EqualTailed(0.95).Width);
            covered += forecast.EqualTailed(0.95).Contains(actual) ? 1 : 0;
        }
        var row = rows.Single(r => r is { Model: "reference", Horizon: "1d" });
        Assert.Equal(crps.Average(), row.Crps, 10);
        Assert.Equal(log.Average(), row.LogScore, 10);
        Assert.Equal(mae.Average(), row.Mae, 10);
        Assert.Equal(width.Average(), row.Width95, 10);
        Assert.Equal(covered / 58.0, row.Coverage95, 10);
        Assert.Equal(58, row.Pit.Count);
        Assert.Null(row.AgainstReference);
        Assert.True(row.Mase > 0 && row.Pinball > 0);
        var combined = rows.Single(r => r is { Model: "combined", Horizon: "1d" });
        Assert.Equal(combined.Crps - row.Crps, combined.AgainstReference!.Value.MeanDifference, 9);
    }

    [Fact]
    public void Combination_of_an_origin_does_not_know_what_comes_after()
    {
        var (history, _) = CountSamples.Invented(120, 6);
        var (other, _) = CountSamples.Invented(120, 7);
        var counts = history.Counts.ToArray();
        other.Counts[(100 * 24)..].CopyTo(counts.AsSpan(100 * 24));
        var marks = Enumerable.Range(0, counts.Length).Select(history.IsObserved).ToArray();
        var changed = CountHistory.OfHours(CountSamples.Start, counts, marks);
        var (a, b) = (new CombinedRun(history, Small).Start(100 * 24), new CombinedRun(changed, Small).Start(100 * 24));

        foreach (var (from, to) in ((int, int)[])[(2400, 2401), (2400, 2424), (2410, 2500), (2400, 2568)])
        {
            Assert.Equal(a.Interval(from, to), b.Interval(from, to));
            Assert.Equal(a.Total(from, to).Table.Probabilities.ToArray(), b.Total(from, to).Table.Probabilities.ToArray());
            Assert.Equal(a.Weights(from, to), b.Weights(from, to));
            Assert.Equal(1, a.Weights(from, to).Values.Sum(), 9);
        }
    }

    [Fact]
    public void Model_of_the_combination_goes_on_as_a_run_does()
    {
        var (history, _) = CountSamples.Invented(100, 8);
        var fitted = new CombinedModel(Small).Fit(history, 90 * 24);
        var run = new CombinedRun(history, Small);
        run.Start(90 * 24);
        for (var day = 91; day <= 95; day++)
            run.Advance(day * 24);
        var expected = run.Advance(96 * 24).Total(96 * 24, 97 * 24);
        var forecast = fitted.At(history, 96 * 24);

        Assert.Equal(expected.Mean, forecast.Total(96 * 24, 97 * 24).Mean, 12);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Advance(96 * 24));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Advance(97 * 24 + 1));
    }

    [Fact]
    public void Rest_of_a_window_is_added_to_the_count_so_far()
    {
        var (history, _) = CountSamples.Invented(100, 9);
        var origin = 95 * 24 + 15;
        var forecast = new CombinedRun(history, Small).Start(origin);
        var window = (From: 93 * 24 + 17, To: 100 * 24);
        Assert.True(history.TryTotal(window.From, origin, out var soFar));
        var total = forecast.Total(origin, window.To).Shift(soFar);

        Assert.Equal(0, total.Cdf(soFar - 1));
        Assert.Equal(soFar + forecast.Total(origin, window.To).Mean, total.Mean, 9);
        Assert.InRange(total.EqualTailed(0.95).Lower, soFar, int.MaxValue);
    }

    [Fact]
    public void Horizons_and_plans_that_make_no_sense_are_refused()
    {
        var (history, _) = CountSamples.Invented(80, 10);
        Assert.Throws<FormatException>(() => BacktestHorizon.Parse("2h"));
        Assert.Throws<FormatException>(() => BacktestHorizon.Parse("0d"));
        Assert.Throws<FormatException>(() => BacktestHorizon.Parse("+7d"));
        Assert.Equal(new("14d", false, 14), BacktestHorizon.Parse("14d"));
        Assert.Throws<ArgumentException>(() => CountBacktest.Run(history, new() { From = 50, To = 50 }));
        Assert.Throws<ArgumentException>(() => CountBacktest.Run(history, new() { From = 99999, To = 999999 }));
        Assert.Throws<ArgumentException>(() => CountBacktest.Run(history, new() { From = 50, To = 60, Others = [new EwLevelModel(3)], Combined = Small }));
        Assert.Throws<ArgumentException>(() => new CombinedRun(history, new() { Experts = [new EwLevelModel(1)] }));
        var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => CountBacktest.Run(history, new() { From = 50 * 24, To = 60 * 24 }, ct: stopped.Token));
    }
}
