using Bellwether.Analytics.Indicators;
using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Regimes;

/// <summary>
/// What the model sees of a bar: how straight the price went over the last bars, −1 to 1 (the sum of log returns over the sum of their sizes), and how
/// restless it is, ln of the short volatility over the long one.
/// </summary>
sealed class RegimeFeatures(int period, int longPeriod)
{
    public const int Count = 2;

    readonly RollingSum _moves = new(period), _sizes = new(period);
    readonly RollingMoments _short = new(period), _long = new(longPeriod);
    double _close;
    bool _started;

    /// <summary>False where there are too few bars, nothing moved, or the bar has no usable close, which starts anew.</summary>
    public bool Next(in Bar bar, Span<double> features)
    {
        if (!(bar.Close > 0) || !double.IsFinite(bar.Close))
        {
            Reset();
            return false;
        }
        var move = _started ? Math.Log(bar.Close / _close) : double.NaN;
        (_close, _started) = (bar.Close, true);
        if (double.IsNaN(move)) return false;
        _moves.Push(move);
        _sizes.Push(Math.Abs(move));
        _short.Push(move);
        _long.Push(move);
        if (!_long.IsFull || !(_sizes.Sum > 0) || !(_short.SampleVariance > 0)) return false;
        features[0] = _moves.Sum / _sizes.Sum;
        features[1] = 0.5 * Math.Log(_short.SampleVariance / _long.SampleVariance);
        return true;
    }

    public void Reset()
    {
        _moves.Clear();
        _sizes.Clear();
        _short.Clear();
        _long.Clear();
        _started = false;
    }
}
