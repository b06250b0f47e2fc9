using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>Linearly weighted moving average: weight n for the newest number, 1 for the oldest.</summary>
public sealed class Wma(int period) : SeriesIndicator
{
    readonly Ring _ring = new(period);
    CompensatedSum _sum, _weighted;

    protected override double Step(double value)
    {
        // Each step lowers the weight of all that is there by one: the plain sum leaves the weighted one, then the newest comes in with n.
        if (_ring.Push(value, out var leaving))
        {
            _weighted.AddProduct(period, value);
            _weighted.Subtract(in _sum);
            _sum.Add(-leaving);
        }
        else
        {
            _weighted.AddProduct(_ring.Count, value);
        }
        _sum.Add(value);
        return _ring.IsFull ? _weighted.Value / (period * (period + 1.0) / 2) : double.NaN;
    }

    public override void Reset()
    {
        _ring.Clear();
        (_sum, _weighted) = (default, default);
    }
}
