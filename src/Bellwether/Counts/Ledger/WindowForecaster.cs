using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Scoring;
using Bellwether.Counts.Registry;
using Npgsql;

namespace Bellwether.Counts.Ledger;

/// <summary>A question about one window.</summary>
public sealed record WindowRequest
{
    public required string Account { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    public CountingProfile Profile { get; init; } = CountingProfile.All;

    public string Model { get; init; } = ModelCatalog.Default;

    /// <summary>
    /// Only what was posted before counts. Null: to the end of what was observed, or, where the window is over, before it begins.
    /// </summary>
    public DateTimeOffset? At { get; init; }

    public CountRanges? Ranges { get; init; }

    /// <summary>Market prices of the ranges, in any unit: they are scaled to sum to 1.</summary>
    public IReadOnlyList<double>? Prices { get; init; }

    /// <summary>Whether the belief goes to the ledger; one about a window that is over never does.</summary>
    public bool Record { get; init; } = true;
}

/// <param name="Price">The market's probability; null without prices.</param>
/// <param name="Edge">Probability minus price.</param>
public sealed record RangeProbability(string Range, double Probability, double? Price, double? Edge);

/// <summary>Scores of probabilities against the range that came; lower is better.</summary>
/// <param name="Brier">Over all ranges, 0 to 2.</param>
/// <param name="Log">−ln of the probability of what came; null where that was 0.</param>
public sealed record RangeScores(string Outcome, double Brier, double? Log, double? MarketBrier, double? MarketLog);

/// <summary>What is believed about a window.</summary>
/// <param name="Hours">Length of the window; 23 or 25 for a day on which the clocks change.</param>
/// <param name="Quantiles">Counts by probability.</param>
/// <param name="Crps">Of this belief, where the count is known.</param>
public sealed record WindowForecast(
    string Account, string Profile, string ModelName, string ModelVersion, DateTimeOffset From, DateTimeOffset To, double Hours, DateTimeOffset ForecastTime, int CountSoFar,
    double PredictedCount, int MedianCount, [property: System.Text.Json.Serialization.JsonPropertyName("lower_bound_95")] int LowerBound95,
    [property: System.Text.Json.Serialization.JsonPropertyName("upper_bound_95")] int UpperBound95, IReadOnlyDictionary<string, int> Quantiles, IReadOnlyList<RangeProbability>? Ranges,
    int? ActualCount, double? Crps, RangeScores? Scores, bool Recorded)
{
    /// <summary>Number of the ledger's row; null where nothing was recorded.</summary>
    public long? Id { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public CountDistribution? Distribution { get; init; }
}

/// <summary>Forecasts the total of any window, also of one that has begun, and scores what was believed and what the market did when it is over.</summary>
public sealed class WindowForecaster(NpgsqlDataSource dataSource, string folder, TimeProvider time)
{
    static readonly double[] Probabilities = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975];

    public async Task<WindowForecast> RunAsync(WindowRequest request, CancellationToken cancellationToken)
    {
        if (request.Prices is not null && request.Prices.Count != request.Ranges?.Names.Count)
            throw CountsException.Input($"There are {request.Prices.Count} prices for {request.Ranges?.Names.Count ?? 0} ranges; give one each.");
        var forecaster = new Forecaster(dataSource, folder, time);
        var posts = await forecaster.LoadAsync(request.Account, request.Profile, cancellationToken).ConfigureAwait(false);
        var until = posts.Account.ObservedUntil ?? posts.Account.Hours.Until;
        var origin = CountsClock.Cut(request.At ?? (until >= request.To ? request.From : until));
        var version = await forecaster.VersionAsync(posts, request.Model, origin, cancellationToken).ConfigureAwait(false);
        var belief = await Belief.FormAsync(posts, version, origin, cancellationToken).ConfigureAwait(false);
        var made = Forecaster.Make(belief, "window", request.From, request.To);
        var actual = posts.Count(request.From, request.To);
        var record = request.Record && actual is null;
        var id = record ? (await new ForecastLedger(dataSource, time).AddAsync(version, [made], cancellationToken).ConfigureAwait(false))[0].Id : (long?)null;
        var (ranges, scores) = Ranges(request, made.Distribution, actual);
        return new(request.Account, request.Profile.Name, version.ModelName, version.Version, request.From, request.To, Math.Round((request.To - request.From).TotalHours, 6), origin,
            made.CountSoFar, made.Distribution.Mean, made.Distribution.Quantile(0.5), made.Interval.Lower, made.Interval.Upper,
            Probabilities.ToDictionary(p => p.ToString(System.Globalization.CultureInfo.InvariantCulture), p => made.Distribution.Quantile(p)), ranges, actual,
            actual is { } count ? CountScores.Crps(made.Distribution, count) : null, scores, record)
        { Id = id, Distribution = made.Distribution };
    }

    static (IReadOnlyList<RangeProbability>? Ranges, RangeScores? Scores) Ranges(WindowRequest request, CountDistribution distribution, int? actual)
    {
        if (request.Ranges is not { } ranges) return (null, null);
        double[] ours, market = [];
        try
        {
            ours = CategoryScores.Probabilities(distribution, ranges.Edges);
            if (request.Prices is { } prices) market = CategoryScores.FromPrices([.. prices]);
        }
        catch (ArgumentException error)
        {
            throw CountsException.Input(error.Message.Split(" (Parameter")[0], null, error);
        }
        RangeProbability[] told = [.. ranges.Names.Select((name, i) => new RangeProbability(name, ours[i], market.Length > 0 ? market[i] : null, market.Length > 0 ? ours[i] - market[i] : null))];
        if (actual is not { } count) return (told, null);
        var outcome = CategoryScores.CategoryOf(count, ranges.Edges);
        return (told, new(ranges.Names[outcome], CategoryScores.Brier(ours, outcome), CountsSql.Finite(CategoryScores.Log(ours, outcome)),
            market.Length > 0 ? CategoryScores.Brier(market, outcome) : null, market.Length > 0 ? CountsSql.Finite(CategoryScores.Log(market, outcome)) : null));
    }
}
