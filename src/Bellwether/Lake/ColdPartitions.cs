using System.Globalization;
using System.Text;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>
/// Foreign partitions of sealed days, one partition a month between: PostgreSQL walks through all siblings of a partition that it adds, and a few
/// dozen are no matter where thousands are.
/// </summary>
static class ColdPartitions
{
    public const string Table = "sentiment.sentiment_cold";
    const string Server = "bellwether_lake";

    public static string NameOf(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{Table}_{day:yyyyMMdd}");

    /// <summary>
    /// Makes partitions of whole months beside the table, where there are none yet, and returns what is left to do in the transaction that
    /// takes the hot rows away: that is short then.
    /// </summary>
    public static async Task<string> PrepareAsync(
        NpgsqlConnection owner, ColdTier cold, IReadOnlyList<(DateOnly Day, string Sha256)> days, CancellationToken cancellationToken)
    {
        await ExecuteAsync(owner, $"CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER IF NOT EXISTS {Server} FOREIGN DATA WRAPPER file_fdw", cancellationToken)
            .ConfigureAwait(false);
        var attached = await AttachedAsync(owner, cancellationToken).ConfigureAwait(false);
        var (before, within) = (new StringBuilder(), new StringBuilder());
        foreach (var month in days.GroupBy(day => new DateOnly(day.Day.Year, day.Day.Month, 1)))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{Table}_{month.Key:yyyyMM}");
            var made = !attached.Contains(name);
            // One that is not attached was left by a run that was cut off.
            if (made) before.Append(CultureInfo.InvariantCulture, $"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (LIKE {Table}) PARTITION BY RANGE (timestamp);\n");
            foreach (var (day, sha256) in month)
                (made ? before : within).Append(CultureInfo.InvariantCulture, $"""
                    CREATE FOREIGN TABLE {NameOf(day)} PARTITION OF {name} FOR VALUES FROM ({At(day)}) TO ({Next(day)})
                    SERVER {Server} OPTIONS (program '{cold.ProgramOf(day, sha256)}', format 'text', encoding 'UTF8');

                    """);
            if (made) within.Append(CultureInfo.InvariantCulture, $"ALTER TABLE {Table} ATTACH PARTITION {name} FOR VALUES FROM ({At(month.Key)}) TO ({NextMonth(month.Key)});\n");
        }
        if (before.Length > 0) await ExecuteAsync(owner, before.ToString(), cancellationToken).ConfigureAwait(false);
        return within.ToString();
    }

    /// <summary>Makes the partition of a day read another version of its file.</summary>
    public static string Alter(ColdTier cold, DateOnly day, string sha256) =>
        $"ALTER FOREIGN TABLE {NameOf(day)} OPTIONS (SET program '{cold.ProgramOf(day, sha256)}');\n";

    public static string Drop(DateOnly day) => $"DROP FOREIGN TABLE IF EXISTS {NameOf(day)};\n";

    /// <summary>Those of the days that have a foreign partition.</summary>
    public static async Task<HashSet<DateOnly>> ExistingAsync(NpgsqlConnection owner, IEnumerable<DateOnly> days, CancellationToken cancellationToken)
    {
        DateOnly[] asked = [.. days];
        await using var command = new NpgsqlCommand("SELECT day FROM unnest($1, $2) AS d (day, name) WHERE to_regclass(name) IS NOT NULL", owner);
        command.Parameters.Add(new() { Value = asked });
        command.Parameters.Add(new() { Value = Array.ConvertAll(asked, NameOf) });
        var found = new HashSet<DateOnly>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add(row.GetFieldValue<DateOnly>(0));
        return found;
    }

    static async Task<HashSet<string>> AttachedAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT 'sentiment.' || c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '{Table}'::regclass
            """, owner);
        var names = new HashSet<string>(StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) names.Add(row.GetString(0));
        return names;
    }

    static async Task ExecuteAsync(NpgsqlConnection owner, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, owner);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static string At(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"'{day:yyyy-MM-dd} 00:00:00+00'");

    // The last day of all has no day after it.
    static string Next(DateOnly day) => day == DateOnly.MaxValue ? "MAXVALUE" : At(day.AddDays(1));

    static string NextMonth(DateOnly month) => month is { Year: 9999, Month: 12 } ? "MAXVALUE" : At(month.AddMonths(1));
}
