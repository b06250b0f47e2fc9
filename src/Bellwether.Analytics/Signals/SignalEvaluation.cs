namespace Bellwether.Analytics.Signals;

public enum SignalMode
{
    /// <summary>Names are compared with each other on each date.</summary>
    CrossSection,

    /// <summary>Too few names for that: each is compared with itself over time.</summary>
    TimeSeries,
}

public enum SignalVerdict
{
    TooLittleData,

    /// <summary>No horizon has an interval that, for so many horizons tried, leaves 0 out.</summary>
    NoEvidence,

    Predicts,

    /// <summary>The other way round.</summary>
    PredictsInversely,
}

/// <summary>How a signal is judged.</summary>
public sealed record SignalSettings
{
    /// <summary>In dates of the panel.</summary>
    public IReadOnlyList<int> Horizons { get; init; } = [1, 5, 10, 20];

    /// <summary>Delays at which one-date returns are looked at.</summary>
    public int Delays { get; init; } = 10;

    /// <summary>At most so many; fewer where there are fewer than two names for each.</summary>
    public int Quantiles { get; init; } = 5;

    /// <summary>With fewer on most dates they are not compared with each other.</summary>
    public int LeastNames { get; init; } = 5;

    /// <summary>Dates that a name must have to be compared with itself.</summary>
    public int LeastDates { get; init; } = 30;

    public int Resamples { get; init; } = 2_000;

    public double Confidence { get; init; } = 0.95;

    public int Seed { get; init; } = 1;
}

/// <param name="Value">
/// Rank correlation of the date; over time a product of standard ranks, whose mean is one and which may itself lie beyond 1.
/// </param>
/// <param name="Names">Names that it is of.</param>
public readonly record struct DatedCoefficient(DateOnly Date, double Value, int Names);

/// <summary>A signal against the returns of one horizon.</summary>
/// <param name="Block">Dates of one block of the bootstrap.</param>
/// <param name="InformationCoefficient">Mean rank correlation of signal and return.</param>
/// <param name="InformationRatio">Mean over standard deviation of the coefficients by date (ICIR), not annualised.</param>
/// <param name="AdjustedProbability">For the number of horizons tried (Holm).</param>
/// <param name="QuantileReturns">Mean return of the names, or dates, with the lowest to the highest signal.</param>
/// <param name="Spread">Highest less lowest.</param>
public sealed record HorizonResult(
    int Horizon, int Dates, long Pairs, int Block, Estimate InformationCoefficient, double InformationRatio, double AdjustedProbability,
    IReadOnlyList<double> QuantileReturns, Estimate Spread, IReadOnlyList<DatedCoefficient> ByDate);

/// <param name="Delay">Dates between the entry and the one-date return.</param>
public readonly record struct DelayResult(int Delay, Estimate InformationCoefficient);

/// <param name="Autocorrelation">Rank correlation of the signal with itself 1, 2, … dates later.</param>
/// <param name="Turnover">Share of the highest quantile that is new on a date; NaN where it is not defined.</param>
public sealed record SignalResult(
    SignalMode Mode, int Dates, int Names, int Quantiles, IReadOnlyList<HorizonResult> Horizons, IReadOnlyList<DelayResult> Delays,
    IReadOnlyList<double> Autocorrelation, double Turnover, SignalVerdict Verdict);

/// <summary>Whether a signal predicts returns.</summary>
public static partial class SignalEvaluation
{
    public const string Formula = "signal-report-v1";

