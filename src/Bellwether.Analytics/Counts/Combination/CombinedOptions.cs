using Bellwether.Analytics.Counts.Models;
using Bellwether.Analytics.Counts.Regression;

namespace Bellwether.Analytics.Counts.Combination;

/// <summary>Settings of the default forecast.</summary>
public sealed record CombinedOptions
{
    /// <summary>The models that are combined; two at least, with different names.</summary>
    public IReadOnlyList<ICountModel> Experts { get; init; } = DefaultExperts;

    /// <summary>Days after which a model is fitted again; 1 to 365.</summary>
    public int RefitDays { get; init; } = 14;

    /// <summary>Days of forecasts that are replayed before the first one that is asked for, to learn weights and calibration from.</summary>
    public int WarmUpDays { get; init; } = 180;

    /// <summary>Half-life of what the weights are learnt from, days.</summary>
    public double WeightHalfLifeDays { get; init; } = 180;

    /// <summary>Half-life of what the calibration is learnt from, days.</summary>
    public double CalibrationHalfLifeDays { get; init; } = 240;

    /// <summary>Forecasts that an even PIT is worth.</summary>
    public double CalibrationPrior { get; init; } = 300;

    /// <summary>Penalty of the stack: see <see cref="CrpsStack"/>.</summary>
    public double Ridge { get; init; } = 0.05;

    /// <summary>Coverage that the intervals are steered to.</summary>
    public double Coverage { get; init; } = 0.95;

    /// <summary>γ of the intervals, for one outcome a day; hours share it among them.</summary>
    public double ConformalRate { get; init; } = 0.02;

    /// <summary>
    /// Levels that forget fast and slowly, which is what answers a change of regime, and regressions. Chosen on the years before the one that the
    /// documentation evaluates: models left out did worse there at every horizon and added nothing to the pool.
    /// </summary>
    public static IReadOnlyList<ICountModel> DefaultExperts { get; } =
    [
        new EwLevelModel(2), new EwLevelModel(5), new EwLevelModel(12), new EwLevelModel(30), new HarModel(),
        new GlmModel(CountFamily.NegativeBinomial),
    ];

    /// <summary>The models that are measured beside the combination without being part of it.</summary>
    /// <param name="unixSeconds">The posts themselves for the Hawkes process, ascending; empty leaves it out.</param>
    public static IReadOnlyList<ICountModel> OtherModels(ReadOnlySpan<double> unixSeconds = default) =>
    [
        EwWindowModel.Reference, new SeasonalNaive(), new GlmModel(CountFamily.Poisson), new IngarchModel(CountFamily.Poisson),
        new IngarchModel(CountFamily.NegativeBinomial), .. unixSeconds.IsEmpty ? [] : (ICountModel[])[new HawkesModel(unixSeconds)],
    ];

    internal void Require()
    {
        if (Experts.Count < 2 || Experts.Select(e => e.Name).Distinct().Count() != Experts.Count)
            throw new ArgumentException("A combination takes two models at least, each with a name of its own.", nameof(Experts));
        if (RefitDays is < 1 or > 365 || WarmUpDays is < 0 or > 3650)
            throw new ArgumentException($"{this}: fitting again is every 1 to 365 days, the replay 0 to 3650 days long.");
        if (!(WeightHalfLifeDays > 0 && CalibrationHalfLifeDays > 0))
            throw new ArgumentException($"{this}: half-lives are above 0 days.");
    }
}
