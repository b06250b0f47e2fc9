using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention;

/// <summary>A policy against the table as it is now: what may leave it, and what holds rows back.</summary>
sealed record RetentionScope(RetentionPolicy Policy, LiveTable Table, DateTimeOffset Before, IReadOnlyList<string> Notes, IReadOnlyList<(DateTimeOffset From, DateTimeOffset To)> Held)
{
    /// <summary>Why nothing may leave it; null where something may.</summary>
    public string? Blocker { get; init; }

    /// <summary>Partitions that have rows which the policy does not mean: they stay whole.</summary>
    public IReadOnlyList<string> Spared { get; init; } = [];

    public string Time => LakeColumn.Quote(Policy.Time);

    /// <summary>Partitions are dropped when all of them is too old; what lies in the default one goes row by row.</summary>
    public IEnumerable<LivePartition> Partitions => Table.Partitions.Where(p => p.To is { } to && to <= Before && !Spared.Contains(p.Name) && !Held.Any(h => h.From < to && (p.From is not { } from || h.To > from)));

    /// <summary>Where rows are deleted from: the table, or its default partition.</summary>
    public string? RowsOf => !Table.IsPartitioned ? Table.Qualified : Table.Partitions.FirstOrDefault(p => p.From is null && p.To is null)?.Name;

    public string Action => (Policy.Method, Table.IsPartitioned) switch
    {
        (RetentionMethod.Archive, true) => "archive_drop",
        (RetentionMethod.Archive, false) => "archive_delete",
        (RetentionMethod.Downsample, true) => "downsample_drop",
        (RetentionMethod.Downsample, false) => "downsample_delete",
        (RetentionMethod.Delete, true) => "drop",
        (RetentionMethod.Delete, false) => "delete",
        (RetentionMethod.Seal, _) => "seal",
        _ => "keep",
    };

    public string Reason => string.Join("; ", (string[])[Policy.Reason, .. Blocker is null ? [] : (string[])[$"held back: {Blocker}"], .. Notes]);

    /// <summary>Rows that may go, of the row t; without moments outside of what the program can tell.</summary>
    public string Condition =>
        $"t.{Time} < {At(Before)} AND t.{Time} >= timestamptz '0001-01-01 00:00:00+00'" + (Policy.Condition is { } condition ? $" AND ({condition})" : "")
        + string.Concat(Held.Select(held => $" AND NOT (t.{Time} >= {At(held.From)} AND t.{Time} < {At(held.To)})"));

    /// <summary>The same within a range.</summary>
    public string Within(DateTimeOffset from, DateTimeOffset to) => $"{Condition} AND t.{Time} >= {At(from)} AND t.{Time} < {At(to)}";

    public static string At(DateTimeOffset time) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"timestamptz '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'");

    /// <summary>Looks at table, foreign keys, rollups and restored files.</summary>
    public static async Task<RetentionScope> LookAsync(
        RetentionPolicy policy, LiveTable table, DateTimeOffset before, RetentionOptions options, DateTimeOffset now, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        if (table.Column(policy.Time) is not { Type: "timestamp with time zone" } time)
            return new(policy, table, before, notes, []) { Blocker = $"the table has no column {policy.Time} of type timestamp with time zone" };
        if (await OrphanedAsync(policy, table, connection, cancellationToken) is { } orphan) return new(policy, table, before, notes, []) { Blocker = orphan };
        string? blocker = null;
        foreach (var link in policy.Dependents.Where(link => link.Kind == RetentionLinkKind.Rollup && link.Dependent != policy.Summary?.Target))
        {
            var reach = await ReachAsync(link.Dependent, link.Reach!, connection, cancellationToken);
            if (!reach.Exists || reach.To >= before) continue;
            if (reach.To is not { } to) blocker = $"{link.Dependent}, which sums it up, {reach.Problem}";
            else
            {
                before = to;
                notes.Add($"{link.Dependent}, which sums it up, reaches to {to.UtcDateTime:yyyy-MM-dd HH:mm}");
            }
        }
        var held = (await ArchiveCatalog.ListAsync(connection, policy.Table, null, null, cancellationToken))
            .Where(file => file.RestoredAt > now.AddDays(-options.KeepRestoredDays)).Select(file => (file.From, file.To)).Distinct().ToArray();
        if (held.Length > 0) notes.Add($"{held.Length} restored ranges are left for {options.KeepRestoredDays} days");
        var spared = await SparedAsync(policy, table, before, connection, notes, cancellationToken);
        return new(policy, table, before, notes, held) { Blocker = blocker, Spared = spared };
    }

    static async Task<List<string>> SparedAsync(
        RetentionPolicy policy, LiveTable table, DateTimeOffset before, NpgsqlConnection connection, List<string> notes, CancellationToken cancellationToken)
    {
        var spared = new List<string>();
        foreach (var partition in table.Partitions.Where(p => p.To <= before))
            if (await RowsThatStayAsync(policy, partition, connection, cancellationToken) is > 0 and var rows)
            {
                spared.Add(partition.Name);
                notes.Add(StaysWhole(policy, partition, rows));
            }
        return spared;
    }

    /// <summary>Rows of a partition that the policy does not mean, which keep the whole of it.</summary>
    public static async Task<long> RowsThatStayAsync(RetentionPolicy policy, LivePartition partition, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (policy.Condition is not { } condition) return 0;
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {partition.Name} AS t WHERE NOT coalesce(({condition}), false)", connection) { CommandTimeout = 0 };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public static string StaysWhole(RetentionPolicy policy, LivePartition partition, long rows) =>
        $"{partition.Name} stays: of {rows} of its rows it is not true that {policy.Condition}";

    /// <summary>Foreign keys of the database that the policies do not know would stop the deletion, or carry it on to rows that nobody meant.</summary>
    static async Task<string?> OrphanedAsync(RetentionPolicy policy, LiveTable table, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT c.relname, f.confdeltype::text FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
            WHERE f.contype = 'f' AND f.confrelid = $1::regclass AND f.conrelid <> f.confrelid AND f.conparentid = 0 ORDER BY 1
            """, connection) { Parameters = { new() { Value = table.Qualified } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var (dependent, action) = (row.GetString(0), row.GetString(1));
            var kind = policy.Dependents.FirstOrDefault(link => link.Dependent == dependent)?.Kind;
            // n: set null, d: set default, c: cascade; a and r refuse.
            if (action is "n" && kind is RetentionLinkKind.Outlives || action is "c" && kind is RetentionLinkKind.Owned) continue;
            return action is "c" ? $"rows of {dependent} would be deleted with it, which its policy does not say"
                : $"rows of {dependent} point to it and would be orphaned";
        }
        return null;
    }

    /// <summary>Up to when a rollup sums up.</summary>
    static async Task<(bool Exists, DateTimeOffset? To, string? Problem)> ReachAsync(string rollup, string reach, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await LiveTable.FindAsync(connection, rollup, cancellationToken) is not { } table) return (false, null, null);
        if (table.Column(reach) is not { } column) return (true, null, $"has no column {reach}, which would tell how far it reaches");
        await using var command = new NpgsqlCommand($"SELECT max({column.Quoted})::timestamptz FROM {table.Qualified}", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime to ? (true, new DateTimeOffset(to, TimeSpan.Zero), null) : (true, null, "is empty");
    }
}
