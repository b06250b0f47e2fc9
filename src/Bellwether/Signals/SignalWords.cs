using System.Globalization;
using Bellwether.Analytics.Signals;

namespace Bellwether.Signals;

/// <summary>What a report says, in sentences.</summary>
public static class SignalWords
{
    public static string Verdict(SignalReport report)
    {
        var horizons = report.Result.Horizons;
        switch (report.Result.Verdict)
        {
            case SignalVerdict.Predicts or SignalVerdict.PredictsInversely:
                var best = horizons.Where(h => !double.IsNaN(h.AdjustedProbability)).MinBy(h => h.AdjustedProbability)!;
                var way = report.Result.Verdict == SignalVerdict.Predicts ? "goes with higher returns" : "goes with lower returns";
                return $"Over {Sessions(best.Horizon)} a higher {report.Signal} {way}: the information coefficient is {Number(best.InformationCoefficient.Value)} "
                    + $"({Interval(report, best.InformationCoefficient)}, p = {Number(best.AdjustedProbability)} allowing for the {horizons.Count} horizons tried). Costs are not counted.";
            case SignalVerdict.NoEvidence:
                return $"There is no evidence that {report.Signal} predicts returns: allowing for the {horizons.Count} horizons tried, no interval leaves 0 out. "
                    + $"{Hidden(report)}";
            default:
                return $"There is too little data to say whether {report.Signal} predicts returns: {report.Result.Horizons.Select(h => h.Dates).DefaultIfEmpty(0).Max():n0} sessions have both a signal and a return, "
                    + $"and at least {BlockBootstrap.LeastBlocks} blocks of them are needed.";
        }
    }

    /// <summary>What could still be there.</summary>
    static string Hidden(SignalReport report)
    {
        var sure = report.Result.Horizons.Where(h => !double.IsNaN(h.InformationCoefficient.Low)).MinBy(h => h.InformationCoefficient.High - h.InformationCoefficient.Low)!;
        return $"The data would leave room for an information coefficient between {Number(sure.InformationCoefficient.Low)} and {Number(sure.InformationCoefficient.High)} over {Sessions(sure.Horizon)}.";
    }

    public static string Mode(SignalReport report) => report.Result.Mode == SignalMode.CrossSection
        ? "Symbols are compared with each other on each session."
        : $"There are fewer than {report.Settings.LeastNames} symbols on most sessions, so each is compared with its own history: ranks are those of its whole history, and a coefficient of one session is a product of two of them.";

    /// <summary>Told where signals are split into fewer parts than were asked for; null otherwise.</summary>
    public static string? Parts(SignalReport report) => report.Result.Quantiles == report.Settings.Quantiles ? null
        : $"Signals are split into {report.Result.Quantiles} parts in place of {report.Settings.Quantiles}: "
            + "most sessions have fewer than two symbols for each of so many.";

    public static string Knowledge(SignalReport report) => report.Hindsight
        ? "With hindsight: signals are computed from all that is known by now, also what became known after the session, such as restated and late data. A backtest of it may be too good."
        : "Signals are computed from what was known at the close of each session and nothing later.";

    public static string Interval(SignalReport report, Estimate estimate) => double.IsNaN(estimate.Low) ? "too little data for an interval"
        : string.Create(CultureInfo.InvariantCulture, $"{report.Settings.Confidence:0.#%} interval {Number(estimate.Low)} to {Number(estimate.High)}");

    public static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.####", CultureInfo.InvariantCulture);

    public static string Percent(double value) => double.IsNaN(value) ? "–" : value.ToString("0.###%", CultureInfo.InvariantCulture);

    internal static string Sessions(int count) => count == 1 ? "one session" : $"{count} sessions";
}
