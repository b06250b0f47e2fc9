using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// A partition for each month of the ten years before the first rows came, and of all time after it; what is older shares one. A table that is not
/// partitioned by PostgreSQL (any more), such as a hypertable, needs none and gets none.
/// </summary>
/// <param name="table">Schema-qualified name from this program's own SQL, never from input.</param>
public sealed class MonthlyPartitions(NpgsqlDataSource dataSource, string table, TimeProvider time)
{
    /// <summary>Months that have a partition each, counted back from when the first rows came.</summary>
    public const int Months = 120;

    readonly RangePartitions _partitions = new(dataSource, table);
    DateOnly? _history;

    /// <summary>Makes sure that rows of these days have a partition.</summary>
    public async Task EnsureAsync(IEnumerable<DateTime> days, CancellationToken cancellationToken)
    {
        var months = new SortedSet<DateOnly>();
        foreach (var day in days) months.Add(new(day.Year, day.Month, 1));
        if (months.Count == 0) return;
        _history ??= await HistoryEndAsync(cancellationToken);
        foreach (var month in months)
            if (month >= _history) await _partitions.EnsureMonthAsync(month, cancellationToken);
    }

    async Task<DateOnly> HistoryEndAsync(CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        await _partitions.EnsureBeforeAsync(new DateOnly(today.Year, today.Month, 1).AddMonths(-Months), cancellationToken);
        // Bounds are shown in the zone and style of the session.
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var read = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("SET TimeZone = 'UTC'"), new("SET DateStyle = 'ISO, YMD'"),
                new($"SELECT (regexp_match(pg_get_expr(relpartbound, oid), 'TO \\(''([0-9-]+)'))[1]::date FROM pg_class WHERE oid = to_regclass('{table}_history')"),
            },
        };
        return await read.ExecuteScalarAsync(cancellationToken) as DateOnly? ?? DateOnly.MaxValue;
    }
}
