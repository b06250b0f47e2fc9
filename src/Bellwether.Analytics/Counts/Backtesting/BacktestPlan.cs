using System.Globalization;
using Bellwether.Analytics.Counts.Combination;

namespace Bellwether.Analytics.Counts.Backtesting;

/// <summary>What is backtested.</summary>
public sealed record BacktestPlan
{
    /// <summary>The first origin; the others follow day by day at the same time of day.</summary>
    public required int From { get; init; }

    /// <summary>
    /// The end of the stretch: every target window ends at it or before. It may lie beyond the history; targets that do are left out.
    /// </summary>
    public required int To { get; init; }

    public IReadOnlyList<BacktestHorizon> Horizons { get; init; } =
        [BacktestHorizon.Parse("1h"), BacktestHorizon.Parse("1d"), BacktestHorizon.Parse("7d")];

    /// <summary>The combination, whose experts are in the table too; also says how often models are fitted again.</summary>
    public CombinedOptions Combined { get; init; } = new();

    /// <summary>Models that are measured without being part of the combination.</summary>
    public IReadOnlyList<ICountModel> Others { get; init; } = [];

    /// <summary>Probabilities of which the pinball loss is the mean.</summary>
    public IReadOnlyList<double> Quantiles { get; init; } = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];

    internal void Require(CountHistory history)
    {
        if (From < 0 || From >= To || From > history.Length)
            throw new ArgumentException($"The stretch is [{From}, {To}); expected 0 ≤ from < to, and from at most {history.Length}.");
        if (Horizons.Count == 0 || Quantiles.Any(q => !(q is > 0 and < 1)))
            throw new ArgumentException("There is a horizon at least, and quantiles lie between 0 and 1.");
        if (history.BucketsPerDay == 1 && Horizons.Any(h => h.Hourly))
            throw new ArgumentException("Counts by the day cannot be forecast by the hour; import them by the hour or ask for days.");
    }
}

/// <summary>What is forecast at each origin.</summary>
/// <param name="Name">As given: <c>1h</c>, <c>1d</c>, <c>7d</c>.</param>
/// <param name="Hourly">True for the 24 counts of single hours; false for one total.</param>
/// <param name="Days">Days that a total spans; 1 for hours.</param>
public sealed record BacktestHorizon(string Name, bool Hourly, int Days)
{
    /// <summary>
    /// <c>1h</c> is each of the 24 hours after the origin, <c>1d</c> to <c>60d</c> the total of so many days.
    /// Throws <see cref="FormatException"/> for anything else.
    /// </summary>
    public static BacktestHorizon Parse(string text) =>
        text == "1h" ? new(text, true, 1)
        : text.EndsWith('d') && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var days)
            && days is >= 1 and <= 60 ? new(text, false, days)
        : throw new FormatException($"'{text}' is no horizon; expected 1h, or 1d to 60d.");

    internal IEnumerable<(int From, int To)> Windows(int origin, int perDay) =>
        Hourly ? Enumerable.Range(origin, perDay).Select(hour => (hour, hour + 1)) : [(origin, origin + Days * perDay)];
}
