using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Backup;

/// <summary>What of a database belongs to the product, as its catalogue says at one moment.</summary>
static partial class BackupCatalog
{
    // Rows that are somewhere else too: brought back beside their table to look at, or on their way back from the lake.
    const string IsByProduct = "(n.nspname = 'sentiment' AND c.relname ~ '^unsealing_[0-9]{8}$' OR obj_description(c.oid, 'pg_class') IS NOT DISTINCT FROM $2)";

    // Made by `lake ddl` for another extension: it has foreign partitions, or none yet.
    const string IsColdOfOthers = """
        (n.nspname = 'sentiment' AND c.relname = 'sentiment_parquet' AND c.relkind = 'p'
            AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) AS t JOIN pg_class AS leaf ON leaf.oid = t.relid WHERE leaf.relkind = 'r'))
        """;

    /// <summary>The history of the schema is restored by running it.</summary>
    public static readonly string[] Schemas = ["ops", "sentiment", "counts", "market", "portfolio", "improvement"];

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>
    /// Tables with rows of their own, those that others refer to first. Partitions belong to their table; rows of foreign ones lie elsewhere, as do
    /// those of by-products.
    /// </summary>
    public static async Task<List<(string Schema, string Name, string[] Columns)>> TablesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"""
            SELECT n.nspname, c.relname, ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum)
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) AS t JOIN pg_class AS leaf ON leaf.oid = t.relid WHERE leaf.relkind = 'f')
                AND NOT (n.nspname = 'sentiment' AND c.relname = 'sentiment_cold') AND NOT {IsByProduct} AND NOT {IsColdOfOthers}
            ORDER BY 1, 2
            """);
        command.Parameters.Add(new() { Value = ArchiveRestore.Mark });
        var tables = new List<(string Schema, string Name, string[] Columns)>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) tables.Add((row.GetString(0), row.GetString(1), row.GetFieldValue<string[]>(2)));
        var references = await ReferencesAsync(connection, cancellationToken).ConfigureAwait(false);
        var ordered = new List<(string, string, string[])>();
        var placed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in tables) Place(table.Schema, table.Name);
        return ordered;

        void Place(string schema, string name)
        {
            if (!placed.Add($"{schema}.{name}")) return;
            foreach (var (other, otherName) in references[(schema, name)]) Place(other, otherName);
            ordered.AddRange(tables.Where(table => table.Schema == schema && table.Name == name));
        }
    }

    /// <summary>Tables that hold nothing of their own.</summary>
    public static async Task<List<string>> ByProductsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"""
            SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY($1) AND c.relkind = 'r' AND NOT c.relispartition AND {IsByProduct} ORDER BY 1
            """);
        command.Parameters.Add(new() { Value = ArchiveRestore.Mark });
        var names = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) names.Add(row.GetString(0));
        return names;
    }

    static async Task<ILookup<(string, string), (string, string)>> ReferencesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, """
            SELECT n.nspname, c.relname, fn.nspname, f.relname FROM pg_constraint AS k
            JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN pg_class AS f ON f.oid = k.confrelid JOIN pg_namespace AS fn ON fn.oid = f.relnamespace
            WHERE k.contype = 'f' AND n.nspname = ANY($1)
            """);
        var found = new List<((string, string) From, (string, string) To)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add(((row.GetString(0), row.GetString(1)), (row.GetString(2), row.GetString(3))));
        return found.ToLookup(pair => pair.From, pair => pair.To);
    }

    /// <summary>Partitions that hold rows here, parents first. Foreign ones are made again from the lake.</summary>
    public static async Task<List<BackupPartition>> PartitionsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, """
            SELECT n.nspname, c.relname, pn.nspname, p.relname, pg_get_expr(c.relpartbound, c.oid), CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_inherits AS i ON i.inhrelid = c.oid
            JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
            WHERE n.nspname = ANY($1) AND c.relispartition AND c.relkind IN ('r', 'p') AND p.relkind = 'p' AND NOT (pn.nspname = 'sentiment' AND p.relname LIKE 'sentiment_cold%')
            ORDER BY (SELECT count(*) FROM pg_partition_ancestors(c.oid)), 1, 2
            """);
        var partitions = new List<BackupPartition>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            partitions.Add(new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5)));
        return partitions;
    }

    /// <summary>Partitions over sealed days, a month each.</summary>
    public static async Task<List<string>> ColdMonthsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass('sentiment.sentiment_cold') ORDER BY 1", connection);
        var months = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) months.Add(row.GetString(0));
        return months;
    }

    public static async Task<List<BackupSequence>> SequencesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"""
            SELECT s.schemaname, s.sequencename, s.last_value, CASE WHEN d.deptype IS DISTINCT FROM 'i' THEN format('AS %s %s', s.data_type, {Numbers}) END,
                CASE WHEN d.deptype = 'a' THEN format('%I.%I.%I', tn.nspname, t.relname, a.attname) END
            FROM pg_sequences AS s
            LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = to_regclass(format('%I.%I', s.schemaname, s.sequencename))
                AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
            LEFT JOIN pg_class AS t ON t.oid = d.refobjid LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
            LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
            WHERE s.schemaname = ANY($1) ORDER BY 1, 2
            """);
        var sequences = new List<BackupSequence>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            sequences.Add(new(row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4)));
        return sequences;
    }

    static NpgsqlCommand Command(NpgsqlConnection connection, string sql) => new(sql, connection) { Parameters = { new() { Value = Schemas } }, CommandTimeout = 0 };
}
