using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <summary>The tables that SQL may read, and how they come into DuckDB.</summary>
static class LakeTables
{
    public const string AllSentiment = "all_sentiment";

    /// <summary>Name and schema of each; names are unique, so the schema may be left out.</summary>
    public static readonly IReadOnlyDictionary<string, string> Schemas = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        [AllSentiment] = "sentiment",
        ["tweets"] = "sentiment",
        ["tweet_sentiments"] = "sentiment",
        ["reddit_posts"] = "sentiment",
        ["reddit_sentiments"] = "sentiment",
        ["influencers"] = "sentiment",
        ["symbol_sentiments"] = "sentiment",
        ["aggregated_sentiments"] = "sentiment",
        ["confluence_scores"] = "sentiment",
        ["ticker_sentiment"] = "sentiment",
        ["price_history"] = "market",
        ["corporate_actions"] = "market",
        ["market_conditions"] = "market",
        ["options_data"] = "market",
        ["dead_letters"] = "ops",
        ["lake_files"] = "ops",
        ["lake_days"] = "ops",
        ["ingest_runs"] = "ops",
    };

    public static bool IsSystemView(string name) =>
        name.StartsWith("duckdb_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("pragma_", StringComparison.OrdinalIgnoreCase);

    /// <summary>The known name that is meant.</summary>
    /// <exception cref="LakeSqlException">There is none.</exception>
    public static string Resolve(LakeTableName table)
    {
        if (Schemas.TryGetValue(table.Name, out var schema)
            && (table.Schema.Length == 0 || table.Schema.Equals(schema, StringComparison.OrdinalIgnoreCase)
                || table.Schema.Equals("main", StringComparison.OrdinalIgnoreCase)))
            return table.Name.ToLowerInvariant();
        var name = table.Schema.Length == 0 ? table.Name : $"{table.Schema}.{table.Name}";
        throw new LakeSqlException($"there is no table {name} here; known are {string.Join(", ", Schemas.Keys)}") { IsUnknownTable = true };
    }

    /// <summary>Columns of the offered tables as PostgreSQL has them.</summary>
    public static async Task<Dictionary<string, LakeColumn[]>> DescribeAsync(
        NpgsqlConnection source, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var wanted = names.Where(name => name != AllSentiment).ToArray();
        var columns = new Dictionary<string, LakeColumn[]> { [AllSentiment] = [.. LakeSchema.Columns] };
        if (wanted.Length == 0) return columns;
        await using var command = new NpgsqlCommand("""
            SELECT c.relname, a.attname, t.typname
            FROM unnest($1, $2) AS w (schema_name, table_name)
            JOIN pg_namespace n ON n.nspname = w.schema_name
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.table_name
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type t ON t.oid = a.atttypid
            ORDER BY c.relname, a.attnum
            """, source);
        command.Parameters.Add(new() { Value = wanted.Select(name => Schemas[name]).ToArray() });
        command.Parameters.Add(new() { Value = wanted });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var rows = new List<(string Table, LakeColumn Column)>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            rows.Add((reader.GetString(0), new(reader.GetString(1), Kind(reader.GetString(0), reader.GetString(1), reader.GetString(2)))));
        foreach (var table in rows.GroupBy(row => row.Table)) columns[table.Key] = [.. table.Select(row => row.Column)];
        return columns;
    }

    static LakeKind Kind(string table, string column, string type) => type switch
    {
        "text" or "varchar" => LakeKind.Text,
        "jsonb" => LakeKind.Json,
        "float8" => LakeKind.Double,
        "int8" => LakeKind.BigInt,
        "int4" => LakeKind.Integer,
        "int2" => LakeKind.SmallInt,
        "bool" => LakeKind.Boolean,
        "date" => LakeKind.Date,
        "timestamptz" => LakeKind.Timestamp,
        "uuid" => LakeKind.Uuid,
        "bytea" => LakeKind.Blob,
        "_int8" => LakeKind.BigIntList,
        "_uuid" => LakeKind.UuidList,
        _ => throw new LakeSqlException($"the column {table}.{column} has the type {type}, which is not carried over"),
    };

    /// <summary>A view without a body that could be read: for statements that ask what there is.</summary>
    public static void CreateShape(DuckDbConnection target, string name, IEnumerable<LakeColumn> columns) => Publish(target, name,
        $"SELECT {string.Join(", ", columns.Select(column => $"NULL::{column.DuckDbType} AS {column.Quoted}"))} "
        + $"WHERE CAST(error('{name} is read only where the statement names it as a table') AS BOOLEAN)");

    /// <summary>Makes a query known under the bare name and under the schema's.</summary>
    public static void Publish(DuckDbConnection target, string name, string query) => target.Execute(
        $"CREATE VIEW main.{LakeColumn.Quote(name)} AS {query}; CREATE VIEW {Schemas[name]}.{LakeColumn.Quote(name)} AS FROM main.{LakeColumn.Quote(name)}");

    /// <summary>Fills the table <c>data.name</c> from PostgreSQL.</summary>
    public static async Task LoadAsync(
        NpgsqlConnection source, string query, DuckDbConnection target, string name, IReadOnlyList<LakeColumn> columns, CancellationToken cancellationToken)
    {
        target.Execute($"CREATE TABLE data.{LakeColumn.Quote(name)} ({LakeSchema.Definitions(columns)})", cancellationToken);
        using var appender = target.CreateAppender(name, "data");
        await PostgresToDuckDb.CopyAsync(source, query, columns, appender, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads what <see cref="LoadAsync"/> filled, in the final types.</summary>
    public static string SelectLoaded(string name, IEnumerable<LakeColumn> columns) =>
        $"SELECT {string.Join(", ", columns.Select(column => column.StagingType == column.DuckDbType
            ? column.Quoted : $"CAST({column.Quoted} AS {column.DuckDbType}) AS {column.Quoted}"))} FROM data.{LakeColumn.Quote(name)}";

    /// <summary>The rows of files, without those that were removed. To be called once: it may load the removals.</summary>
    public static async Task<string> SelectFilesAsync(
        NpgsqlConnection source, DuckDbConnection target, LakeSnapshot files, IEnumerable<LakeColumn> columns, CancellationToken cancellationToken)
    {
        LakeColumn[] asked = [.. columns];
        var query = string.Join(" UNION ALL ", files.ByVersion.Select(part =>
            $"SELECT {LakeSchema.Names(files.HasRemovals ? LakeSchema.Columns : asked, part.Version)} FROM read_parquet([{string.Join(", ", part.Paths.Select(path => $"'{path}'"))}], hive_partitioning = false)"));
        if (!files.HasRemovals) return query;
        await LoadAsync(source, $"SELECT {LakeSchema.Names(Removals)} FROM ops.lake_removals", target, "lake_removals", Removals, cancellationToken).ConfigureAwait(false);
        return $"SELECT {LakeSchema.Names(asked)} FROM ({query}) AS f WHERE NOT EXISTS (SELECT 1 FROM data.lake_removals r "
            + "WHERE r.article_id = f.article_id AND r.ticker = f.ticker AND r.day = CAST(f.timestamp AS DATE))";
    }

    static readonly LakeColumn[] Removals = [new("day", LakeKind.Date), new("article_id", LakeKind.Text), new("ticker", LakeKind.Text)];
}
