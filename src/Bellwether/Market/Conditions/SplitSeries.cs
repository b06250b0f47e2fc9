using Bellwether.Analytics.Indicators;

namespace Bellwether.Market.Conditions;

/// <summary>
/// Bars in the same shares, with the factor that leads back to the shares that each states its prices in: those of its own time, or of the
/// day on which its vendor adjusted it. What is computed from them and divided by the factor knows of no later split: it cancels out.
/// </summary>
sealed class SplitSeries
{
    readonly ConditionSeries _series;
    readonly double[] _factors;

    public SplitSeries(ConditionSeries series)
    {
        _series = series;
        _factors = new double[series.Bars.Count];
        Array.Fill(_factors, 1);
        foreach (var split in series.Splits)
        {
            // What lies behind all bars, and none is in the shares of after it, is no difference between them.
            if (_factors.Length == 0 || DayOf(_factors.Length - 1) < split.ExDate && !series.Bars.Any(b => b.IsAfter(split.ExDate)))
                continue;
            for (var i = 0; i < _factors.Length && DayOf(i) < split.ExDate; i++)
                if (!series.Bars[i].IsAfter(split.ExDate)) _factors[i] /= split.Ratio;
        }
    }

    public int Count => _factors.Length;

    public StoredBar this[int index] => _series.Bars[index];

    public double Factor(int index) => _factors[index];

    public DateOnly DayOf(int index) => DateOnly.FromDateTime(_series.Bars[index].Bar.Date);

    public Bar Adjusted(int index)
    {
        var (bar, factor) = (_series.Bars[index].Bar, _factors[index]);
        return new(bar.Open * factor, bar.High * factor, bar.Low * factor, bar.Close * factor, bar.Volume / factor ?? double.NaN);
    }

    /// <summary>Since when the bars up to one, and the splits that tell their shares apart, are known: for each bar.</summary>
    public DateTime[] KnownUpTo()
    {
        var known = new DateTime[Count];
        var latest = DateTime.MinValue;
        for (var i = 0; i < Count; i++) known[i] = latest = Later(latest, this[i].KnownAt);
        foreach (var split in _series.Splits)
        {
            // From the first bar on that has others beside it which are in the shares of the other side.
            var (before, after) = (false, false);
            for (var i = 0; i < Count; i++)
            {
                if (DayOf(i) >= split.ExDate || this[i].IsAfter(split.ExDate)) after = true;
                else before = true;
                if (before && after) known[i] = Later(known[i], split.KnownAt);
            }
        }
        return known;
    }

    static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
