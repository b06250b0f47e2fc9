using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Bollinger bands: upper, middle, lower, width (upper − lower in per cent of the middle) and percent (where the close lies, 0 at the lower band,
/// 1 at the upper; NaN where both are one). Population standard deviation.
/// </summary>
public sealed class BollingerBands(int period = 20, double deviations = 2) : Indicator(5, BarFields.Close)
{
    readonly RollingMoments _moments = new(period);
    readonly double _deviations = Multiple(deviations);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        _moments.Push(bar.Close);
        if (!_moments.IsFull)
        {
            values[..5].Fill(double.NaN);
            return true;
        }
        var (middle, reach) = (_moments.Mean, _deviations * Math.Sqrt(_moments.Variance));
        values[4] = reach > 0 ? (bar.Close - (middle - reach)) / (2 * reach) : double.NaN;
        values[3] = middle != 0 ? 100 * (2 * reach) / middle : double.NaN;
        (values[2], values[1], values[0]) = (middle - reach, middle, middle + reach);
        return true;
    }

    public override void Reset() => _moments.Clear();
}

/// <summary>Keltner channel: upper, middle, lower; the exponential average of the close and some average true ranges around it.</summary>
public sealed class KeltnerChannel(int period = 20, int atrPeriod = 10, double multiple = 2) : Indicator(3, BarFields.Range)
{
    readonly Ema _middle = new(period);
    readonly Atr _atr = new(atrPeriod);
    readonly double _multiple = Multiple(multiple);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var (middle, reach) = (_middle.Next(bar.Close), _multiple * _atr.Step(in bar));
        if (double.IsNaN(middle) || double.IsNaN(reach)) values[..3].Fill(double.NaN);
        else (values[2], values[1], values[0]) = (middle - reach, middle, middle + reach);
        return true;
    }

    public override void Reset()
    {
        _middle.Reset();
        _atr.Reset();
    }
}

/// <summary>Donchian channel: highest high, middle and lowest low of the last bars, this one included.</summary>
public sealed class DonchianChannel(int period = 20) : Indicator(3, BarFields.High | BarFields.Low)
{
    readonly RollingExtreme _high = RollingExtreme.Highest(period), _low = RollingExtreme.Lowest(period);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        _high.Push(bar.High);
        _low.Push(bar.Low);
        if (!_high.IsFull) values[..3].Fill(double.NaN);
        else (values[2], values[1], values[0]) = (_low.Value, (_high.Value + _low.Value) / 2, _high.Value);
        return true;
    }

    public override void Reset()
    {
        _high.Clear();
        _low.Clear();
    }
}
