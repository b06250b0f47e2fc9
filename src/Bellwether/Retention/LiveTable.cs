using System.Globalization;
using System.Text.RegularExpressions;
using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention;

/// <summary>A partition of a table by time, half-open.</summary>
/// <param name="Name">Schema-qualified and quoted.</param>
/// <param name="From">Null: without beginning.</param>
/// <param name="To">Null: without end, or the default partition.</param>
sealed record LivePartition(string Name, DateTimeOffset? From, DateTimeOffset? To, long Bytes);

/// <summary>A table as the database has it now.</summary>
/// <param name="Key">Columns of the primary key; empty where there is none.</param>
sealed partial record LiveTable(
    string Schema, string Name, bool IsPartitioned, long Bytes, IReadOnlyList<ArchiveColumn> Columns, IReadOnlyList<string> Key, IReadOnlyList<LivePartition> Partitions)
{
    public string Qualified => $"{LakeColumn.Quote(Schema)}.{LakeColumn.Quote(Name)}";

    public ArchiveColumn? Column(string name) => Columns.FirstOrDefault(column => column.Name == name);

    /// <summary>The table of a name in one of the desk's schemas; null where it is not there yet.</summary>
    public static async Task<LiveTable?> FindAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("SET TimeZone = 'UTC'"), new("SET DateStyle = 'ISO, YMD'"),
                Asking("""
                    SELECT n.nspname, c.relkind = 'p', pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relname = $1 AND n.nspname = ANY($2) AND c.relkind IN ('r', 'p')
                    """),
                // What is computed from other columns is computed again after a restore.
                Asking("""
                    SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relname = $1 AND n.nspname = ANY($2) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                    ORDER BY a.attnum
                    """),
                Asking("""
                    SELECT a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey::int2[])
                    WHERE c.relname = $1 AND n.nspname = ANY($2) AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)
                    """),
                Asking("""
                    SELECT quote_ident(pn.nspname) || '.' || quote_ident(p.relname), pg_get_expr(p.relpartbound, p.oid), pg_total_relation_size(p.oid), p.relkind = 'r'
                    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_class p ON p.oid = i.inhrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
                    WHERE c.relname = $1 AND n.nspname = ANY($2) AND NOT i.inhdetachpending ORDER BY 1
                    """),
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        var (schema, partitioned, bytes) = (row.GetString(0), row.GetBoolean(1), row.GetInt64(2));
        if (await row.ReadAsync(cancellationToken)) throw new RetentionException($"there are two tables {name}, one in {schema} and one in {row.GetString(0)}");
        var (columns, key, partitions) = (new List<ArchiveColumn>(), new List<string>(), new List<LivePartition>());
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) columns.Add(new(row.GetString(0), row.GetString(1)));
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) key.Add(row.GetString(0));
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) partitions.Add(Partition(name, row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetBoolean(3)));
        return new(schema, name, partitioned, partitioned ? partitions.Sum(p => p.Bytes) : bytes, columns, key, partitions);

        NpgsqlBatchCommand Asking(string sql) => new(sql) { Parameters = { new() { Value = name }, new() { Value = RetentionPolicies.Schemas } } };
    }

    static LivePartition Partition(string table, string name, string bounds, long bytes, bool plain)
    {
        if (!plain) throw new RetentionException($"the partition {name} of {table} is partitioned itself, or is no table: its rows cannot be moved by time");
        if (bounds == "DEFAULT") return new(name, null, null, bytes);
        return Range().Match(bounds) is { Success: true } range ? new(name, Bound(range.Groups[1].Value), Bound(range.Groups[2].Value), bytes)
            : throw new RetentionException($"the partition {name} of {table} is not a range of time: {bounds}");
    }

    static DateTimeOffset? Bound(string text) => text is "MINVALUE" or "MAXVALUE" ? null
        : DateTimeOffset.Parse(text.Trim('\''), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    [GeneratedRegex(@"^FOR VALUES FROM \(('[^']*'|MINVALUE)\) TO \(('[^']*'|MAXVALUE)\)$")]
    private static partial Regex Range();
}

/// <summary>Retention or the archive cannot go on. The message names the table and tells what to do.</summary>
public sealed class RetentionException(string message, Exception? inner = null) : Exception(message, inner);
