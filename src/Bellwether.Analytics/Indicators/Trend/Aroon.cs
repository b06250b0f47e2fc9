using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Aroon up, down and oscillator: 100·(n − bars since the highest high or lowest low of the last n + 1 bars)/n. Of equal highs the latest counts.
/// </summary>
/// <remarks>Chande, 1995.</remarks>
public sealed class Aroon(int period = 25) : Indicator(3, BarFields.High | BarFields.Low)
{
    readonly RollingExtreme _high = RollingExtreme.Highest(Period(period) + 1), _low = RollingExtreme.Lowest(period + 1);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        _high.Push(bar.High);
        _low.Push(bar.Low);
        var (up, down) = _high.IsFull ? (100.0 * (period - _high.Age) / period, 100.0 * (period - _low.Age) / period) : (double.NaN, double.NaN);
        (values[2], values[1], values[0]) = (up - down, down, up);
        return true;
    }

    public override void Reset()
    {
        _high.Clear();
        _low.Clear();
    }
}
