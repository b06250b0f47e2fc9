using Bellwether.Analytics.Counts.Backtesting;
using Bellwether.Analytics.Counts.Combination;
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

    /// <summary>A version of the model that was trained before; null for the one that is in use then.</summary>
    public string? Version { get; init; }

    /// <summary>False: say it, and leave the ledger as it is.</summary>
    public bool Record { get; init; } = true;
}

/// <summary>Forms beliefs and records them.</summary>
public sealed class Forecaster(NpgsqlDataSource dataSource, string folder, TimeProvider time)
{
    const int Hours = 24;
    const int Days = 7;

    /// <summary>Days of the last run that had begun and of which a part was not observed, so that nothing is said of them.</summary>
    public IReadOnlyList<CountWindow> LeftOut { get; private set; } = [];

    public async Task<IReadOnlyList<ForecastRow>> RunAsync(ForecastRequest request, CancellationToken cancellationToken)
    {
        var horizons = Horizons(request.Horizons);
        var posts = await LoadAsync(request.Account, request.Profile, cancellationToken).ConfigureAwait(false);
        var origin = CountsClock.FloorHour(request.At ?? posts.Account.Hours.Until);
        var targets = horizons.SelectMany(h => Targets(h, origin, request.Zone).Select(target => (h.Name, target.From, target.To))).ToList();
        // Of a day that has begun the count so far must be known.
        LeftOut = [.. targets.Where(t => t.From < origin && posts.Count(t.From, origin) is null).Select(t => new CountWindow(t.From, t.To))];
        targets.RemoveAll(t => LeftOut.Contains(new(t.From, t.To)) && t.From < origin);
        if (targets.Count == 0) throw new CountsException(CountsProblem.NotEnough, $"What was posted from {LeftOut[0].From:u} to {origin:u} is not known whole: {posts.WhyUnknown(LeftOut[0].From, origin)}.");
        var version = await VersionAsync(posts, request.Model, origin, cancellationToken, request.Version).ConfigureAwait(false);
        var belief = await Belief.FormAsync(posts, version, origin, cancellationToken).ConfigureAwait(false);
        var forecasts = await Task.Run(() => targets.ConvertAll(target => Make(belief, target.Name, target.From, target.To)), cancellationToken).ConfigureAwait(false);
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

    /// <summary>
    /// The version in use at an origin: of the whole past, at most two weeks old, and of the posts as they are known now. Where there is none, one is
    /// trained at the origin, without being measured. A version of its own window is used where it is named.
    /// </summary>
    internal async Task<ModelVersion> VersionAsync(AccountPosts posts, string model, DateTimeOffset origin, CancellationToken cancellationToken, string? named = null)
    {
        ModelCatalog.Require(model);
        var registry = new ModelRegistry(dataSource);
        if (named is not null)
            return await registry.FindAsync(posts.Account.Account, posts.Profile, model, named, cancellationToken).ConfigureAwait(false) is not { } version
                ? throw new CountsException(CountsProblem.Unknown, $"{posts.Account.Account} has no version {named} of {model}.", "`bellwether counts models` shows them.")
                : version.TrainingEndDate <= origin ? version
                : throw CountsException.Input($"Version {named} has seen what was posted until {version.TrainingEndDate:u}, behind the origin {origin:u}.");
        var refit = TimeSpan.FromDays(new CombinedOptions().RefitDays);
        if (await registry.LatestAsync(posts.Account.Account, posts.Profile, model, posts.Account.Hours.From, origin, cancellationToken).ConfigureAwait(false) is { } latest
            && latest.TrainingEndDate > origin - refit && await IsOfAsync(latest, posts, cancellationToken).ConfigureAwait(false))
            return latest;
        return await new ModelTrainer(dataSource, folder, time).TrainAsync(posts, model, null, origin, 0, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Posts may have come late, gone or been told apart since; then the same window gives other parameters.</summary>
    async Task<bool> IsOfAsync(ModelVersion version, AccountPosts posts, CancellationToken cancellationToken) => version.ArtifactPath is { } path
        && await ModelArtifact.ReadAsync(Path.Combine(folder, path), cancellationToken).ConfigureAwait(false) is { } artifact
        && artifact.DataSha256 == posts.Hash(version.TrainingStartDate, version.TrainingEndDate);

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
