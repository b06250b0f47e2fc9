using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>On-balance volume: 0 at the first bar, then volume added where the close rose and taken away where it fell.</summary>
public sealed class Obv() : Indicator(1, BarFields.Close | BarFields.Volume)
{
    CompensatedSum _sum;
    double _close;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (_started) _sum.Add(bar.Close > _close ? bar.Volume : bar.Close < _close ? -bar.Volume : 0);
        (_close, _started) = (bar.Close, true);
        values[0] = _sum.Value;
        return true;
    }

    public override void Reset() => (_sum, _started) = (default, false);
}

/// <summary>
/// Volume-weighted average of the typical price since the session began (<see cref="Bar.Session"/>), or over the last bars. NaN while nothing was traded.
/// </summary>
/// <param name="period">Null: since the session began.</param>
public sealed class Vwap(int? period = null) : Indicator(1, BarFields.Range | BarFields.Volume)
{
    readonly RollingSum? _rollingValue = period is { } n ? new(n) : null, _rollingVolume = period is { } n ? new(n) : null;
    CompensatedSum _value, _volume;
    int _session;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var traded = bar.Typical * bar.Volume;
        if (_rollingValue is not null && _rollingVolume is not null)
        {
            _rollingValue.Push(traded);
            _rollingVolume.Push(bar.Volume);
            values[0] = _rollingValue.IsFull && _rollingVolume.Sum > 0 ? _rollingValue.Sum / _rollingVolume.Sum : double.NaN;
            return true;
        }
        if (bar.Session != _session) (_value, _volume, _session) = (default, default, bar.Session);
        _value.Add(traded);
        _volume.Add(bar.Volume);
        values[0] = _volume.Value > 0 ? _value.Value / _volume.Value : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _rollingValue?.Clear();
        _rollingVolume?.Clear();
        (_value, _volume) = (default, default);
    }
}

/// <summary>Money flow index, 0 to 100: like the RSI, of typical price × volume over the last n moves. 100 where nothing flowed out, NaN where nothing flowed.</summary>
public sealed class Mfi(int period = 14) : Indicator(1, BarFields.Range | BarFields.Volume)
{
    readonly RollingSum _in = new(period), _out = new(period);
    double _last;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var (typical, last) = (bar.Typical, _last);
        _last = typical;
        values[0] = double.NaN;
        if (!_started)
        {
            _started = true;
            return true;
        }
        _in.Push(typical > last ? typical * bar.Volume : 0);
        _out.Push(typical < last ? typical * bar.Volume : 0);
        if (_in.IsFull) values[0] = _out.Sum > 0 ? 100 - 100 / (1 + _in.Sum / _out.Sum) : _in.Sum > 0 ? 100 : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _in.Clear();
        _out.Clear();
        _started = false;
    }
}
