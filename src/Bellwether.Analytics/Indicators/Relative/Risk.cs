using Bellwether.Analytics.Indicators.Rolling;
using MathNet.Numerics.Distributions;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Sortino ratio of one period over the last n simple returns, not annualised: (mean return − target)/√(Σ min(return − target, 0)²/n).
/// NaN where no return fell short.
/// </summary>
public sealed class RollingSortino(int period = 15, double target = 0) : Indicator(1, BarFields.Close)
{
    readonly RollingSum _returns = new(period), _shortfalls = new(period);
    double _close;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Close <= 0) return false;
        if (_started)
        {
            var change = bar.Close / _close - 1;
            var shortfall = Math.Min(change - target, 0);
            _returns.Push(change);
            _shortfalls.Push(shortfall * shortfall);
        }
        (_close, _started) = (bar.Close, true);
        values[0] = _returns.IsFull && _shortfalls.Sum > 0 ? (_returns.Mean - target) / Math.Sqrt(_shortfalls.Mean) : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _returns.Clear();
        _shortfalls.Clear();
        _started = false;
    }
}

/// <summary>
/// Value at risk of one period by the normal distribution, as a return (−0.03: a loss of 3 %): mean + z·sample deviation of at most the last
/// n simple returns, from the second return on.
/// </summary>
/// <param name="confidence">0.95 for the loss that one period in twenty exceeds.</param>
public sealed class ValueAtRisk(int period = 252, double confidence = 0.95) : Indicator(1, BarFields.Close)
{
    readonly RollingMoments _returns = new(Period(period, 2));

    readonly double _z = confidence is > 0 and < 1 ? Normal.InvCDF(0, 1, 1 - confidence)
        : throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "a confidence lies between 0 and 1");

    double _close;
    bool _started;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        if (bar.Close <= 0) return false;
        if (_started) _returns.Push(bar.Close / _close - 1);
        (_close, _started) = (bar.Close, true);
        values[0] = _returns.Count >= 2 ? _returns.Mean + _z * Math.Sqrt(_returns.SampleVariance) : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _returns.Clear();
        _started = false;
    }
}
