using Bellwether.Analytics.Indicators;
using Bellwether.Market.Prices;

namespace Bellwether.Market.Features;

/// <summary>
/// A series as it grows in knowledge, adjusted for the splits and dividends that are known. A bar after all others is one step of the
/// indicators; one that comes late or is restated, or a split or dividend that changes what lies before it, makes them begin anew, so that
/// they are always those of the series as it stands.
/// </summary>
sealed class PointInTimeSeries(IndicatorSet set)
{
    static readonly Comparer<StoredBar> ByDate = Comparer<StoredBar>.Create((a, b) => a.Bar.Date.CompareTo(b.Bar.Date));

    readonly List<StoredBar> _bars = [];
    readonly SortedDictionary<(DateOnly ExDate, CorporateActionKind Kind), CorporateAction> _actions = [];
    readonly double[] _values = new double[set.Names.Count];
    PriceBar _last;
    int _done;

    public int Count => _bars.Count;

    /// <summary>When the last version was taken.</summary>
    public DateTime KnownAt { get; private set; } = DateTime.MinValue;

    /// <param name="at">Since when it takes part; never before those that were taken.</param>
    public void Take(StoredBar version, DateTime at)
    {
        KnownAt = at;
        var place = _bars.Count == 0 || version.Bar.Date > _bars[^1].Bar.Date ? _bars.Count : _bars.BinarySearch(version, ByDate);
        var moves = place == _bars.Count && _bars.Count > 0 && Moves(DayOf(_bars[^1]), version);
        if (place >= 0 && place < _bars.Count) _bars[place] = version;
        else _bars.Insert(place = place < 0 ? ~place : place, version);
        if (place < _done || moves) _done = 0;
    }

    /// <inheritdoc cref="Take(StoredBar, DateTime)"/>
    public void Take(CorporateAction action, DateTime at)
    {
        KnownAt = at;
        _actions[(action.ExDate, action.Kind)] = action;
        if (_bars.Count > 0 && (action.ExDate <= DayOf(_bars[^1]) || _bars.Exists(b => Carries(b, action)))) _done = 0;
    }

    /// <summary>The newest bar and the indicators, both adjusted.</summary>
    public (PriceBar Bar, double[] Values) Current()
    {
        if (_done == 0)
        {
            // Of another series there is nothing left.
            set.Reset();
            foreach (var bar in Adjustment.Apply(_bars, [.. _actions.Values], BarInterval.Day)) Step(bar);
        }
        // Nothing is known that lies between these bars, or behind them.
        for (; _done < _bars.Count;) Step(Adjustment.Apply([_bars[_done]], [], BarInterval.Day)[0]);
        return (_last, [.. _values]);
    }

    void Step(in PriceBar bar)
    {
        set.Next(new Bar(bar.Open, bar.High, bar.Low, bar.Close, bar.Volume ?? double.NaN), _values);
        _last = bar;
        _done++;
    }

    /// <summary>A new last bar makes something count that lay behind all bars.</summary>
    bool Moves(DateOnly before, StoredBar bar)
    {
        foreach (var action in _actions.Values)
            if (action.ExDate > before && (action.ExDate <= DayOf(bar) || Carries(bar, action))) return true;
        return false;
    }

    static bool Carries(in StoredBar bar, in CorporateAction action) =>
        bar.Covers(in action) || action.IsSplit && bar.IsAfter(action.ExDate);

    static DateOnly DayOf(in StoredBar bar) => DateOnly.FromDateTime(bar.Bar.Date);
}
