namespace Bellwether.Analytics.Indicators;

/// <summary>Exponential moving average with weight 2/(n + 1), seeded by the simple mean of the first n numbers.</summary>
public sealed class Ema(int period) : SeriesIndicator
{
    readonly Seeded _average = new(period, 2.0 / (period + 1.0));

    protected override double Step(double value) => _average.Next(value);

    public override void Reset() => _average.Reset();
}

/// <summary>Wilder's smoothing: weight 1/n, seeded by the simple mean of the first n numbers.</summary>
public sealed class WilderAverage(int period) : SeriesIndicator
{
    readonly Seeded _average = new(period, 1.0 / period);

    protected override double Step(double value) => _average.Next(value);

    public override void Reset() => _average.Reset();
}

/// <summary>An exponential average that begins with a simple mean.</summary>
sealed class Seeded(int period, double weight)
{
    readonly int _period = Indicator.Period(period);
    double _value;
    int _count;

    public double Next(double value)
    {
        if (_count >= _period) return _value += weight * (value - _value);
        _value += value;
        if (++_count < _period) return double.NaN;
        return _value /= _period;
    }

    public void Reset() => (_value, _count) = (0, 0);
}
