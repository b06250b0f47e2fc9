using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Counts.Features;

/// <summary>Rows of counts.features.</summary>
public static class FeatureTable
{
    const string Columns = """
        reference_time, lag_1h, lag_6h, lag_12h, lag_24h, lag_7d, rolling_mean_24h, rolling_std_24h, rolling_mean_7d, rolling_std_7d, hour_of_day, day_of_week, is_weekend,
        event_intensity, events_in_window
        """;

    static readonly string Update = string.Join(", ", $"{Columns}, computed_at".Split(',', StringSplitOptions.TrimEntries).Skip(1).Select(c => $"{c} = excluded.{c}"));

    /// <summary>Rows in [from, to), by time.</summary>
    public static async Task<IReadOnlyList<FeatureRow>> ReadAsync(
        NpgsqlDataSource dataSource, string account, CountingProfile profile, DateTimeOffset? from, DateTimeOffset? to, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await CountAccount.GetAsync(connection, account, cancellationToken).ConfigureAwait(false);
        return await connection.Sql($"""
            SELECT {Columns} FROM counts.features WHERE account = $1 AND profile = $2 AND reference_time >= coalesce($3::timestamptz, '-infinity')
              AND reference_time < coalesce($4::timestamptz, 'infinity') ORDER BY reference_time LIMIT $5
            """, account, profile.Name, from, to, limit).ListAsync(row => new FeatureRow(row.Time(0), row.IntOrNull(1), row.IntOrNull(2), row.IntOrNull(3), row.IntOrNull(4),
                row.IntOrNull(5), row.DoubleOrNull(6), row.DoubleOrNull(7), row.DoubleOrNull(8), row.DoubleOrNull(9), row.GetInt32(10), row.GetInt32(11), row.GetBoolean(12),
                row.GetDouble(13), row.GetInt32(14)), cancellationToken).ConfigureAwait(false);
    }

    /// <param name="empty">There are no rows yet, so that they can go to the table at once.</param>
    internal static async Task<int> WriteAsync(
        NpgsqlConnection connection, string account, CountingProfile profile, IEnumerable<FeatureRow> rows, DateTimeOffset now, bool empty, CancellationToken cancellationToken)
    {
        var target = "counts.features";
        if (!empty)
        {
            target = "features_in";
            await connection.Sql("CREATE TEMP TABLE features_in (LIKE counts.features INCLUDING DEFAULTS EXCLUDING IDENTITY) ON COMMIT DROP; ALTER TABLE features_in ALTER id DROP NOT NULL")
                .RunAsync(cancellationToken).ConfigureAwait(false);
        }
        var count = await CopyAsync(connection, target, account, profile, rows, now, cancellationToken).ConfigureAwait(false);
        if (!empty)
            await connection.Sql($"""
                INSERT INTO counts.features (account, profile, {Columns}, computed_at) SELECT account, profile, {Columns}, computed_at FROM features_in ORDER BY reference_time
                ON CONFLICT (account, profile, reference_time) DO UPDATE SET {Update}
                """).RunAsync(cancellationToken).ConfigureAwait(false);
        return count;
    }

    static async Task<int> CopyAsync(
        NpgsqlConnection connection, string target, string account, CountingProfile profile, IEnumerable<FeatureRow> rows, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"COPY {target} (account, profile, {Columns}, computed_at) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false);
        var count = 0;
        foreach (var row in rows)
        {
            await copy.StartRowAsync(cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(account, NpgsqlDbType.Varchar, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(profile.Name, NpgsqlDbType.Varchar, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.ReferenceTime, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
            foreach (var lag in (ReadOnlySpan<int?>)[row.Lag1h, row.Lag6h, row.Lag12h, row.Lag24h, row.Lag7d]) Write(copy, lag, NpgsqlDbType.Integer);
            foreach (var value in (ReadOnlySpan<double?>)[row.RollingMean24h, row.RollingStd24h, row.RollingMean7d, row.RollingStd7d]) Write(copy, value, NpgsqlDbType.Double);
            await copy.WriteAsync(row.HourOfDay, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.DayOfWeek, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.IsWeekend, NpgsqlDbType.Boolean, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.EventIntensity, NpgsqlDbType.Double, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(row.EventsInWindow, NpgsqlDbType.Integer, cancellationToken).ConfigureAwait(false);
            await copy.WriteAsync(now, NpgsqlDbType.TimestampTz, cancellationToken).ConfigureAwait(false);
            count++;
        }
        await copy.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return count;
    }

    // These go to the writer's buffer; rows are sent as it fills.
    static void Write<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type) where T : struct
    {
        if (value is { } known) copy.Write(known, type);
        else copy.WriteNull();
    }
}
