using MathNet.Numerics.Distributions;

namespace Bellwether.Analytics.Counts.Scoring;

/// <summary>
/// Test of equal accuracy of two forecasts: Diebold and Mariano, Journal of Business and Economic Statistics 13 (1995), with the
/// small-sample correction of Harvey, Leybourne and Newbold, International Journal of Forecasting 13 (1997).
/// </summary>
/// <param name="MeanDifference">Mean loss of the first minus mean loss of the second: below 0, the first is better.</param>
/// <param name="StandardError">Of the mean difference, from the long-run variance.</param>
/// <param name="Statistic">Corrected; compared with Student's t of n − 1 degrees of freedom.</param>
/// <param name="PValue">Two-sided.</param>
public readonly record struct DieboldMariano(double MeanDifference, double StandardError, double Statistic, double PValue, int Count)
{
    /// <param name="first">Losses in time order.</param>
    /// <param name="second">Losses of the other forecast on the same targets.</param>
    /// <param name="horizon">
    /// Steps that a target spans, h ≥ 1: 7 for seven-day totals issued daily, whose errors share six days with their neighbours.
    /// </param>
    /// <param name="lags">
    /// Autocovariances counted, by default max(h − 1, ⌊4(n/100)^(2/9)⌋): the overlap, or Newey and West's rule (1994) where that is longer.
    /// </param>
    /// <param name="kernel">Weights of the autocovariances.</param>
    public static DieboldMariano Test(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int horizon = 1, int? lags = null,
        HacKernel kernel = HacKernel.Bartlett)
    {
        if (first.Length != second.Length)
            throw new ArgumentException($"{first.Length} losses against {second.Length}; expected one each.", nameof(second));
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        if (lags is < 0)
            throw new ArgumentOutOfRangeException(nameof(lags), lags, "The number of lags is at least 0.");
        var n = first.Length;
        if (n < 3)
            return new(n == 0 ? double.NaN : Mean(first, second), double.NaN, double.NaN, double.NaN, n);
        var mean = Mean(first, second);
        var used = Math.Min(lags ?? Math.Max(horizon - 1, (int)Math.Floor(4 * Math.Pow(n / 100.0, 2.0 / 9))), n - 1);
        var variance = Autocovariance(first, second, mean, 0);
        for (var lag = 1; lag <= used; lag++)
            variance += 2 * (kernel == HacKernel.Bartlett ? 1 - lag / (used + 1.0) : 1) * Autocovariance(first, second, mean, lag);
        if (!(variance > 0))
            return new(mean, variance == 0 ? 0 : double.NaN, double.NaN, double.NaN, n);
        var error = Math.Sqrt(variance / n);
        var h = Math.Min(horizon, n);
        var correction = Math.Sqrt(Math.Max(0, (n + 1 - 2.0 * h + h * (h - 1.0) / n) / n));
        var statistic = mean / error * correction;
        return new(mean, error, statistic, 2 * StudentT.CDF(0, 1, n - 1, -Math.Abs(statistic)), n);
    }

    static double Mean(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
            sum += first[i] - second[i];
        return sum / first.Length;
    }

    static double Autocovariance(ReadOnlySpan<double> first, ReadOnlySpan<double> second, double mean, int lag)
    {
        var sum = 0.0;
        for (var i = lag; i < first.Length; i++)
            sum += (first[i] - second[i] - mean) * (first[i - lag] - second[i - lag] - mean);
        return sum / first.Length;
    }
}

/// <summary>How autocovariances are weighted in a long-run variance.</summary>
public enum HacKernel
{
    /// <summary>Falling in a straight line (Newey and West, Econometrica 55, 1987); never negative in sum.</summary>
    Bartlett,

    /// <summary>All alike, as in the original test; may come out negative, and then there is no statistic.</summary>
    Uniform,
}
