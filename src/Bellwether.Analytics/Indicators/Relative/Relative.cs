using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>Beta of simple returns against the benchmark's over the last n returns, and their correlation, −1 to 1; NaN where one does not vary.</summary>
/// <remarks>Outputs beta and correlation.</remarks>
public sealed class RollingBeta(int period = 60) : Indicator(2, BarFields.Close | BarFields.Benchmark)
{
    readonly RollingPairs _returns = new(Period(period, 2));
    double _close, _benchmark;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Close <= 0 || bar.Benchmark <= 0) return false;
        if (_started) _returns.Push(bar.Benchmark / _benchmark - 1, bar.Close / _close - 1);
        (_close, _benchmark, _started) = (bar.Close, bar.Benchmark, true);
        (values[1], values[0]) = _returns.IsFull ? (_returns.Correlation, _returns.Slope) : (double.NaN, double.NaN);
        return true;
    }

    public override void Reset()
    {
        _returns.Clear();
        _started = false;
    }
}

/// <summary>Correlation of two series over the last n pairs, −1 to 1; NaN where one does not vary.</summary>
public sealed class RollingCorrelation(int period)
{
    readonly RollingPairs _pairs = new(Indicator.Period(period, 2));

    /// <summary>Takes the next pair; a pair that is not finite gives NaN and starts anew.</summary>
    public double Next(double x, double y)
    {
        if (!double.IsFinite(x) || !double.IsFinite(y))
        {
            Reset();
            return double.NaN;
        }
        _pairs.Push(x, y);
        return _pairs.IsFull ? _pairs.Correlation : double.NaN;
    }

    public void Reset() => _pairs.Clear();
}
