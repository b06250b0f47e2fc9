using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Volatility of log returns from close to close, annualised: sample standard deviation (n − 1) of the last n returns × √(bars a year).
/// 0.2 is 20 % a year.
/// </summary>
public sealed class CloseVolatility(int period = 20, double barsPerYear = 252) : Indicator(1, BarFields.Close)
{
    readonly double _barsPerYear = PerYear(barsPerYear);
    readonly RollingMoments _returns = new(Period(period, 2));
    double _last;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Close <= 0) return false;
        var log = Math.Log(bar.Close / _last);
        if (_started) _returns.Push(log);
        (_last, _started) = (bar.Close, true);
        values[0] = _returns.IsFull ? Math.Sqrt(_returns.SampleVariance * _barsPerYear) : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _returns.Clear();
        _started = false;
    }
}

/// <summary>Annualised volatility from the range of each bar: √(Σ ln(H/L)²/(4·n·ln 2) × bars a year).</summary>
/// <remarks>Parkinson, 1980.</remarks>
public sealed class ParkinsonVolatility(int period = 20, double barsPerYear = 252) : Indicator(1, BarFields.High | BarFields.Low)
{
    readonly double _barsPerYear = PerYear(barsPerYear);
    readonly RollingSum _squares = new(period);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Low <= 0 || bar.High <= 0) return false;
        var range = Math.Log(bar.High / bar.Low);
        _squares.Push(range * range);
        values[0] = _squares.IsFull ? Math.Sqrt(Math.Max(0, _squares.Mean) / (4 * Math.Log(2)) * _barsPerYear) : double.NaN;
        return true;
    }

    public override void Reset() => _squares.Clear();
}

/// <summary>Annualised volatility from open, high, low and close: √(mean of ½·ln(H/L)² − (2·ln 2 − 1)·ln(C/O)² × bars a year).</summary>
/// <remarks>Garman and Klass, 1980.</remarks>
public sealed class GarmanKlassVolatility(int period = 20, double barsPerYear = 252) : Indicator(1, BarFields.Range | BarFields.Open)
{
    readonly double _barsPerYear = PerYear(barsPerYear);
    readonly RollingSum _terms = new(period);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Low <= 0 || bar.High <= 0 || bar.Open <= 0 || bar.Close <= 0) return false;
        var (range, body) = (Math.Log(bar.High / bar.Low), Math.Log(bar.Close / bar.Open));
        _terms.Push(0.5 * range * range - (2 * Math.Log(2) - 1) * body * body);
        values[0] = _terms.IsFull ? Math.Sqrt(Math.Max(0, _terms.Mean) * _barsPerYear) : double.NaN;
        return true;
    }

    public override void Reset() => _terms.Clear();
}

/// <summary>
/// Annualised volatility that allows for gaps at the open and for drift: variance of ln(O/C₋₁), plus k of that of ln(C/O), plus 1 − k of
/// the mean of Rogers and Satchell, with k = 0.34/(1.34 + (n + 1)/(n − 1)).
/// </summary>
/// <remarks>Yang and Zhang, 2000. Defined from bar n, since the first bar has no close before it.</remarks>
public sealed class YangZhangVolatility(int period = 20, double barsPerYear = 252) : Indicator(1, BarFields.Range | BarFields.Open)
{
    readonly double _barsPerYear = PerYear(barsPerYear);
    readonly RollingMoments _gaps = new(Period(period, 2)), _bodies = new(period);
    readonly RollingSum _inner = new(period);
    readonly double _share = 0.34 / (1.34 + (period + 1.0) / (period - 1.0));
    double _close;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Low <= 0 || bar.High <= 0 || bar.Open <= 0 || bar.Close <= 0) return false;
        if (_started)
        {
            var (up, down, body) = (Math.Log(bar.High / bar.Open), Math.Log(bar.Low / bar.Open), Math.Log(bar.Close / bar.Open));
            _gaps.Push(Math.Log(bar.Open / _close));
            _bodies.Push(body);
            _inner.Push(up * (up - body) + down * (down - body));
        }
        (_close, _started) = (bar.Close, true);
        values[0] = _inner.IsFull
            ? Math.Sqrt((_gaps.SampleVariance + _share * _bodies.SampleVariance + (1 - _share) * Math.Max(0, _inner.Mean)) * _barsPerYear)
            : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _gaps.Clear();
        _bodies.Clear();
        _inner.Clear();
        _started = false;
    }
}
