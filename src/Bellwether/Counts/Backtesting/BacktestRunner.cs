using Bellwether.Analytics.Counts.Backtesting;
using Bellwether.Analytics.Counts.Combination;
using Bellwether.Analytics.Counts.Models;
using Bellwether.Counts.Gaps;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;
using Npgsql;

namespace Bellwether.Counts.Backtesting;

/// <summary>What is backtested.</summary>
public sealed record BacktestRequest
{
    public required string Account { get; init; }

    /// <summary>The first midnight at which forecasts are issued, UTC.</summary>
    public required DateOnly From { get; init; }

    /// <summary>The last day that is a target, included.</summary>
    public required DateOnly To { get; init; }

    public CountingProfile Profile { get; init; } = CountingProfile.All;

    public IReadOnlyList<string> Horizons { get; init; } = ["1h", "1d", "7d"];

    /// <summary>Days after which models are fitted again.</summary>
    public int RefitDays { get; init; } = 14;

    /// <summary>False: only the default model, its parts and the reference.</summary>
    public bool AllModels { get; init; } = true;
}

/// <summary>How a model did at a horizon: means over the targets. Lower is better, except for coverage, which is to be 0.95.</summary>
/// <param name="N">Targets.</param>
/// <param name="CrpsGain">Share of the reference's CRPS that is saved.</param>
/// <param name="DmStatistic">Diebold–Mariano against the reference; below 0 the model is better.</param>
/// <param name="Pit">PIT histogram, heights relative to even.</param>
public sealed record BacktestResult(
    string Model, string Horizon, int N, double? Crps, double? LogScore, double? Mae, double? Coverage95, double? Width95, double? Mase, double? Pinball, double? CrpsGain,
    double? DmStatistic, double? DmPValue, IReadOnlyList<double>? Pit);

/// <summary>Rolling-origin evaluation on stored posts: at every midnight each model forecasts from what had been posted by then.</summary>
public sealed class BacktestRunner(NpgsqlDataSource dataSource, TimeProvider time)
{
    const string Reference = "reference";

    /// <summary>Silences between the dates of the last run that look like outages: they were neither learnt from nor scored.</summary>
    public IReadOnlyList<SuspiciousSilence> LeftOut { get; private set; } = [];

    /// <summary>Best CRPS first within a horizon, the default model's row always among them as <c>combined</c>.</summary>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    public async Task<IReadOnlyList<BacktestResult>> RunAsync(BacktestRequest request, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var horizons = Horizons(request);
        var posts = await new Forecaster(dataSource, "", time).LoadAsync(request.Account, request.Profile, cancellationToken).ConfigureAwait(false);
        var (from, end) = (Midnight(request.From), Midnight(request.To.AddDays(1)));
        if (end <= from) throw CountsException.Input($"The stretch ends on {request.To:yyyy-MM-dd}, before it begins on {request.From:yyyy-MM-dd}.");
        var (first, until) = posts.Account.Hours;
        if (from < first.AddDays(2) || from >= until)
            throw new CountsException(CountsProblem.NotEnough, $"{request.Account} was observed from {first:u} to {until:u}; forecasts from {request.From:yyyy-MM-dd} on need two days before and one after.");
        var grid = posts.Grid(from, CountsClock.Min(end, until));
        LeftOut = [.. posts.LeftOut(CountsClock.Min(end, until)).Where(s => s.To > from)];
        var plan = new BacktestPlan
        {
            From = grid.At(from).Bucket,
            To = grid.At(end).Bucket,
            Horizons = horizons,
            Combined = new() { RefitDays = request.RefitDays },
            Others = request.AllModels ? CombinedOptions.OtherModels(grid.Seconds) : [EwWindowModel.Reference],
        };
        var rows = await Task.Run(() => CountBacktest.Run(grid.History, plan, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        return [.. rows.Select(row => Result(row, rows.First(r => r.Horizon == row.Horizon && r.Model == Reference)))];
    }

    static BacktestResult Result(BacktestRow row, BacktestRow reference) => new(
        row.Model, row.Horizon, row.Count, CountsSql.Finite(row.Crps), CountsSql.Finite(row.LogScore), CountsSql.Finite(row.Mae), CountsSql.Finite(row.Coverage95),
        CountsSql.Finite(row.Width95), CountsSql.Finite(row.Mase), CountsSql.Finite(row.Pinball), CountsSql.Finite(1 - row.Crps / reference.Crps),
        row.AgainstReference is { } test ? CountsSql.Finite(test.Statistic) : null, row.AgainstReference is { } same ? CountsSql.Finite(same.PValue) : null,
        row.Count > 0 ? row.Pit.Heights() : null);

    static IReadOnlyList<BacktestHorizon> Horizons(BacktestRequest request)
    {
        if (request.RefitDays is < 1 or > 365) throw CountsException.Input($"Models cannot be fitted again every {request.RefitDays} days; give 1 to 365.");
        if (request.Horizons.Distinct().Count() != request.Horizons.Count) throw CountsException.Input($"A horizon is named twice: {string.Join(", ", request.Horizons)}.");
        return Forecaster.Horizons(request.Horizons);
    }

    static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
