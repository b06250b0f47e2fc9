using Bellwether.Analytics.Counts.Hawkes;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// <see cref="HawkesParameters"/> fitted to the events of the last days with the exponentially weighted count a day (half-life 10 days, as known at
/// the start of each day) for scale; forecasts are simulated forward from the events before the origin, with that scale held where it is.
/// </summary>
public sealed class HawkesModel : ICountModel
{
    const double LevelHalfLifeDays = 10;
    const int FewestEvents = 200;

    readonly double[] _events;
    readonly int _days;
    readonly int _paths;

    /// <param name="unixSeconds">The posts that the history counts, ascending; later ones than an origin are not looked at.</param>
    /// <param name="days">How many days the fit looks back, 10 to 5000.</param>
    /// <param name="paths">Simulated paths of a forecast, 100 to 100,000.</param>
    public HawkesModel(ReadOnlySpan<double> unixSeconds, int days = 120, int paths = 300)
    {
        if (days is < 10 or > 5000)
            throw new ArgumentOutOfRangeException(nameof(days), days, "The fit looks back 10 to 5000 days.");
        if (paths is < 100 or > 100_000)
            throw new ArgumentOutOfRangeException(nameof(paths), paths, "There are 100 to 100,000 paths.");
        (_events, _days, _paths) = (unixSeconds.ToArray(), days, paths);
    }

    public string Name => "hawkes";

    /// <summary>Throws <see cref="ArgumentException"/> for counts by the day: the process lives on hours.</summary>
    public IFittedCountModel Fit(CountHistory history, int origin)
    {
        AnalogWindows.RequireOrigin(history, origin);
        if (history.BucketsPerDay != 24)
            throw new ArgumentException("The Hawkes model needs counts by the hour.", nameof(history));
        var days = Math.Min(_days, origin / 24);
        var from = origin - 24 * days;
        var data = new HawkesData(Between(history, from, origin), history.UnixSecondsAt(from), Scales(history, origin, days));
        if (data.Count < FewestEvents)
            return EwWindowModel.Reference.Fit(history, origin);
        var parameters = HawkesFit.Fit(data, out var summary);
        return new Fitted(this, parameters, summary);
    }

    static double[] Scales(CountHistory history, int origin, int days)
    {
        var blocks = new DayBlocks(history, origin, days + 100);
        var levels = new double[blocks.Count];
        blocks.Levels(LevelHalfLifeDays, levels);
        var scales = new double[24 * days];
        for (var hour = 0; hour < scales.Length; hour++)
        {
            var age = days - hour / 24;
            scales[hour] = history.IsObserved(origin - scales.Length + hour) ? age < levels.Length && levels[age] > 0 ? levels[age] : 1 : 0;
        }
        return scales;
    }

    ReadOnlySpan<double> Between(CountHistory history, int from, int to) =>
        _events.AsSpan(IndexOf(history.UnixSecondsAt(from))..IndexOf(history.UnixSecondsAt(to)));

    // The first event at a time or later.
    int IndexOf(double unixSeconds)
    {
        var (low, high) = (0, _events.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _events[middle] < unixSeconds ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    sealed class Fitted(HawkesModel model, HawkesParameters parameters, CountFit summary) : IFittedCountModel
    {
        public CountFit Summary => summary;

        public ICountForecast At(CountHistory history, int origin)
        {
            AnalogWindows.RequireOrigin(history, origin);
            var level = new DayBlocks(history, origin, 100).Level(LevelHalfLifeDays);
            var start = history.UnixSecondsAt(origin);
            var excitation = HawkesSimulation.Excitation(parameters, model.Between(history, Math.Max(0, origin - 60 * 24), origin), start);
            double[] rates = [];
            return new SimulatedForecast(origin, model._paths, 7 * 24, (random, counts) =>
            {
                if (rates.Length < counts.Length)
                    rates = [.. Enumerable.Range(0, counts.Length).Select(Rate)];
                HawkesSimulation.Simulate(random, parameters, excitation, rates, counts);
            });

            double Rate(int lead) => parameters.Baseline[(int)((start / 3600 + lead) % 24)] * (level > 0 ? level : 1);
        }
    }
}
