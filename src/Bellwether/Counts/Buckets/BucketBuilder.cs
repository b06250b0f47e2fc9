using Npgsql;

namespace Bellwether.Counts.Buckets;

/// <param name="Hours">Hours that were computed.</param>
/// <param name="UnknownKinds">Posts of unknown kind in all of time that the profile leaves out.</param>
/// <param name="ObservedHours">Hours that have a bucket.</param>
/// <param name="Posts">Posts in them.</param>
public sealed record BucketResult(
    string Account, string Profile, int Hours, int Days, int RemovedHours, int RemovedDays, long ObservedHours, long ObservedDays, long Posts, long UnknownKinds,
    DateTimeOffset From, DateTimeOffset Until, double Seconds);

/// <summary>
/// Keeps the hourly and daily counts (UTC) up to date: what has changed since they were computed is computed anew, whether new posts, late posts of
/// long ago, deleted ones or gaps that were recorded meanwhile. An hour that touches a gap has no bucket, nor has a day that holds such an hour.
/// </summary>
public sealed class BucketBuilder(NpgsqlDataSource dataSource, TimeProvider time)
{
    const string DirtyHours = """
        CREATE TEMP TABLE dirty_hours ON COMMIT DROP AS
        SELECT h, NOT EXISTS (SELECT FROM counts.gaps AS g WHERE g.account = $1 AND NOT g.is_deleted AND g.gap_start < h + interval '1 hour' AND g.gap_end > h) AS known
        FROM (
            SELECT date_trunc('hour', created_at, 'UTC') AS h FROM counts.raw_tweets WHERE account = $1 AND changed_at > $2
            UNION
            SELECT h FROM counts.gaps AS g, generate_series(date_trunc('hour', greatest(g.gap_start, $3), 'UTC'), least(g.gap_end, $4) - interval '1 microsecond', interval '1 hour') AS h
            WHERE g.account = $1 AND g.changed_at > $2
            UNION
            SELECT h FROM unnest($5::timestamptz[], $6::timestamptz[]) AS r(a, b), generate_series(r.a, r.b - interval '1 hour', interval '1 hour') AS h) AS d
        WHERE h >= $3 AND h < $4
        """;

    const string Hourly = """
        INSERT INTO counts.time_buckets AS b (account, profile, bucket_start, bucket_end, granularity, tweet_count, computed_at)
        SELECT $1, $2, d.h, d.h + interval '1 hour', 'hourly', coalesce(c.n, 0), $4
        FROM dirty_hours AS d LEFT JOIN (
            SELECT date_trunc('hour', created_at, 'UTC') AS h, count(*)::int AS n FROM counts.raw_tweets
            WHERE account = $1 AND NOT is_deleted AND kind = ANY($3)
              AND created_at >= (SELECT min(h) FROM dirty_hours) AND created_at < (SELECT max(h) FROM dirty_hours) + interval '1 hour'
            GROUP BY 1) AS c USING (h)
        WHERE d.known ORDER BY d.h
        ON CONFLICT (account, profile, granularity, bucket_start) DO UPDATE SET tweet_count = excluded.tweet_count, computed_at = excluded.computed_at
        """;

    const string NoHours = """
        DELETE FROM counts.time_buckets AS b USING dirty_hours AS d
        WHERE b.account = $1 AND b.profile = $2 AND b.granularity = 'hourly' AND b.bucket_start = d.h AND NOT d.known
        """;

    const string Days = """
        CREATE TEMP TABLE dirty_days ON COMMIT DROP AS
        SELECT d.day, coalesce(b.hours, 0) AS hours, b.n
        FROM (SELECT DISTINCT date_trunc('day', h, 'UTC') AS day FROM dirty_hours) AS d LEFT JOIN (
            SELECT date_trunc('day', bucket_start, 'UTC') AS day, count(*) AS hours, sum(tweet_count)::int AS n FROM counts.time_buckets
            WHERE account = $1 AND profile = $2 AND granularity = 'hourly' AND bucket_start >= (SELECT date_trunc('day', min(h), 'UTC') FROM dirty_hours)
              AND bucket_start < (SELECT date_trunc('day', max(h), 'UTC') + interval '24 hours' FROM dirty_hours)
            GROUP BY 1) AS b USING (day)
        """;

