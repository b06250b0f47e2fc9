using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>How gains and losses are averaged.</summary>
public enum RsiAverage
{
    /// <summary>Simple mean of the first n moves, then Wilder's smoothing.</summary>
    Wilder,

    /// <summary>Simple mean of the last n moves (Cutler).</summary>
    Simple,
}

/// <summary>
/// Relative strength index, 0 to 100: 100 − 100/(1 + mean gain / mean loss) over n moves. 100 where nothing was lost, NaN where nothing
/// moved.
/// </summary>
/// <remarks>Wilder, New Concepts in Technical Trading Systems, 1978.</remarks>
public sealed class Rsi(int period, RsiAverage average = RsiAverage.Wilder) : SeriesIndicator
{
    readonly SeriesIndicator _gains = Average(period, average), _losses = Average(period, average);
    double _last, _value = double.NaN;
    bool _started;

    protected override double Step(double value)
    {
        var move = value - _last;
        _last = value;
        if (!_started)
        {
            _started = true;
            return double.NaN;
        }
        var gain = _gains.Next(Math.Max(move, 0));
        var loss = _losses.Next(Math.Max(-move, 0));
        // Without a move both smoothed means shrink alike: only rounding would move their ratio, and what is built on it would take that
        // for a move.
        if (move == 0 && average == RsiAverage.Wilder && !double.IsNaN(_value)) return _value;
        return _value = loss > 0 ? 100 - 100 / (1 + gain / loss) : gain > 0 ? 100 : double.NaN;
    }

    public override void Reset()
    {
        _gains.Reset();
        _losses.Reset();
        (_value, _started) = (double.NaN, false);
    }

    static SeriesIndicator Average(int period, RsiAverage average) => average == RsiAverage.Wilder
        ? new WilderAverage(period) : new Sma(period);
}
