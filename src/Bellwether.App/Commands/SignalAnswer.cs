using Bellwether.Analytics.Signals;
using Bellwether.Signals;

namespace Bellwether.App.Commands;

/// <summary>A value with its interval; nulls where there is too little data.</summary>
public sealed record EstimateAnswer(double? Value, double? Low, double? High, double? P)
{
    public static EstimateAnswer Of(Estimate e) => new(SignalAnswer.Defined(e.Value), SignalAnswer.Defined(e.Low), SignalAnswer.Defined(e.High), SignalAnswer.Defined(e.Probability));
}

/// <param name="ByDate">Of each session.</param>
public sealed record HorizonAnswer(
    int Horizon, int Dates, long Pairs, int BlockLength, EstimateAnswer InformationCoefficient, double? Icir, double? PAdjusted, IReadOnlyList<double?> QuantileReturns, EstimateAnswer QuantileSpread,
    IReadOnlyList<DatedAnswer> ByDate);

/// <param name="Ic">Rank correlation across the symbols of the session; absent over time, where one session has none.</param>
/// <param name="Product">
/// Over time: product of the standard ranks of signal and return in the symbol's own history. Their mean is the coefficient; one may lie beyond 1.
/// </param>
public sealed record DatedAnswer(DateOnly Date, double? Ic, double? Product, int Symbols);

public sealed record DelayAnswer(int Delay, EstimateAnswer InformationCoefficient);

/// <summary>The answer of <c>signal report --json</c>.</summary>
public sealed record SignalAnswer(
    string Signal, string Verdict, string Says, string Mode, bool Hindsight, DateTimeOffset AsOf, IReadOnlyList<string> Symbols, IReadOnlyDictionary<string, string> Without, DateOnly? First, DateOnly? Last,
    int Quantiles, int QuantilesAsked,
    double Confidence, int Resamples, IReadOnlyList<HorizonAnswer> Horizons, IReadOnlyList<DelayAnswer> Decay, IReadOnlyList<double?> Autocorrelation, double? Turnover, string Formula)
{
    public static SignalAnswer Of(SignalReport r) => new(
        r.Signal, r.Result.Verdict switch { SignalVerdict.Predicts => "predicts", SignalVerdict.PredictsInversely => "predicts_inversely", SignalVerdict.NoEvidence => "no_evidence", _ => "too_little_data" },
        SignalWords.Verdict(r), r.Result.Mode == SignalMode.CrossSection ? "cross_section" : "time_series", r.Hindsight, r.KnownBy, r.Symbols, r.Without, r.First, r.Last, r.Result.Quantiles, r.Settings.Quantiles, r.Settings.Confidence,
        r.Settings.Resamples,
        [.. r.Result.Horizons.Select(h => new HorizonAnswer(h.Horizon, h.Dates, h.Pairs, h.Block, EstimateAnswer.Of(h.InformationCoefficient), Defined(h.InformationRatio), Defined(h.AdjustedProbability),
            [.. h.QuantileReturns.Select(Defined)], EstimateAnswer.Of(h.Spread), [.. h.ByDate.Select(d => Dated(d, r.Result.Mode))]))],
        [.. r.Result.Delays.Select(d => new DelayAnswer(d.Delay, EstimateAnswer.Of(d.InformationCoefficient)))], [.. r.Result.Autocorrelation.Select(Defined)], Defined(r.Result.Turnover), r.Formula);

    static DatedAnswer Dated(DatedCoefficient d, SignalMode mode) => mode == SignalMode.CrossSection
        ? new(d.Date, d.Value, null, d.Names) : new(d.Date, null, d.Value, d.Names);

    internal static double? Defined(double value) => double.IsFinite(value) ? value : null;
}
