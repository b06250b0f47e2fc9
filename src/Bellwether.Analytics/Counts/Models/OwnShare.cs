using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// Whether a window has lately held more of the day's posts than it used to: ln(S₁₀/S₄₀), S_h the exponentially weighted mean of the window's
/// totals relative to the level of their time, as seen from each past day. Only windows that were over by that day count.
/// </summary>
sealed class OwnShare
{
    readonly double[] _logRatios;

    public OwnShare(CountHistory history, int origin, int from, int to, ReadOnlySpan<double> logLevels, double fastDays, double slowDays)
    {
        var perDay = history.BucketsPerDay;
        var first = AnalogWindows.FirstAge(origin, to, perDay);
        _logRatios = new double[logLevels.Length];
        var (fast, slow) = (Math.Pow(2, -1 / fastDays), Math.Pow(2, -1 / slowDays));
        double fastSum = 0, fastWeight = 0, slowSum = 0, slowWeight = 0;
        for (var age = logLevels.Length - 1; age >= 0; age--)
        {
            // What was over by the day "age" days ago: windows of age + first days before the forecast one, and older.
            var known = age + first;
            (fastSum, fastWeight, slowSum, slowWeight) = (fastSum * fast, fastWeight * fast, slowSum * slow, slowWeight * slow);
            if (known < logLevels.Length && !double.IsNaN(logLevels[known])
                && history.TryTotal(from - known * perDay, to - known * perDay, out var total))
            {
                var level = Math.Exp(logLevels[known]);
                (fastSum, fastWeight, slowSum, slowWeight) = (fastSum + total, fastWeight + level, slowSum + total, slowWeight + level);
            }
            // Half a post of an even share keeps the logarithm of an empty hour finite.
            var even = Math.Max(1e-9, slowWeight) * (to - from) / perDay * 0.01;
            _logRatios[age] = slowWeight > 0 && fastWeight > 0
                ? Math.Log((fastSum + even * fastWeight / slowWeight) / fastWeight * slowWeight / (slowSum + even))
                : 0;
        }
    }

    public double LogRatio(int age) => _logRatios[age];
}
