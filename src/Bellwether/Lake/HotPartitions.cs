using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Bellwether.Lake;

/// <param name="From">Null where it has no beginning.</param>
/// <param name="To">Exclusive; null where it has no end.</param>
/// <param name="Bytes">With indexes and long texts.</param>
readonly record struct HotPartition(string Name, DateTimeOffset? From, DateTimeOffset? To, long Bytes)
{
    /// <summary>It has rows of one UTC day and no others.</summary>
    public bool IsDay => From is { } from && To is { } to && from.TimeOfDay == TimeSpan.Zero && to - from == TimeSpan.FromDays(1);

    public bool Holds(DateOnly day)
    {
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        return !(start < From) && !(start >= To);
    }
}

/// <summary>The partitions of hot rows, and how rows of sealed days leave them.</summary>
static partial class HotPartitions
{
    // Below it a look at every row costs less than what a mistake would.
    const long CountedBytes = 256 << 20;

    public static async Task<List<HotPartition>> ReadAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        // Bounds are shown in the time zone of the session.
        await using var command = new NpgsqlCommand($"""
            SELECT c.oid::regclass::text, pg_get_expr(c.relpartbound, c.oid), pg_total_relation_size(c.oid)
            FROM (SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true)) AS shown,
                 pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '{HotRows.Table}'::regclass
            """, owner);
        var partitions = new List<HotPartition>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var bound = Bound().Match(row.GetString(1));
            if (bound.Success) partitions.Add(new(row.GetString(0), Time(bound.Groups["from"]), Time(bound.Groups["to"]), row.GetInt64(2)));
        }
        return partitions;
    }

    /// <summary>
    /// Removes the hot rows of days; the table is this transaction's alone. Where a partition has no other rows it is dropped or emptied whole,
    /// which costs milliseconds, leaves no dead rows, and holds for every reader at once.
    /// </summary>
    /// <param name="rows">Days, and the rows that are in the lake now: exactly these are expected to be hot.</param>
    /// <returns>Bytes that were given back at once, and whether rows were deleted one by one.</returns>
    public static async Task<(long Bytes, bool Deleted)> RemoveAsync(
        NpgsqlConnection owner, IReadOnlyDictionary<DateOnly, long> rows, CancellationToken cancellationToken)
    {
        var (bytes, deleted) = (0L, false);
        foreach (var partition in await ReadAsync(owner, cancellationToken).ConfigureAwait(false))
        {
            DateOnly[] days = [.. rows.Keys.Where(partition.Holds)];
            if (days.Length == 0) continue;
            var expected = days.Sum(day => rows[day]);
            if (partition.IsDay)
            {
                if (partition.Bytes <= CountedBytes) Require(partition, expected, await CountAsync(owner, partition, cancellationToken).ConfigureAwait(false));
                await ExecuteAsync(owner, $"DROP TABLE {partition.Name}", null, cancellationToken).ConfigureAwait(false);
            }
            else if (expected == 0)
            {
                continue;
            }
            else if (!await HasOthersAsync(owner, partition, days, cancellationToken).ConfigureAwait(false)
                && (partition.Bytes > CountedBytes || await CountAsync(owner, partition, cancellationToken).ConfigureAwait(false) == expected))
            {
                await ExecuteAsync(owner, $"TRUNCATE {partition.Name}", null, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                Require(partition, expected, await ExecuteAsync(owner, $"DELETE FROM {partition.Name} WHERE {HotRows.Between(days.Min(), days.Max().AddDays(1))} AND (timestamp AT TIME ZONE 'UTC')::date = ANY($1)", days, cancellationToken).ConfigureAwait(false));
                deleted = true;
                continue;
            }
            bytes += partition.Bytes;
        }
        return (bytes, deleted);
    }

    static void Require(HotPartition partition, long expected, long found)
    {
        if (found != expected)
            throw new LakeException($"{partition.Name} has {found} rows of these days, and the lake {expected}: something has changed rows past the program. "
                + "Add 1 to the revision of the days in ops.lake_days, so that they are written again");
    }

    static async Task<bool> HasOthersAsync(NpgsqlConnection owner, HotPartition partition, DateOnly[] days, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT EXISTS (SELECT FROM ops.lake_days WHERE hot_rows > 0 AND day <> ALL($1)
                AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day < $3))
            """, owner);
        command.Parameters.Add(new() { Value = days });
        command.Parameters.Add(new NpgsqlParameter<DateOnly?> { TypedValue = Day(partition.From) });
        command.Parameters.Add(new NpgsqlParameter<DateOnly?> { TypedValue = Day(partition.To) });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static async Task<long> CountAsync(NpgsqlConnection owner, HotPartition partition, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {partition.Name}", owner);
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static async Task<int> ExecuteAsync(NpgsqlConnection owner, string sql, DateOnly[]? days, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, owner);
        if (days is not null) command.Parameters.Add(new() { Value = days });
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static DateOnly? Day(DateTimeOffset? time) => time is { } at ? DateOnly.FromDateTime(at.UtcDateTime) : null;

    static DateTimeOffset? Time(Group bound) =>
        bound.Success ? DateTimeOffset.ParseExact(bound.Value, ["yyyy-MM-dd HH:mm:sszz", "yyyy-MM-dd HH:mm:ss.FFFFFFzz"], CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^FOR VALUES FROM \((?:'(?<from>[^']+)'|MINVALUE)\) TO \((?:'(?<to>[^']+)'|MAXVALUE)\)$")]
    private static partial Regex Bound();
}
