using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Scoring;

/// <summary>
/// Scores of one forecast against the count that came; lower is better. Definitions: Gneiting and Raftery, JASA 102 (2007);
/// Czado, Gneiting and Held, Biometrics 65 (2009).
/// </summary>
public static class CountScores
{
    /// <summary>Continuous ranked probability score of a count: Σ over k ≥ 0 of (F(k) − 1{k ≥ y})², in counts. Exact.</summary>
    public static double Crps(CountDistribution forecast, int actual)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(actual);
        var table = forecast.Table;
        var cumulative = table.Cumulative;
        var split = Math.Clamp(actual - table.First, 0, cumulative.Length);
        // Below the table F = 0 and above it F = 1: each count between there and the actual one adds exactly 1.
        var score = (double)Math.Max(0, table.First - actual) + Math.Max(0, actual - 1 - table.Last);
        foreach (var f in cumulative[..split])
            score += f * f;
        foreach (var f in cumulative[split..])
            score += (1 - f) * (1 - f);
        return score;
    }

    /// <summary>−ln P(actual); infinite when it was held impossible.</summary>
    public static double Log(CountDistribution forecast, int actual) => -forecast.LogPmf(actual);

    /// <summary>|actual − median|.</summary>
    public static double AbsoluteError(CountDistribution forecast, int actual) => Math.Abs(actual - forecast.Quantile(0.5));

    /// <summary>Quantile score of the p-quantile q: (1{y &lt; q} − p)·(q − y). Its mean over p in (0, 1) is half the CRPS.</summary>
    public static double Pinball(CountDistribution forecast, int actual, double p) => Pinball(forecast.Quantile(p), actual, p);

    public static double Pinball(double quantile, int actual, double p) => ((actual < quantile ? 1 : 0) - p) * (quantile - actual);

    /// <summary>
    /// Interval score of Gneiting and Raftery: width plus 2/α times the distance by which the actual count lies outside, for an interval
    /// meant to hold 1 − α.
    /// </summary>
    public static double Interval(CountInterval interval, int actual, double coverage) =>
        interval.Width + 2 / (1 - coverage) * (Math.Max(0, interval.Lower - actual) + Math.Max(0, actual - interval.Upper));
}
