using System.Globalization;
using Bellwether.Analytics.Counts;
using Bellwether.Analytics.Counts.Backtesting;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Hawkes;

namespace Bellwether.Tests.Analytics.Counts;

/// <summary>What the documentation says about real posts.</summary>
public sealed class RealCountTests
{
    [Fact]
    public void Hawkes_process_is_fitted_to_all_posts_at_once()
    {
        var posts = CountSamples.Timestamps();
        var (start, end) = (CountSamples.At("2010-06-04"), CountSamples.At("2025-07-01"));
        double[] scales = [.. Enumerable.Repeat(1.0, (int)((end - start) / 3600))];
        var fit = HawkesFit.Fit(new(posts, start, scales), out var summary);

        Assert.Equal(68_722, summary.Observations);
        Assert.True(summary.Converged);
        Assert.InRange(fit.Branching, 0.5, 0.999);
        Assert.InRange(summary["branching"].StandardError, 1e-5, 0.02);
        Assert.All(summary.Parameters, p => Assert.True(p.StandardError > 0, p.Name));
        // At a maximum the compensator of the whole stretch is the number of events.
        Assert.Equal(posts.Length, HawkesResiduals.Of(fit, new(posts, start, scales)).Increments.Sum(), posts.Length * 0.01);
    }

    [Fact]
    public void Default_forecast_of_two_months_is_sharper_by_the_hour_and_no_worse_by_the_day()
    {
        var history = CountSamples.Real(CountSamples.Timestamps(), "2022-11-01", "2024-07-01");
        var rows = CountBacktest.Run(history, new()
        {
            From = history.BucketAt(CountSamples.At("2024-05-01")),
            To = history.Length,
            Combined = new() { WarmUpDays = 60 },
        });

        Assert.Equal([61 * 24, 61, 55], Rows("combined").Select(r => r.Count));
        // 61 days tell hours apart, not days: there the difference is a hundredth of its own error.
        Assert.All(Rows("combined").Zip(Rows("reference")), pair => Assert.True(pair.First.Crps < 1.03 * pair.Second.Crps, pair.First.Horizon));
        Assert.InRange(Rows("combined").First().Coverage95, 0.935, 0.965);
        Assert.True(Rows("combined").First().AgainstReference!.Value.PValue < 0.05);

        IEnumerable<BacktestRow> Rows(string model) => ((string[])["1h", "1d", "7d"]).Select(h => rows.Single(r => r.Model == model && r.Horizon == h));
    }

    /// <summary>Takes minutes, so it runs when asked for: <c>-explicit only</c>. Prints the table of docs/counts-models.md.</summary>
    [Fact(Explicit = true)]
    public void Default_forecast_of_a_year_beats_the_reference_and_holds_its_coverage()
    {
        var posts = CountSamples.Timestamps();
        var history = CountSamples.Real(posts, "2022-01-01", "2025-07-01");
        var rows = CountBacktest.Run(history, new()
        {
            From = history.BucketAt(CountSamples.At("2024-07-01")),
            To = history.Length,
            Others = CombinedOptions.OtherModels(posts),
        });
        foreach (var r in rows)
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {r.Model} | {r.Horizon} | {r.Count} | {r.Crps:F3} | {r.LogScore:F3} | {r.Mae:F2} | {r.Coverage95:P1} | {r.Width95:F1} |"));

        foreach (var row in rows.Where(r => r.Model == "combined"))
        {
            var reference = rows.Single(r => r.Model == "reference" && r.Horizon == row.Horizon);
            Assert.InRange(row.Coverage95, 0.93, 0.97);
            Assert.True(row.AgainstReference!.Value.PValue < 0.05, row.Horizon);
            Assert.InRange(row.Crps / reference.Crps, 0.5, row.Horizon switch { "7d" => 0.9, "1d" => 0.95, _ => 0.975 });
        }
    }
}
