namespace Bellwether.Analytics.Indicators;

/// <summary>Moving average convergence and divergence: line (fast EMA − slow EMA), signal (EMA of the line), histogram (line − signal).</summary>
/// <remarks>Appel; each average is seeded by its own simple mean.</remarks>
public sealed class Macd(int fast = 12, int slow = 26, int signal = 9) : Indicator(3, BarFields.Close)
{
    readonly Ema _fast = new(fast), _slow = new(slow), _signal = new(signal);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var line = _fast.Next(bar.Close) - _slow.Next(bar.Close);
        // Before the slow average is defined there is no line, and the signal has nothing to average.
        var smooth = double.IsNaN(line) ? double.NaN : _signal.Next(line);
        values[2] = line - smooth;
        values[1] = smooth;
        values[0] = line;
        return true;
    }

    public override void Reset()
    {
        _fast.Reset();
        _slow.Reset();
        _signal.Reset();
    }
}
