using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>Commodity channel index: distance of the typical price from its mean in 0.015 mean absolute deviations; NaN where nothing moved.</summary>
/// <remarks>Lambert, 1980. Costs n additions a step: the deviation is from a mean that moves.</remarks>
public sealed class Cci(int period = 20) : Indicator(1, BarFields.Range)
{
    readonly RollingSum _typical = new(period);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        _typical.Push(bar.Typical);
        values[0] = _typical.IsFull ? Value(bar.Typical) : double.NaN;
        return true;
    }

    double Value(double typical)
    {
        var (mean, deviation) = (_typical.Mean, 0.0);
        foreach (var value in _typical.Values) deviation += Math.Abs(value - mean);
        deviation /= _typical.Count;
        // A flat window leaves deviations of the last bit.
        return deviation > Math.Abs(mean) * 1e-14 ? (typical - mean) / (0.015 * deviation) : double.NaN;
    }

    public override void Reset() => _typical.Clear();
}