    public static SignalResult Run(SignalPanel panel, SignalSettings settings)
    {
        var mode = Mode(panel, settings);
        var quantiles = mode == SignalMode.TimeSeries ? settings.Quantiles : Math.Clamp((int)(MedianNames(panel) / 2), 2, settings.Quantiles);
        var bootstrap = new BlockBootstrap(settings.Resamples, settings.Confidence, settings.Seed);
        var horizons = Holm([.. settings.Horizons.Select(h => Horizon(panel, mode, h, quantiles, settings, bootstrap))]);
        var delays = Enumerable.Range(0, settings.Delays).Select(delay =>
        {
            var dated = Coefficients(panel, mode, delay, 1, settings);
            return new DelayResult(delay, Mean(dated, BlockBootstrap.BlockLength(dated.Count, 1), bootstrap));
        }).ToArray();
        return new(mode, panel.Dates.Count, panel.Names.Count, quantiles, horizons, delays,
            [.. Enumerable.Range(1, settings.Delays).Select(lag => Autocorrelation(panel, mode, lag, settings))], Turnover(panel, mode, quantiles, settings), Verdict(horizons, settings));
    }

    static HorizonResult Horizon(SignalPanel panel, SignalMode mode, int horizon, int quantiles, SignalSettings settings, BlockBootstrap bootstrap)
    {
        var dated = Coefficients(panel, mode, 0, horizon, settings);
        var block = BlockBootstrap.BlockLength(dated.Count, horizon);
        var ic = Mean(dated, block, bootstrap);
        var rows = QuantileRows(panel, mode, horizon, quantiles, settings);
        var totals = new double[2 * quantiles];
        foreach (var row in rows)
            for (var k = 0; k < totals.Length; k++) totals[k] += row[k];
        double Return(double[] sums, int quantile) => sums[2 * quantile + 1] > 0 ? sums[2 * quantile] / sums[2 * quantile + 1] : double.NaN;
        var spread = bootstrap.Of(rows, block, sums => Return(sums, quantiles - 1) - Return(sums, 0));
        return new(horizon, dated.Count, dated.Sum(d => (long)d.Names), block, ic, Ratio(dated), double.NaN,
            [.. Enumerable.Range(0, quantiles).Select(q => Return(totals, q))], spread, dated);
    }

    /// <summary>Every date counts alike.</summary>
    static Estimate Mean(IReadOnlyList<DatedCoefficient> dated, int block, BlockBootstrap bootstrap) => bootstrap.Of(
        [.. dated.Select(d => new[] { d.Value, 1.0 })], block, sums => sums[1] > 0 ? sums[0] / sums[1] : double.NaN, correlation: true);

    static double Ratio(IReadOnlyList<DatedCoefficient> dated)
    {
        if (dated.Count < 2) return double.NaN;
        var mean = dated.Average(d => d.Value);
        var deviation = Math.Sqrt(dated.Sum(d => (d.Value - mean) * (d.Value - mean)) / (dated.Count - 1));
        return deviation > 0 ? mean / deviation : double.NaN;
    }

    static HorizonResult[] Holm(HorizonResult[] results)
    {
        var (worst, tried) = (0.0, results.Count(r => !double.IsNaN(r.InformationCoefficient.Probability)));
        foreach (var (result, place) in results.Where(r => !double.IsNaN(r.InformationCoefficient.Probability)).OrderBy(r => r.InformationCoefficient.Probability).Select((r, i) => (r, i)).ToArray())
        {
            worst = Math.Max(worst, Math.Min(1, (tried - place) * result.InformationCoefficient.Probability));
            results[Array.IndexOf(results, result)] = result with { AdjustedProbability = worst };
        }
        return results;
    }

    static SignalVerdict Verdict(IReadOnlyList<HorizonResult> horizons, SignalSettings settings)
    {
        var judged = horizons.Where(h => !double.IsNaN(h.AdjustedProbability)).ToArray();
        if (judged.Length == 0) return SignalVerdict.TooLittleData;
        var best = judged.MinBy(h => h.AdjustedProbability)!;
        return best.AdjustedProbability >= 1 - settings.Confidence ? SignalVerdict.NoEvidence
            : best.InformationCoefficient.Value > 0 ? SignalVerdict.Predicts : SignalVerdict.PredictsInversely;
    }
}
