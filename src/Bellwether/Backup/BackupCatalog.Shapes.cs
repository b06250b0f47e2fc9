using Npgsql;

namespace Bellwether.Backup;

/// <remarks>
/// Not every table here is made by a revision of the schema: daily summaries are made when they are first needed, and users may add some of their
/// own. A restore makes those as they were.
/// </remarks>
static partial class BackupCatalog
{
    // Of a row s of pg_sequences.
    const string Numbers = """
        format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', s.increment_by, s.min_value, s.max_value, s.start_value, s.cache_size,
            CASE WHEN s.cycle THEN ' CYCLE' END)
        """;

    /// <summary>To be set where definitions are read: names and values in them are then complete, whoever reads them later.</summary>
    public const string Settings = "SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1";

    /// <summary>How tables are made, in the same order.</summary>
    /// <exception cref="BackupException">One of them needs what a backup does not hold.</exception>
    public static async Task<List<BackupShape>> ShapesAsync(
        NpgsqlConnection connection, IReadOnlyList<(string Schema, string Name, string[] Columns)> tables, CancellationToken cancellationToken)
    {
        string[] names = [.. tables.Select(table => $"{Quote(table.Schema)}.{Quote(table.Name)}")];
        await RequireOwnAsync(connection, names, cancellationToken).ConfigureAwait(false);
        var columns = await ColumnsAsync(connection, names, cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand("""
            SELECT CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
                ARRAY(SELECT format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint AS k
                    WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'x') ORDER BY k.contype <> 'p', k.conname),
                ARRAY(SELECT regexp_replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') FROM pg_index AS i
                    WHERE i.indrelid = c.oid AND i.indisvalid AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid) ORDER BY i.indexrelid::regclass::text),
                ARRAY(SELECT format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint AS k
                    WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0 ORDER BY k.conname)
            FROM unnest($1) WITH ORDINALITY AS n (name, place) JOIN pg_class AS c ON c.oid = to_regclass(n.name) ORDER BY n.place
            """, connection) { Parameters = { new() { Value = names } } };
        var shapes = new List<BackupShape>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            shapes.Add(new([.. columns[shapes.Count + 1]], row.IsDBNull(0) ? null : row.GetString(0),
                row.GetFieldValue<string[]>(1), row.GetFieldValue<string[]>(2), row.GetFieldValue<string[]>(3)));
        return shapes.Count == tables.Count ? shapes : throw new BackupException("a table was dropped while the backup began", "Run it again.");
    }

    /// <summary>Columns by the place of their table, from 1.</summary>
    static async Task<ILookup<long, BackupColumn>> ColumnsAsync(NpgsqlConnection connection, string[] names, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT n.place, a.attname, format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
                || CASE WHEN a.attidentity <> '' THEN format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
                            pg_get_serial_sequence(n.name, a.attname), (SELECT {Numbers} FROM pg_sequences AS s
                                WHERE to_regclass(format('%I.%I', s.schemaname, s.sequencename)) = to_regclass(pg_get_serial_sequence(n.name, a.attname))))
                        WHEN a.attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid), CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
                        WHEN d.oid IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            FROM unnest($1) WITH ORDINALITY AS n (name, place) JOIN pg_attribute AS a ON a.attrelid = to_regclass(n.name) AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            ORDER BY n.place, a.attnum
            """, connection) { Parameters = { new() { Value = names } } };
        var found = new List<(long Place, BackupColumn Column)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add((row.GetInt64(0), new(row.GetString(1), row.GetString(2))));
        return found.ToLookup(pair => pair.Place, pair => pair.Column);
    }

    /// <summary>A backup that only fails when it is needed is worse than none: types, functions and parents that no restore makes are refused.</summary>
    static async Task RequireOwnAsync(NpgsqlConnection connection, string[] names, CancellationToken cancellationToken)
    {
        // What PostgreSQL itself brings is in no dependency.
        await using var command = new NpgsqlCommand("""
            WITH tables AS (SELECT to_regclass(n.name)::oid AS oid FROM unnest($1) AS n (name)),
            parts AS (
                SELECT oid AS of, 'pg_class'::regclass AS class, oid AS part FROM tables
                UNION ALL SELECT adrelid, 'pg_attrdef'::regclass, d.oid FROM pg_attrdef AS d JOIN tables AS t ON t.oid = d.adrelid
                UNION ALL SELECT conrelid, 'pg_constraint'::regclass, k.oid FROM pg_constraint AS k JOIN tables AS t ON t.oid = k.conrelid
                UNION ALL SELECT indrelid, 'pg_class'::regclass, indexrelid FROM pg_index AS i JOIN tables AS t ON t.oid = i.indrelid)
            SELECT p.of::regclass::text, pg_describe_object(d.refclassid, d.refobjid, 0) FROM parts AS p JOIN pg_depend AS d ON d.classid = p.class AND d.objid = p.part
                WHERE d.refclassid IN ('pg_type'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass)
            UNION ALL SELECT inhrelid::regclass::text, format('rows of its own below table %s', inhparent::regclass) FROM pg_inherits AS i JOIN tables AS t ON t.oid = i.inhrelid
            ORDER BY 1, 2 LIMIT 1
            """, connection) { Parameters = { new() { Value = names } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false)) return;
        var (table, needs) = (row.GetString(0), row.GetString(1));
        throw new BackupException($"the table {table} needs {needs}, which no revision of the schema makes: a backup with it could not be restored",
            $"Keep tables of your own in a schema of your own (ALTER TABLE {table} SET SCHEMA mine), and back that up by pg_dump.");
    }
}
