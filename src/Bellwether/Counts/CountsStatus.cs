using Bellwether.Analytics.Counts.Calibration;
using Bellwether.Counts.Gaps;
using Bellwether.Counts.Ledger;
using Bellwether.Counts.Registry;
using Npgsql;

namespace Bellwether.Counts;

/// <param name="StaleSeconds">Age of the end of what was observed.</param>
/// <param name="ChangedPosts">Posts that changed since the buckets were computed.</param>
/// <param name="SuspiciousSilences">Silences that look like outages and are not recorded as gaps.</param>
/// <param name="Coverage">How the default model's intervals held, by horizon.</param>
public sealed record CountsStatus(
    string Account, string Profile, DateTimeOffset? ObservedFrom, DateTimeOffset? ObservedUntil, double? StaleSeconds, DateTimeOffset? LastPost, long Posts, long DeletedPosts,
    IReadOnlyDictionary<string, long> PostsByKind, DateTimeOffset? BucketsUntil, long ChangedPosts, bool FeaturesCurrent, int Gaps, int SuspiciousSilences,
    IReadOnlyList<ModelVersion> Models, long Forecasts, long OpenForecasts, IReadOnlyList<CoverageState> Coverage);

/// <summary>How 95 % intervals held on targets of one horizon that do not overlap; of hours one of each day, 25 hours apart.</summary>
/// <param name="Evidence">A bet against the promise of 95 %: it reaches 20 with a probability of one in twenty at most while the promise is kept, however often it is looked at.</param>
/// <param name="Alarm">It has reached 20.</param>
/// <param name="Replayed">Forecasts that were recorded later than their time are in it too.</param>
public sealed record CoverageState(string Horizon, int Targets, int Misses, double? CoverageShare, double Evidence, bool Alarm, bool Replayed);

/// <summary>Tells whether all that hangs on an account's posts is fresh, whole and kept its word.</summary>
public sealed class StatusReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    static readonly TimeSpan BetweenHours = TimeSpan.FromHours(25);

    public async Task<CountsStatus> ReadAsync(string account, CountingProfile profile, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var posts = await AccountPosts.LoadAsync(connection, account, profile, null, null, cancellationToken).ConfigureAwait(false);
        var state = await Buckets.BucketState.ReadAsync(connection, account, profile, cancellationToken).ConfigureAwait(false);
        var kinds = await connection.Sql("SELECT kind, count(*) FILTER (WHERE NOT is_deleted), count(*) FILTER (WHERE is_deleted), max(created_at) FROM counts.raw_tweets WHERE account = $1 GROUP BY kind ORDER BY kind", account)
            .ListAsync(row => (Kind: row.GetString(0), Live: row.GetInt64(1), Deleted: row.GetInt64(2), Last: row.Time(3)), cancellationToken).ConfigureAwait(false);
        var changed = await connection.Sql("SELECT count(*) FROM counts.raw_tweets WHERE account = $1 AND changed_at > $2", account, state?.Until ?? DateTimeOffset.UnixEpoch)
            .ScalarAsync<long>(cancellationToken).ConfigureAwait(false);
        var (forecasts, open) = (await connection.Sql("SELECT count(*), count(*) FILTER (WHERE actual_count IS NULL) FROM counts.forecasts WHERE account = $1 AND profile = $2", account, profile.Name)
            .ListAsync(row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken).ConfigureAwait(false))[0];
        await connection.CloseAsync().ConfigureAwait(false);
        var models = await new ModelRegistry(dataSource).ListAsync(account, null, cancellationToken).ConfigureAwait(false);
        var until = posts.Account.ObservedUntil;
        return new(account, profile.Name, posts.Account.ObservedFrom, until, until is { } end ? Math.Round((time.Now() - end).TotalSeconds) : null, kinds.Count == 0 ? null : kinds.Max(k => k.Last),
            kinds.Sum(k => k.Live), kinds.Sum(k => k.Deleted), kinds.ToDictionary(k => k.Kind, k => k.Live), state?.Until, changed,
            state is not null && state.FeaturesUntil == state.Until && state.FeaturesThrough == state.ObservedUntil, posts.Gaps.Count, posts.Silences(TimeSpan.FromHours(12)).Count,
            [.. models.Where(m => m.Profile == profile.Name).DistinctBy(m => m.ModelName)], forecasts, open, await CoverageAsync(account, profile, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Silences that look like outages, oldest first.</summary>
    public async Task<IReadOnlyList<SuspiciousSilence>> SilencesAsync(string account, CountingProfile profile, TimeSpan atLeast, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return (await AccountPosts.LoadAsync(connection, account, profile, null, null, cancellationToken).ConfigureAwait(false)).Silences(atLeast);
    }

    async Task<IReadOnlyList<CoverageState>> CoverageAsync(string account, CountingProfile profile, CancellationToken cancellationToken)
    {
        // The newest belief from before a target began is the one that had to hold; later ones know part of it.
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var rows = await connection.Sql("""
            SELECT DISTINCT ON (f.horizon, f.target_time, f.target_end) f.horizon, f.target_time, f.target_end, f.actual_count BETWEEN f.lower_bound_95 AND f.upper_bound_95,
                f.created_at - f.forecast_time > $4
            FROM counts.forecasts AS f JOIN counts.model_metadata AS m ON m.id = f.model_metadata_id
            WHERE f.account = $1 AND f.profile = $2 AND m.model_name = $3 AND f.actual_count IS NOT NULL AND f.count_so_far = 0 AND f.forecast_time <= f.target_time
            ORDER BY f.horizon, f.target_time, f.target_end, f.forecast_time DESC, f.created_at, f.id
            """, account, profile.Name, ModelCatalog.Default, ForecastLedger.LiveWithin)
            .ListAsync(row => (Horizon: row.GetString(0), From: row.Time(1), To: row.Time(2), Held: row.GetBoolean(3), Replayed: row.GetBoolean(4)), cancellationToken).ConfigureAwait(false);
        List<CoverageState> states = [];
        foreach (var horizon in rows.GroupBy(r => r.Horizon))
        {
            var (alarm, end, replayed) = (new CoverageAlarm(), DateTimeOffset.MinValue, false);
            foreach (var row in horizon)
            {
                if (row.From < end) continue;
                alarm.Add(row.Held);
                // Hours of one forecast miss together. One of a day is bet on, each day the next one.
                (end, replayed) = (row.To - row.From <= CountsClock.Hour ? row.From + BetweenHours : row.To, replayed || row.Replayed);
            }
            states.Add(new(horizon.Key, alarm.Count, alarm.Misses, CountsSql.Finite(alarm.Coverage), Math.Round(alarm.Evidence, 3), alarm.IsRaised(), replayed));
        }
        return states;
    }
}
