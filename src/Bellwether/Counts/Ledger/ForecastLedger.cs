using Bellwether.Counts.Registry;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Counts.Ledger;

/// <summary>What is asked of the ledger.</summary>
/// <param name="Horizons">Null for all.</param>
/// <param name="AsOf">Only what was recorded by then, and outcomes that were known by then; null for now.</param>
/// <param name="From">Targets that end after it.</param>
/// <param name="To">Targets that begin before it.</param>
/// <param name="Replayed">Also beliefs that were recorded later for a forecast time of then.</param>
/// <param name="Latest">Only the newest belief about each target.</param>
public sealed record LedgerQuery(
    string Account, CountingProfile Profile, string? Model = null, IReadOnlyList<string>? Horizons = null, DateTimeOffset? AsOf = null, DateTimeOffset? From = null, DateTimeOffset? To = null,
    bool Replayed = false, bool Latest = true, int Limit = 1_000);

/// <summary>Beliefs, recorded once and never changed, with what came filled in when it is known.</summary>
public sealed class ForecastLedger(NpgsqlDataSource dataSource, TimeProvider time)
{
    // A live forecast of hours that are over is recorded with little delay; more than this is a replay of the past.
    internal static readonly TimeSpan LiveWithin = TimeSpan.FromDays(1);

    const string Columns = """
        f.id, f.account, f.profile, m.model_name, m.model_version, f.horizon, f.forecast_time, f.target_time, f.target_end, f.predicted_count, f.median_count, f.lower_bound_95,
        f.upper_bound_95, f.count_so_far, o.actual_count, o.actual_at, f.created_at, f.first_count, f.probabilities
        """;

    /// <param name="asOf">Parameter of the moment: outcomes are those that were known then.</param>
    static string Tables(string asOf) => $"""
        counts.forecasts AS f JOIN counts.model_metadata AS m ON m.id = f.model_metadata_id LEFT JOIN LATERAL (
            SELECT actual_count, CASE WHEN actual_count IS NOT NULL THEN known_at END AS actual_at FROM counts.outcomes
            WHERE forecast_id = f.id AND known_at <= {asOf} ORDER BY known_at DESC LIMIT 1) AS o ON true
        """;

