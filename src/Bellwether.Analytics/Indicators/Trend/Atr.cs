namespace Bellwether.Analytics.Indicators;

/// <summary>Which bar's range is the first of the mean.</summary>
public enum AtrStart
{
    /// <summary>The second bar, the first whose true range knows a close before it: defined from bar n (Wilder).</summary>
    SecondBar,

    /// <summary>The first bar with its high − low: defined from bar n − 1.</summary>
    FirstBar,
}

/// <summary>Average true range: simple mean of the first n true ranges, then Wilder's smoothing. In units of the price.</summary>
public sealed class Atr(int period = 14, AtrStart start = AtrStart.SecondBar) : Indicator(1, BarFields.Range)
{
    readonly WilderAverage _average = new(period);
    double _close;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        values[0] = Step(in bar);
        return true;
    }

    internal double Step(in Bar bar)
    {
        var range = _started ? TrueRange(in bar, _close) : bar.High - bar.Low;
        var counts = _started || start == AtrStart.FirstBar;
        (_close, _started) = (bar.Close, true);
        return counts ? _average.Next(range) : double.NaN;
    }

    public override void Reset()
    {
        _average.Reset();
        _started = false;
    }

    /// <summary>The greatest of high − low and the distances of both from the close before.</summary>
    internal static double TrueRange(in Bar bar, double previousClose) =>
        Math.Max(bar.High - bar.Low, Math.Max(Math.Abs(bar.High - previousClose), Math.Abs(bar.Low - previousClose)));
}
