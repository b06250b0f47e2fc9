using System.Collections.Concurrent;
using Npgsql;

namespace Bellwether.Storage;

/// <summary>
/// Creates the time partitions of a table before rows need them. A new partition is built beside the table and then attached,
/// so that readers and writers of the other partitions are not blocked.
/// </summary>
/// <param name="table">Schema-qualified name from this program's own SQL, never from input.</param>
public sealed class RangePartitions(NpgsqlDataSource dataSource, string table)
{
    readonly ConcurrentDictionary<DateOnly, bool> _known = new(), _knownMonths = new();

    /// <summary>Makes sure that the partition of one UTC day exists.</summary>
    public async Task EnsureDayAsync(DateOnly day, CancellationToken cancellationToken)
    {
        if (_known.ContainsKey(day)) return;
        await CreateAsync($"{day:yyyyMMdd}", $"'{day:yyyy-MM-dd} 00:00:00+00'", $"'{day.AddDays(1):yyyy-MM-dd} 00:00:00+00'", cancellationToken);
        _known.TryAdd(day, true);
    }

    /// <summary>Makes sure that the partition of one UTC month exists.</summary>
    public async Task EnsureMonthAsync(DateOnly month, CancellationToken cancellationToken)
    {
        if (_knownMonths.ContainsKey(month)) return;
        await CreateAsync($"{month:yyyyMM}", $"'{month:yyyy-MM-dd} 00:00:00+00'", $"'{month.AddMonths(1):yyyy-MM-dd} 00:00:00+00'", cancellationToken);
        _knownMonths.TryAdd(month, true);
    }

    /// <summary>Makes sure that one partition holds everything before a day, for history that is loaded in bulk.</summary>
    public Task EnsureBeforeAsync(DateOnly day, CancellationToken cancellationToken) =>
        CreateAsync("history", "MINVALUE", $"'{day:yyyy-MM-dd} 00:00:00+00'", cancellationToken);

    public void Forget(DateOnly day) => _known.TryRemove(day, out _);

    async Task CreateAsync(string suffix, string from, string to, CancellationToken cancellationToken)
    {
        var name = $"{table}_{suffix}";
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
        await using (var locked = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0)), to_regclass($1) IS NOT NULL OR coalesce((SELECT relkind <> 'p' FROM pg_class WHERE oid = to_regclass($2)), false)", connection, transaction))
        {
            locked.Parameters.Add(new() { Value = name });
            locked.Parameters.Add(new() { Value = table });
            await using var reader = await locked.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            // There already, or a hypertable by now, which makes its own.
            if (reader.GetBoolean(1)) return;
        }
        await using (var create = new NpgsqlCommand($"""
            CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
            ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to});
            """, connection, transaction))
            await create.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
