using Bellwether.Analytics.Counts.Scoring;

namespace Bellwether.Analytics.Counts.Backtesting;

/// <summary>How a model did at a horizon: means over the targets. Lower is better, except for coverage, which is to be 0.95.</summary>
/// <param name="Count">Targets; those that touch an outage are not among them.</param>
/// <param name="Crps">In counts.</param>
/// <param name="LogScore">−ln P.</param>
/// <param name="Mae">Of the median, in counts.</param>
/// <param name="Mase">
/// Mae over that of last week's count of the same window, in the year before the stretch; NaN where there is none.
/// </param>
/// <param name="Pinball">Mean over the quantiles of the plan.</param>
/// <param name="Coverage95">Share of counts inside the 95 % interval, both ends included.</param>
/// <param name="Width95">Mean of upper − lower.</param>
/// <param name="Pit">PIT histogram.</param>
/// <param name="AgainstReference">
/// Test of equal CRPS with the reference, day by day of origin (the mean of a day's hours); null for the reference itself.
/// </param>
public sealed record BacktestRow(string Model, string Horizon, int Count, double Crps, double LogScore, double Mae, double Mase, double Pinball,
    double Coverage95, double Width95, PitHistogram Pit, DieboldMariano? AgainstReference);
