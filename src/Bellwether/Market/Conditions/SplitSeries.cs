using Bellwether.Analytics.Indicators;

namespace Bellwether.Market.Conditions;

/// <summary>
/// Bars in the shares of the last one, with the factor that leads back to the shares of their own time. What is computed from them and divided by the
/// factor knows of no later split: it cancels out.
/// </summary>
sealed class SplitSeries
{
    readonly ConditionSeries _series;
    readonly double[] _factors;

    public SplitSeries(ConditionSeries series)
    {
        _series = series;
        _factors = new double[series.Bars.Count];
        var (factor, next) = (1.0, series.Splits.Count - 1);
        for (var i = _factors.Length - 1; i >= 0; i--)
        {
            for (; next >= 0 && series.Splits[next].ExDate > DayOf(i); next--)
                if (i < _factors.Length - 1) factor /= series.Splits[next].Ratio;
            _factors[i] = factor;
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

    /// <summary>Since when the bars up to one, and the splits up to its day, are known: for each bar.</summary>
    public DateTime[] KnownUpTo()
    {
        var known = new DateTime[Count];
        var (latest, next) = (DateTime.MinValue, 0);
        for (var i = 0; i < Count; i++)
        {
            if (this[i].KnownAt > latest) latest = this[i].KnownAt;
            for (; next < _series.Splits.Count && _series.Splits[next].ExDate <= DayOf(i); next++)
                if (i > 0 && _series.Splits[next].KnownAt > latest) latest = _series.Splits[next].KnownAt;
            known[i] = latest;
        }
        return known;
    }
}
