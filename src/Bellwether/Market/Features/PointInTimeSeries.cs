using Bellwether.Analytics.Indicators;

namespace Bellwether.Market.Features;

/// <summary>
/// A series as it grows in knowledge. A bar after all others is one step of the indicators; one that comes late or is restated makes them begin anew, so
/// that they are always those of the series as it stands.
/// </summary>
sealed class PointInTimeSeries(IndicatorSet set)
{
    readonly List<PriceBar> _bars = [];
    readonly double[] _values = new double[set.Names.Count];
    int _done;

    public int Count => _bars.Count;

    /// <summary>When the last version was taken.</summary>
    public DateTime KnownAt { get; private set; } = DateTime.MinValue;

    /// <param name="at">Since when it takes part; never before those that were taken.</param>
    public void Take(StoredBar version, DateTime at)
    {
        KnownAt = at;
        var place = _bars.Count == 0 || version.Bar.Date > _bars[^1].Date ? _bars.Count : _bars.BinarySearch(version.Bar, Comparer<PriceBar>.Create((a, b) => a.Date.CompareTo(b.Date)));
        if (place >= 0 && place < _bars.Count) _bars[place] = version.Bar;
        else _bars.Insert(place = place < 0 ? ~place : place, version.Bar);
        if (place >= _done) return;
        set.Reset();
        _done = 0;
    }

    public (PriceBar Bar, double[] Values) Current()
    {
        // Of another series there is nothing left.
        if (_done == 0) set.Reset();
        for (; _done < _bars.Count; _done++)
        {
            var bar = _bars[_done];
            set.Next(new Bar(bar.Open, bar.High, bar.Low, bar.Close, bar.Volume ?? double.NaN), _values);
        }
        return (_bars[^1], [.. _values]);
    }
}
