namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Average directional index with +DI and −DI, 0 to 100. Ranges and directional moves are summed over the first n moves and then smoothed by
/// Wilder; ADX is the simple mean of the first n DX, then smoothed by Wilder. DX is 0 where nothing moved in either direction.
/// </summary>
/// <remarks>Outputs adx, plus_di, minus_di. Wilder, New Concepts in Technical Trading Systems, 1978.</remarks>
public sealed class Adx(int period = 14) : Indicator(3, BarFields.Range)
{
    readonly WilderAverage _range = new(period), _plus = new(period), _minus = new(period), _adx = new(period);
    Bar _last;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var last = _last;
        _last = bar;
        if (!_started)
        {
            _started = true;
            values[..3].Fill(double.NaN);
            return true;
        }
        var (up, down) = (bar.High - last.High, last.Low - bar.Low);
        var range = _range.Next(Atr.TrueRange(in bar, last.Close));
        var plus = _plus.Next(up > down && up > 0 ? up : 0);
        var minus = _minus.Next(down > up && down > 0 ? down : 0);
        // A mean in place of Wilder's sum: the factor n cancels.
        var (plusDi, minusDi) = (range > 0 ? 100 * plus / range : double.IsNaN(range) ? double.NaN : 0, range > 0 ? 100 * minus / range : double.IsNaN(range) ? double.NaN : 0);
        var sum = plusDi + minusDi;
        values[0] = double.IsNaN(sum) ? double.NaN : _adx.Next(sum > 0 ? 100 * Math.Abs(plusDi - minusDi) / sum : 0);
        (values[1], values[2]) = (plusDi, minusDi);
        return true;
    }

    public override void Reset()
    {
        _range.Reset();
        _plus.Reset();
        _minus.Reset();
        _adx.Reset();
        _started = false;
    }
}
