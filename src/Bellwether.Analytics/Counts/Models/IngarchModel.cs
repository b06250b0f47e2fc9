using Bellwether.Analytics.Counts.Ingarch;
using Bellwether.Analytics.Counts.Regression;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// INGARCH(1,1) over single buckets with the baseline s_t = L·d_t, L the exponentially weighted count a day (half-life 10 days) as known at
/// the start of each day, d_t the profile of the day. Fitted on the last half year; forecasts are simulated, with L held where it is.
/// </summary>
public sealed class IngarchModel : ICountModel
{
    const int LevelHalfLifeDays = 10;
    const int ProfileHalfLifeDays = 42;
    const int RunUpDays = 60;
    const int FewestDays = 20;

    readonly CountFamily _family;
    readonly int _days;
    readonly int _paths;

    /// <param name="family">Distribution of a bucket given the past.</param>
    /// <param name="days">How many days the fit looks back, 20 to 5000.</param>
    /// <param name="paths">Simulated paths of a forecast, 100 to 100,000.</param>
    public IngarchModel(CountFamily family, int days = 180, int paths = 400)
    {
        if (days is < FewestDays or > 5000)
            throw new ArgumentOutOfRangeException(nameof(days), days, "The fit looks back 20 to 5000 days.");
        if (paths is < 100 or > 100_000)
            throw new ArgumentOutOfRangeException(nameof(paths), paths, "There are 100 to 100,000 paths.");
        (_family, _days, _paths) = (family, days, paths);
    }

    public string Name => _family == CountFamily.Poisson ? "ingarch-poisson" : "ingarch-nb";

    public IFittedCountModel Fit(CountHistory history, int origin)
    {
        AnalogWindows.RequireOrigin(history, origin);
        var days = Math.Min(_days, origin / history.BucketsPerDay);
        var from = origin - days * history.BucketsPerDay;
        if (history.Observed(from, origin).Buckets < FewestDays * history.BucketsPerDay)
            return new Fitted(new(0.5, 0.2, 0.3, 0.3), CountFit.None, _paths);
        var (counts, observed, baseline) = Stretch(history, origin, days);
        var fit = IngarchFit.Fit(counts, observed, baseline, _family);
        return new Fitted(fit.Parameters, fit.Summary, _paths);
    }

    static (int[] Counts, bool[] Observed, double[] Baseline) Stretch(CountHistory history, int origin, int days)
    {
        var perDay = history.BucketsPerDay;
        var profile = new DayProfile(history, origin, ProfileHalfLifeDays, smooth: 0.1);
        var blocks = new DayBlocks(history, origin, days + 10 * LevelHalfLifeDays);
        var levels = new double[blocks.Count];
        blocks.Levels(LevelHalfLifeDays, levels);
        var (counts, observed, baseline) = (new int[days * perDay], new bool[days * perDay], new double[days * perDay]);
        for (var t = 0; t < counts.Length; t++)
        {
            var bucket = origin - counts.Length + t;
            counts[t] = history.Counts[bucket];
            observed[t] = history.IsObserved(bucket);
            // The day that the bucket belongs to starts as many days before the origin as its level may know.
            var age = days - t / perDay;
            var level = age < levels.Length && levels[age] > 0 ? levels[age] : 1;
            baseline[t] = Math.Max(1e-3, level * profile.Days(t % perDay, t % perDay + 1));
        }
        return (counts, observed, baseline);
    }

    sealed class Fitted(IngarchParameters parameters, CountFit summary, int paths) : IFittedCountModel
    {
        public CountFit Summary => summary;

        public ICountForecast At(CountHistory history, int origin)
        {
            AnalogWindows.RequireOrigin(history, origin);
            var perDay = history.BucketsPerDay;
            var (counts, observed, past) = Stretch(history, origin, Math.Min(RunUpDays, origin / perDay));
            var profile = new DayProfile(history, origin, ProfileHalfLifeDays, smooth: 0.1);
            var level = new DayBlocks(history, origin, 10 * LevelHalfLifeDays).Level(LevelHalfLifeDays);
            level = level > 0 ? level : 1;
            var start = parameters.Filter(counts, observed, past, Baseline(0), new double[counts.Length]);
            double[] baseline = [];
            return new SimulatedForecast(origin, paths, 7 * perDay, (random, path) =>
            {
                if (baseline.Length < path.Length)
                    baseline = [.. Enumerable.Range(0, path.Length).Select(Baseline)];
                parameters.Simulate(random, start, baseline, path);
            });

            double Baseline(int lead) => Math.Max(1e-3, level * profile.Days(lead, lead + 1));
        }
    }
}
