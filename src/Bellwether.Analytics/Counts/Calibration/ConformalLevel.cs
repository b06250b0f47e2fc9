using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Calibration;

/// <summary>
/// Adaptive conformal inference (Gibbs and Candès, NeurIPS 2021): the level at which intervals are cut moves with every miss and every hit, so
/// that over time the wanted share of counts lies inside, whatever the forecasts do: after T outcomes the share of misses differs from the
/// wanted one by at most (1 + γ)/(γT), as long as the level is not held at its bounds.
/// </summary>
/// <remarks>
/// Intervals are <see cref="CountDistribution.Compact"/> ones: most hours may be empty, so equal tails would hold the lower one for nothing.
/// </remarks>
public sealed class ConformalLevel
{
    const double Least = 0.0005;
    const double Most = 0.3;

    readonly double _target;
    readonly double _rate;

    /// <param name="coverage">Share of counts wanted inside, between 0.7 and 0.998.</param>
    /// <param name="rate">γ, above 0 and at most 0.2: a larger one corrects faster and makes widths restless.</param>
    public ConformalLevel(double coverage = 0.95, double rate = 0.01)
    {
        if (!(coverage is > 0.7 and < 0.998))
            throw new ArgumentOutOfRangeException(nameof(coverage), coverage, "The coverage lies between 0.7 and 0.998.");
        if (!(rate is > 0 and <= 0.2))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "The rate is above 0 and at most 0.2.");
        (_target, _rate, MissLevel) = (1 - coverage, rate, 1 - coverage);
    }

    /// <summary>The probability left outside at present; 1 − coverage at first.</summary>
    public double MissLevel { get; private set; }

    public CountInterval Interval(CountDistribution forecast) => forecast.Compact(1 - MissLevel);

    /// <summary>Takes in whether the interval given earlier held the count.</summary>
    public void Add(bool covered) => MissLevel = Math.Clamp(MissLevel + _rate * (_target - (covered ? 0 : 1)), Least, Most);
}
