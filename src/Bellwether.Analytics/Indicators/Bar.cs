namespace Bellwether.Analytics.Indicators;

/// <summary>What one step of an indicator sees: prices and volume of one interval, oldest first.</summary>
/// <param name="Volume">Shares, contracts or coins; never negative.</param>
public readonly record struct Bar(double Open, double High, double Low, double Close, double Volume)
{
    /// <summary>Close of the series that beta and correlation compare with, at the same time; NaN where there is none.</summary>
    public double Benchmark { get; init; } = double.NaN;

    /// <summary>Number of the trading session; what is anchored at the open begins anew when it changes.</summary>
    public int Session { get; init; }

    /// <summary>(high + low + close) / 3.</summary>
    public double Typical => (High + Low + Close) / 3;
}