    /// <summary>By target, then by horizon.</summary>
    public async Task<IReadOnlyList<ForecastRow>> ReadAsync(LedgerQuery query, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await CountAccount.GetAsync(connection, query.Account, cancellationToken).ConfigureAwait(false);
        var known = query.Replayed ? "f.forecast_time <= $3" : "f.created_at <= $3";
        var asOf = query.AsOf ?? DateTimeOffset.MaxValue.AddYears(-1);
        asOf = CountsClock.Cut(asOf);
        return await connection.Sql($"""
            SELECT * FROM (
                SELECT {(query.Latest ? "DISTINCT ON (f.horizon, f.target_time, f.target_end)" : "")} {Columns}
                FROM {Tables("$3")}
                WHERE f.account = $1 AND f.profile = $2 AND {known} AND ($4::text IS NULL OR m.model_name = $4::text) AND ($5::text[] IS NULL OR f.horizon = ANY($5::text[]))
                  AND f.target_end > coalesce($6::timestamptz, '-infinity') AND f.target_time < coalesce($7::timestamptz, 'infinity')
                ORDER BY f.horizon, f.target_time, f.target_end, f.forecast_time DESC, f.created_at DESC, f.id DESC) AS r
            ORDER BY target_time, target_end, horizon, id LIMIT $8
            """, query.Account, query.Profile.Name, asOf, query.Model, query.Horizons?.ToArray(), query.From, query.To, query.Limit)
            .ListAsync(Read, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>When the first belief about an account was recorded; null when none was.</summary>
    public async Task<DateTimeOffset?> FirstAsync(string account, CountingProfile profile, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return (await connection.Sql("SELECT min(created_at) FROM counts.forecasts WHERE account = $1 AND profile = $2", account, profile.Name)
            .ListAsync(row => row.TimeOrNull(0), cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Records beliefs. One that says the same as the newest of its model about the same target at the same forecast time is no new belief.</summary>
    internal async Task<IReadOnlyList<ForecastRow>> AddAsync(ModelVersion model, IReadOnlyList<NewForecast> forecasts, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (_, now) = await CountAccount.LockAsync(connection, model.Account, time, create: false, cancellationToken).ConfigureAwait(false);
        List<long> ids = [];
        foreach (var forecast in forecasts)
        {
            var (first, probabilities) = StoredDistribution.Of(forecast.Distribution);
            await using var command = connection.Sql("""
                WITH same AS (
                    SELECT id, predicted_count, lower_bound_95, upper_bound_95, count_so_far, first_count, probabilities FROM counts.forecasts
                    WHERE account = $1 AND profile = $2 AND model_metadata_id = $3 AND horizon = $4 AND forecast_time = $5 AND target_time = $6 AND target_end = $7
                    ORDER BY created_at DESC, id DESC LIMIT 1),
                equal AS (SELECT id FROM same WHERE lower_bound_95 = $10 AND upper_bound_95 = $11 AND count_so_far = $12 AND first_count = $13 AND probabilities = $14),
                added AS (
                    INSERT INTO counts.forecasts (account, profile, model_metadata_id, horizon, forecast_time, target_time, target_end, predicted_count, median_count, lower_bound_95,
                        upper_bound_95, count_so_far, first_count, probabilities, created_at)
                    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 WHERE NOT EXISTS (SELECT FROM equal) RETURNING id)
                SELECT id FROM added UNION ALL SELECT id FROM equal
                """, model.Account, model.Profile, model.Id, forecast.Horizon, forecast.ForecastTime, forecast.TargetTime, forecast.TargetEnd, forecast.Distribution.Mean,
                forecast.Distribution.Quantile(0.5), (double)forecast.Interval.Lower, (double)forecast.Interval.Upper, forecast.CountSoFar, first);
            command.Parameters.Add(new() { Value = probabilities, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Real });
            command.Parameters.Add(new() { Value = now });
            ids.Add((long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
        }
        var rows = await connection.Sql($"SELECT {Columns} FROM {Tables("$2")} WHERE f.id = ANY($1)", ids.ToArray(), now)
            .ListAsync(Read, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return [.. rows.OrderBy(r => ids.IndexOf(r.Id))];
    }

    /// <summary>
    /// Fills in what came for targets that are over and were observed whole, again where posts came late or went, and takes it back where a gap was
    /// recorded since. Returns how many beliefs were touched.
    /// </summary>
    public async Task<int> FillAsync(string account, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var (known, now) = await CountAccount.LockAsync(connection, account, time, create: false, cancellationToken).ConfigureAwait(false);
        const string gap = "EXISTS (SELECT FROM counts.gaps AS g WHERE g.account = f.account AND NOT g.is_deleted AND g.gap_start < f.target_end AND g.gap_end > f.target_time)";
        var touched = await connection.Sql($"""
            WITH back AS (UPDATE counts.forecasts AS f SET actual_count = NULL, actual_at = NULL WHERE account = $1 AND actual_at IS NOT NULL AND {gap} RETURNING account, id)
            INSERT INTO counts.outcomes (account, forecast_id, actual_count, known_at) SELECT account, id, NULL, $2 FROM back
            """, account, now)
            .RunAsync(cancellationToken).ConfigureAwait(false);
        var profiles = await connection.Sql("SELECT DISTINCT profile FROM counts.forecasts WHERE account = $1", account).ListAsync(row => row.GetString(0), cancellationToken).ConfigureAwait(false);
        foreach (var profile in profiles.Select(CountingProfile.Parse))
            touched += await connection.Sql($"""
                WITH filled AS (UPDATE counts.forecasts AS t SET actual_count = c.n, actual_at = $6 FROM (
                    SELECT f.id, (SELECT count(*)::int FROM counts.raw_tweets AS r WHERE r.account = f.account AND r.created_at >= f.target_time AND r.created_at < f.target_end
                        AND NOT r.is_deleted AND r.kind = ANY($3)) AS n
                    FROM counts.forecasts AS f
                    WHERE f.account = $1 AND f.profile = $2 AND f.target_time >= $4 AND f.target_end <= $5 AND NOT {gap}
                      AND (f.actual_at IS NULL OR EXISTS (SELECT FROM counts.raw_tweets AS r WHERE r.account = f.account AND r.created_at >= f.target_time
                          AND r.created_at < f.target_end AND r.changed_at > f.actual_at))) AS c
                WHERE t.id = c.id AND t.actual_count IS DISTINCT FROM c.n RETURNING t.account, t.id, t.actual_count)
                INSERT INTO counts.outcomes (account, forecast_id, actual_count, known_at) SELECT account, id, actual_count, $6 FROM filled
                """, account, profile.Name, profile.Kinds, known.ObservedFrom ?? now, known.ObservedUntil ?? now, now).RunAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return touched;
    }

    static ForecastRow Read(NpgsqlDataReader row)
    {
        var (forecast, created) = (row.Time(6), row.Time(16));
        return new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), forecast, row.Time(7), row.Time(8), row.GetDouble(9),
            row.GetInt32(10), row.DoubleOrNull(11), row.DoubleOrNull(12), row.GetInt32(13), row.IntOrNull(14), row.TimeOrNull(15), created,
            created - forecast > LiveWithin)
        { Distribution = StoredDistribution.Read(row.GetInt32(17), row.GetFieldValue<float[]>(18)) };
    }
}
