using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Stochastic oscillator: %K is where the close lies between lowest low and highest high of the last bars, 0 to 100, smoothed by a simple mean;
/// %D is a simple mean of %K. NaN where high and low are one.
/// </summary>
/// <param name="smooth">1 for the fast form.</param>
public sealed class Stochastic(int period = 14, int smooth = 3, int signal = 3) : Indicator(2, BarFields.Range)
{
    readonly RollingExtreme _high = RollingExtreme.Highest(period), _low = RollingExtreme.Lowest(period);
    readonly Sma _k = new(smooth), _d = new(signal);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        _high.Push(bar.High);
        _low.Push(bar.Low);
        var k = _high.IsFull ? _k.Next(Place(bar.Close, _low.Value, _high.Value)) : double.NaN;
        (values[1], values[0]) = (_d.Next(k), k);
        return true;
    }

    public override void Reset()
    {
        _high.Clear();
        _low.Clear();
        _k.Reset();
        _d.Reset();
    }

    internal static double Place(double value, double low, double high) => high > low ? 100 * ((value - low) / (high - low)) : double.NaN;
}

/// <summary>The stochastic oscillator of the RSI: %K smoothed by a simple mean, %D a simple mean of %K; 0 to 100.</summary>
/// <remarks>Chande and Kroll, The New Technical Trader, 1994.</remarks>
public sealed class StochasticRsi(int rsiPeriod = 14, int period = 14, int smooth = 3, int signal = 3) : Indicator(2, BarFields.Close)
{
    readonly Rsi _rsi = new(rsiPeriod);
    readonly RollingExtreme _high = RollingExtreme.Highest(period), _low = RollingExtreme.Lowest(period);
    readonly Sma _k = new(smooth), _d = new(signal);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var rsi = _rsi.Next(bar.Close);
        if (double.IsNaN(rsi))
        {
            // A stretch without any move: what came before it does not count for what comes after.
            ResetOscillator();
            values[..2].Fill(double.NaN);
            return true;
        }
        _high.Push(rsi);
        _low.Push(rsi);
        var k = _high.IsFull ? _k.Next(Stochastic.Place(rsi, _low.Value, _high.Value)) : double.NaN;
        (values[1], values[0]) = (_d.Next(k), k);
        return true;
    }

    public override void Reset()
    {
        _rsi.Reset();
        ResetOscillator();
    }

    void ResetOscillator()
    {
        _high.Clear();
        _low.Clear();
        _k.Reset();
        _d.Reset();
    }
}

/// <summary>Williams %R, −100 to 0: how far the close lies below the highest high of the last bars.</summary>
public sealed class WilliamsR(int period = 14) : Indicator(1, BarFields.Range)
{
    readonly RollingExtreme _high = RollingExtreme.Highest(period), _low = RollingExtreme.Lowest(period);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        _high.Push(bar.High);
        _low.Push(bar.Low);
        values[0] = _high.IsFull && _high.Value > _low.Value ? -100 * ((_high.Value - bar.Close) / (_high.Value - _low.Value)) : double.NaN;
        return true;
    }

    public override void Reset()
    {
        _high.Clear();
        _low.Clear();
    }
}