    const string Daily = """
        INSERT INTO counts.time_buckets AS b (account, profile, bucket_start, bucket_end, granularity, tweet_count, computed_at)
        SELECT $1, $2, day, day + interval '24 hours', 'daily', n, $3 FROM dirty_days WHERE hours = 24 ORDER BY day
        ON CONFLICT (account, profile, granularity, bucket_start) DO UPDATE SET tweet_count = excluded.tweet_count, computed_at = excluded.computed_at
        """;

    const string NoDays = """
        DELETE FROM counts.time_buckets AS b USING dirty_days AS d
        WHERE b.account = $1 AND b.profile = $2 AND b.granularity = 'daily' AND b.bucket_start = d.day AND d.hours < 24
        """;

    /// <param name="full">Compute everything, not only what has changed.</param>
    /// <exception cref="CountsException">The account is unknown, or has no post.</exception>
    public async Task<BucketResult> RunAsync(string account, CountingProfile profile, bool full, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (known, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        var (from, until) = known.Hours;
        var done = full ? null : await BucketState.ReadAsync(connection, account, profile, cancellationToken).ConfigureAwait(false);
        // A first build is of all hours, whatever changed in them.
        var (starts, ends) = NewHours(done, from, until);
        await connection.Sql(DirtyHours, account, done?.Until ?? now, from, until, starts, ends).RunAsync(cancellationToken).ConfigureAwait(false);
        await connection.Sql("ANALYZE dirty_hours").RunAsync(cancellationToken).ConfigureAwait(false);
        var hours = await connection.Sql(Hourly, account, profile.Name, profile.Kinds, now).RunAsync(cancellationToken).ConfigureAwait(false);
        // A first build leaves the planner without any notion of what it has just written.
        if (hours > 10_000) await connection.Sql("ANALYZE counts.time_buckets").RunAsync(cancellationToken).ConfigureAwait(false);
        var noHours = await connection.Sql(NoHours, account, profile.Name).RunAsync(cancellationToken).ConfigureAwait(false);
        await connection.Sql(Days, account, profile.Name).RunAsync(cancellationToken).ConfigureAwait(false);
        await connection.Sql("ANALYZE dirty_days").RunAsync(cancellationToken).ConfigureAwait(false);
        var days = await connection.Sql(Daily, account, profile.Name, now).RunAsync(cancellationToken).ConfigureAwait(false);
        var noDays = await connection.Sql(NoDays, account, profile.Name).RunAsync(cancellationToken).ConfigureAwait(false);
        await BucketState.WriteAsync(connection, account, profile, now, from, until, cancellationToken).ConfigureAwait(false);
        var totals = await connection.Sql("""
            SELECT count(*) FILTER (WHERE granularity = 'hourly'), count(*) FILTER (WHERE granularity = 'daily'), coalesce(sum(tweet_count) FILTER (WHERE granularity = 'hourly'), 0)::bigint
            FROM counts.time_buckets WHERE account = $1 AND profile = $2
            """, account, profile.Name).ListAsync(row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancellationToken).ConfigureAwait(false);
        var leftOut = profile.Kinds.Contains(PostKind.Unknown) ? 0 : await connection.Sql(
            "SELECT count(*) FROM counts.raw_tweets WHERE account = $1 AND kind = 'unknown' AND NOT is_deleted", account).ScalarAsync<long>(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        var (observedHours, observedDays, posts) = totals[0];
        return new(account, profile.Name, hours, days, noHours, noDays, observedHours, observedDays, posts, leftOut, from, until,
            Math.Round(time.GetElapsedTime(started).TotalSeconds, 3));
    }

    // The stretch grows at both ends; nothing of it ever goes.
    static (DateTimeOffset[] Starts, DateTimeOffset[] Ends) NewHours(BucketState? done, DateTimeOffset from, DateTimeOffset until)
    {
        if (done is null) return ([from], [until]);
        List<(DateTimeOffset Start, DateTimeOffset End)> parts = [];
        if (from < done.ObservedFrom) parts.Add((from, CountsClock.Min(until, done.ObservedFrom)));
        if (until > done.ObservedUntil) parts.Add((CountsClock.Max(from, done.ObservedUntil), until));
        return ([.. parts.Select(p => p.Start)], [.. parts.Select(p => p.End)]);
    }
}
