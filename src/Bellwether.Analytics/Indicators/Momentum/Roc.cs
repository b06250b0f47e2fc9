using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>Rate of change over n steps, per cent; NaN from a base of zero.</summary>
public sealed class Roc(int period) : SeriesIndicator
{
    readonly Ring _past = new(period);

    protected override double Step(double value)
    {
        var full = _past.Push(value, out var then);
        return full && then != 0 ? 100 * (value / then - 1) : double.NaN;
    }

    public override void Reset() => _past.Clear();
}
