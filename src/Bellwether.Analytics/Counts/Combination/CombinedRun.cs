using Bellwether.Analytics.Counts.Models;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Combination;

/// <summary>
/// The combination going through a history day by day: at each origin it learns from the windows that have ended since, and asks every model
/// anew. Weights and calibration of an origin rest on outcomes before it only.
/// </summary>
/// <remarks>
/// Models run side by side on the machine's cores. Not for use by two threads at once; a forecast is to be asked before the run goes on.
/// </remarks>
public sealed class CombinedRun
{
    readonly CombinedOptions _options;
    readonly CountHistory _history;
    readonly HorizonClass[] _classes;
    readonly ModelSchedule _experts;
    readonly List<Pending> _pending = [];
    CombinedForecast? _latest;

    public CombinedRun(CountHistory history, CombinedOptions? options = null)
    {
        (_history, _options) = (history, options ?? new());
        _options.Require();
        _classes = HorizonClass.All(history.BucketsPerDay, _options);
        _experts = new(history, _options.Experts, _options.RefitDays);
    }

    internal CountHistory History => _history;

    /// <summary>The forecasts of an origin, after having learnt from all that was over by then.</summary>
    /// <param name="origin">
    /// Whole days later than the one before. With another time of day the weights would be of other windows: start a run of its own.
    /// </param>
    public CombinedForecast Advance(int origin)
    {
        AnalogWindows.RequireOrigin(_history, origin);
        if (_latest is { } last && (origin <= last.Origin || (origin - last.Origin) % _history.BucketsPerDay != 0))
            throw new ArgumentOutOfRangeException(nameof(origin), origin,
                $"An origin lies whole days, of {_history.BucketsPerDay} buckets, after the one before, {last.Origin}.");
        var days = _latest is null ? 0 : (origin - _latest.Origin) / _history.BucketsPerDay;
        for (var day = 0; day < days; day++)
            foreach (var horizon in _classes)
                horizon.Forget();
        Learn(origin);
        var forecasts = _experts.At(origin);
        var totals = new Dictionary<(int From, int To), CountDistribution>[forecasts.Length];
        Parallel.For(0, forecasts.Length, i =>
        {
            totals[i] = [];
            foreach (var horizon in _classes)
                foreach (var (from, to) in horizon.Windows)
                    totals[i][(from, to)] = forecasts[i].Total(origin + from, origin + to);
        });
        _latest = new(origin, _options, _classes, forecasts, totals);
        foreach (var horizon in _classes)
            foreach (var (from, to) in horizon.Windows)
                _pending.Add(new(horizon, origin + from, origin + to, _latest.Combine(origin + from, origin + to)));
        return _latest;
    }

    /// <summary>Starts at an origin with all that can be learnt from the days before it.</summary>
    public CombinedForecast Start(int origin)
    {
        var days = Math.Min(_options.WarmUpDays, origin / _history.BucketsPerDay);
        for (var day = days; day > 0; day--)
            Advance(origin - day * _history.BucketsPerDay);
        return Advance(origin);
    }

    /// <summary>The fits that the latest forecasts are from, in the order of the options.</summary>
    public IReadOnlyList<CountFit> Summaries() => _experts.Summaries();

    void Learn(int origin)
    {
        var over = _pending.FindAll(p => p.To <= origin);
        if (over.Count == 0)
            return;
        foreach (var (horizon, from, to, said) in over)
            if (_history.TryTotal(from, to, out var actual))
                horizon.Learn(said, actual);
        _pending.RemoveAll(p => p.To <= origin);
        foreach (var horizon in _classes)
            horizon.Reweigh();
    }

    readonly record struct Pending(HorizonClass Class, int From, int To, CombinedTotal Said);
}
