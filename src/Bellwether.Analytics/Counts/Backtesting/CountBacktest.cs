using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Models;

namespace Bellwether.Analytics.Counts.Backtesting;

/// <summary>
/// Rolling-origin evaluation: every day each model forecasts from what was known then, and is scored when the windows are over. Fitting,
/// weights and calibration never see the targets.
/// </summary>
public static class CountBacktest
{
    public const string Combined = "combined";
    public const string Pool = "pool";
    public const string Stack = "stack";

    // Two 95 % intervals are in use: of the combination the steered one, of the others the plain one of their own quantiles.
    const double Coverage = 0.95;

    /// <summary>One row for each model and horizon, best CRPS first within a horizon.</summary>
    /// <param name="progress">Told the share that is done, 0 to 1, after each origin.</param>
    public static IReadOnlyList<BacktestRow> Run(
        CountHistory history, BacktestPlan plan, IProgress<double>? progress = null, CancellationToken ct = default)
    {
        plan.Require(history);
        var perDay = history.BucketsPerDay;
        var run = new CombinedRun(history, plan.Combined);
        // The reference is what the others are compared with, so it is measured even where nobody listed it.
        var experts = plan.Combined.Experts;
        IReadOnlyList<ICountModel> rest = experts.Concat(plan.Others).Any(m => m.Name == EwWindowModel.Reference.Name)
            ? plan.Others : [.. plan.Others, EwWindowModel.Reference];
        var others = new ModelSchedule(history, rest, plan.Combined.RefitDays);
        string[] names = [Combined, Pool, Stack, .. experts.Select(e => e.Name), .. rest.Select(o => o.Name)];
        if (names.Distinct().Count() != names.Length)
            throw new ArgumentException($"Two models have the same name: {string.Join(", ", names)}.", nameof(plan));
        var tallies = plan.Horizons.ToDictionary(h => h, _ => names.Select(_ => new BacktestTally(plan)).ToArray());
        var start = plan.From - Math.Min(plan.Combined.WarmUpDays, plan.From / perDay) * perDay;
        var end = Math.Min(plan.To, history.Length);
        for (var origin = start; origin < end; origin += perDay)
        {
            ct.ThrowIfCancellationRequested();
            var combined = run.Advance(origin);
            progress?.Report((double)(origin - start) / (end - start));
            if (origin < plan.From)
                continue;
            var asked = others.At(origin);
            foreach (var horizon in plan.Horizons)
            {
                foreach (var (from, to) in horizon.Windows(origin, perDay))
                    if (to <= end && history.TryTotal(from, to, out var actual))
                        Score(tallies[horizon], combined, asked, from, to, actual);
                foreach (var tally in tallies[horizon])
                    tally.EndOrigin();
            }
        }
        var reference = Array.IndexOf(names, EwWindowModel.Reference.Name);
        return [.. plan.Horizons.SelectMany(horizon =>
        {
            var naive = NaiveMae(history, plan.From, horizon);
            return tallies[horizon]
                .Select((tally, i) => tally.Row(names[i], horizon, naive, tallies[horizon][reference]))
                .OrderBy(row => row.Crps);
        })];
    }

    static void Score(BacktestTally[] tallies, CombinedForecast combined, IReadOnlyList<ICountForecast> others, int from, int to, int actual)
    {
        var said = combined.Combine(from, to);
        tallies[0].Add(said.Calibrated, said.Interval, actual);
        CountDistribution[] plain = [said.Pool, said.Stack, .. said.Experts, .. others.Select(o => o.Total(from, to))];
        for (var i = 0; i < plain.Length; i++)
            tallies[i + 1].Add(plain[i], plain[i].EqualTailed(Coverage), actual);
    }

    static double NaiveMae(CountHistory history, int origin, BacktestHorizon horizon)
    {
        var (perDay, sum, n) = (history.BucketsPerDay, 0.0, 0);
        for (var day = 1; day <= 365 && origin - day * perDay >= 0; day++)
            foreach (var (from, to) in horizon.Windows(origin - day * perDay, perDay))
            {
                // A total of ten days repeats every two weeks.
                var back = (horizon.Days + 6) / 7 * 7 * perDay;
                if (to <= origin && history.TryTotal(from, to, out var actual) && history.TryTotal(from - back, to - back, out var before))
                    (sum, n) = (sum + Math.Abs(actual - before), n + 1);
            }
        return n > 0 ? sum / n : double.NaN;
    }
}
