using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>Simple moving average of the last numbers; defined from the one that fills the period.</summary>
public sealed class Sma(int period) : SeriesIndicator
{
    readonly RollingSum _sum = new(period);

    protected override double Step(double value)
    {
        _sum.Push(value);
        return _sum.IsFull ? _sum.Mean : double.NaN;
    }

    public override void Reset() => _sum.Clear();
}
