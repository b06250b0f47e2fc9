using Bellwether.Analytics.Counts.Backtesting;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Registry;
using Npgsql;

namespace Bellwether.Counts.Ledger;

/// <summary>What is forecast.</summary>
public sealed record ForecastRequest
{
    public required string Account { get; init; }

    public CountingProfile Profile { get; init; } = CountingProfile.All;

    public string Model { get; init; } = ModelCatalog.Default;

    /// <summary><c>1h</c>: the next 24 hours one by one; <c>1d</c>: seven days one by one, the one that has begun first; <c>7d</c> and other numbers: the total of so many days from the origin on.</summary>
    public IReadOnlyList<string> Horizons { get; init; } = ["1h", "1d", "7d"];

    /// <summary>Only what was posted before counts; null: to the end of what was observed. Cut to the whole hour.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Whose days the days are.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>False: say it, and leave the ledger as it is.</summary>
    public bool Record { get; init; } = true;
}

/// <summary>Forms beliefs and records them.</summary>
public sealed class Forecaster(NpgsqlDataSource dataSource, string folder, TimeProvider time)
{
    const int Hours = 24;
    const int Days = 7;

    public async Task<IReadOnlyList<ForecastRow>> RunAsync(ForecastRequest request, CancellationToken cancellationToken)
    {
        var horizons = Horizons(request.Horizons);
        var posts = await LoadAsync(request.Account, request.Profile, cancellationToken).ConfigureAwait(false);
        var origin = CountsClock.FloorHour(request.At ?? posts.Account.Hours.Until);
        var version = await VersionAsync(posts, request.Model, origin, cancellationToken).ConfigureAwait(false);
        var belief = await Belief.FormAsync(posts, version, origin, cancellationToken).ConfigureAwait(false);
        var forecasts = await Task.Run(() => horizons.SelectMany(h => Targets(h, origin, request.Zone).Select(target => Make(belief, h.Name, target.From, target.To))).ToList(), cancellationToken)
            .ConfigureAwait(false);
        var ledger = new ForecastLedger(dataSource, time);
        if (!request.Record) return Unrecorded(version, forecasts);
        var rows = await ledger.AddAsync(version, forecasts, cancellationToken).ConfigureAwait(false);
        await ledger.FillAsync(request.Account, cancellationToken).ConfigureAwait(false);
        return rows;
    }

    internal async Task<AccountPosts> LoadAsync(string account, CountingProfile profile, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await AccountPosts.LoadAsync(connection, account, profile, null, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The newest version that had not seen the origin; where there is none, one is trained at the origin, without being measured.</summary>
    internal async Task<ModelVersion> VersionAsync(AccountPosts posts, string model, DateTimeOffset origin, CancellationToken cancellationToken)
    {
        ModelCatalog.Require(model);
        return await new ModelRegistry(dataSource).LatestAsync(posts.Account.Account, posts.Profile, model, origin, cancellationToken).ConfigureAwait(false)
            ?? await new ModelTrainer(dataSource, folder, time).TrainAsync(posts, model, null, origin, 0, null, cancellationToken).ConfigureAwait(false);
    }

    internal static NewForecast Make(Belief belief, string horizon, DateTimeOffset from, DateTimeOffset to)
    {
        var (total, interval, soFar) = belief.About(from, to);
        return new(horizon, belief.Origin, from, to, total, interval, soFar);
    }

    internal IReadOnlyList<ForecastRow> Unrecorded(ModelVersion version, IReadOnlyList<NewForecast> forecasts) =>
        [.. forecasts.Select(f => new ForecastRow(0, version.Account, version.Profile, version.ModelName, version.Version, f.Horizon, f.ForecastTime, f.TargetTime, f.TargetEnd,
            f.Distribution.Mean, f.Distribution.Quantile(0.5), f.Interval.Lower, f.Interval.Upper, f.CountSoFar, null, null, time.Now(), time.Now() - f.ForecastTime > ForecastLedger.LiveWithin)
        { Distribution = f.Distribution.Table })];

    /// <exception cref="CountsException">One of them is no horizon.</exception>
    public static IReadOnlyList<BacktestHorizon> Horizons(IReadOnlyList<string> names)
    {
        try
        {
            return names.Count > 0 ? [.. names.Select(BacktestHorizon.Parse)] : throw CountsException.Input("No horizon is named.", "Name 1h, or 1d to 60d.");
        }
        catch (FormatException error)
        {
            throw CountsException.Input(error.Message, null, error);
        }
    }

    static IEnumerable<CountWindow> Targets(BacktestHorizon horizon, DateTimeOffset origin, TimeZoneInfo zone)
    {
        if (horizon.Hourly) return Enumerable.Range(0, Hours).Select(hour => new CountWindow(origin.AddHours(hour), origin.AddHours(hour + 1)));
        if (horizon.Days > 1) return [new(origin, origin.AddDays(horizon.Days))];
        var today = ZoneWindows.Parse("day", TimeZoneInfo.ConvertTime(origin, zone).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), zone);
        return ZoneWindows.Split(today, today.AddDays(Days + 1), "1d", zone).Take(Days);
    }
}
