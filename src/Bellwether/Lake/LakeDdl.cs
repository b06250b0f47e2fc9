using System.Globalization;
using System.Text;

namespace Bellwether.Lake;

/// <summary>What other engines are told, so that they read the lake where it lies.</summary>
public enum LakeDdlTarget
{
    DuckDb,
    PgDuckDb,
    ParquetFdw,
    Trino,
    Spark,
}

/// <summary>Statements by which other engines read the lake's files as they are.</summary>
/// <param name="place">Folder of the lake, or <c>s3://bucket/prefix</c>.</param>
public sealed class LakeDdl(string place)
{
    const string Pattern = "year=*/month=*/day=*/" + LakePaths.FileName;

    /// <summary>Statements for an engine.</summary>
    /// <param name="cold">Days that are sealed, with the paths of their files in the lake: for engines that stand in for hot rows.</param>
    /// <exception cref="LakeException">The engine cannot read this lake.</exception>
    public string For(LakeDdlTarget target, IReadOnlyList<(DateOnly Day, string Path)> cold) => target switch
    {
        LakeDdlTarget.DuckDb => DuckDb(),
        LakeDdlTarget.PgDuckDb => PgDuckDb(),
        LakeDdlTarget.ParquetFdw => ParquetFdw(cold),
        LakeDdlTarget.Trino => Trino(),
        LakeDdlTarget.Spark => Spark(),
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "not an engine"),
    };

    bool InBucket => place.StartsWith("s3://", StringComparison.Ordinal);

    string DuckDb() => $"""
        -- DuckDB. year, month and day come from the folders; conditions on them open only the files they need.
        {(InBucket ? "INSTALL httpfs; LOAD httpfs; CREATE SECRET IF NOT EXISTS bellwether (TYPE s3, PROVIDER credential_chain);\n" : "")}CREATE SCHEMA IF NOT EXISTS sentiment;
        CREATE OR REPLACE VIEW sentiment.all_sentiment AS
        SELECT {LakeSchema.Names(LakeSchema.Columns)}, "year", "month", "day"
        FROM {LakeSchema.OfAnyVersion($"SELECT * FROM read_parquet({Quote($"{place}/{Pattern}")}, hive_partitioning = true, union_by_name = true)")};

        """;

    string PgDuckDb() => $"""
        -- PostgreSQL with pg_duckdb 1.0 or newer.
        CREATE EXTENSION IF NOT EXISTS pg_duckdb;
        CREATE SCHEMA IF NOT EXISTS sentiment;
        CREATE OR REPLACE VIEW sentiment.lake AS
        SELECT {string.Join(",\n       ", LakeSchema.Columns.Select(column => $"r['{column.Name}']::{PostgresType(column, "json")} AS {column.Quoted}"))}
        FROM read_parquet({Quote($"{place}/{Pattern}")}, union_by_name => true) r;

        """;

    /// <summary>One foreign table a file, because a condition on time then reads one file; payloads stay text, which is all that it knows.</summary>
    string ParquetFdw(IReadOnlyList<(DateOnly Day, string Path)> cold)
    {
        if (InBucket) throw new LakeException($"parquet_fdw reads files of its own machine, and this lake lies in {place}. Take pg_duckdb, trino or spark");
        var sql = new StringBuilder($"""
            -- PostgreSQL with parquet_fdw, on the machine of the lake; its user must be able to read the files. {cold.Count.ToString(CultureInfo.InvariantCulture)} sealed days.
            -- To be run again when days were sealed or unsealed since: as one transaction, so that nobody sees a day twice or not at all.
            BEGIN;
            CREATE EXTENSION IF NOT EXISTS parquet_fdw;
            CREATE SERVER IF NOT EXISTS parquet_srv FOREIGN DATA WRAPPER parquet_fdw;
            CREATE TABLE IF NOT EXISTS sentiment.sentiment_parquet (
                {string.Join(",\n    ", LakeSchema.Columns.Select(column => $"{column.Quoted} {PostgresType(column, "text")}"))}
            ) PARTITION BY RANGE ("timestamp");

            """);
        // What was sealed before and is not any more is hot again.
        sql.Append(CultureInfo.InvariantCulture, $"""
            DO $$
            DECLARE part text;
            BEGIN
                FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
                    WHERE inhparent = 'sentiment.sentiment_parquet'::regclass AND c.relname <> ALL (ARRAY[{string.Join(", ", cold.Select(c => $"'sentiment_parquet_{c.Day:yyyyMMdd}'"))}]::text[])
                LOOP
                    EXECUTE 'DROP FOREIGN TABLE ' || part;
                END LOOP;
            END $$;

            """);
        foreach (var (day, path) in cold)
        {
            sql.Append(CultureInfo.InvariantCulture, $"CREATE FOREIGN TABLE IF NOT EXISTS sentiment.sentiment_parquet_{day:yyyyMMdd} PARTITION OF sentiment.sentiment_parquet ");
            sql.Append(CultureInfo.InvariantCulture, $"FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00') ");
            sql.Append(CultureInfo.InvariantCulture, $"SERVER parquet_srv OPTIONS (filename {Quote($"{place}/{path}")}, sorted 'timestamp');\n");
        }
        var names = LakeSchema.Names(LakeSchema.Columns);
        sql.Append(CultureInfo.InvariantCulture, $"""
            CREATE OR REPLACE VIEW sentiment.all_sentiment AS
            SELECT {names} FROM sentiment.sentiment_data
            UNION ALL
            SELECT {string.Join(", ", LakeSchema.Columns.Select(column => column.Kind == LakeKind.Json ? $"{column.Quoted}::jsonb AS {column.Quoted}" : column.Quoted))}
            FROM sentiment.sentiment_parquet c
            WHERE NOT EXISTS (SELECT FROM ops.lake_removals r
                              WHERE r.article_id = c.article_id AND r.ticker = c.ticker AND r.day = (c."timestamp" AT TIME ZONE 'UTC')::date);
            COMMIT;

            """);
        return sql.ToString();
    }

    string Trino() => $"""
        -- Trino, Hive connector named hive; hive.timestamp-precision=MICROSECONDS and hive.parquet.time-zone=UTC keep the times whole.
        CREATE SCHEMA IF NOT EXISTS hive.bellwether;
        CREATE TABLE IF NOT EXISTS hive.bellwether.all_sentiment (
            {string.Join(",\n    ", LakeSchema.Columns.Select(column => $"{column.Quoted} {Type(column, "timestamp(6)", "varchar")}"))},
            "year" varchar,
            "month" varchar,
            "day" varchar
        ) WITH (external_location = {Quote(Location)}, format = 'PARQUET', partitioned_by = ARRAY['year', 'month', 'day']);
        -- Again after each new day.
        CALL hive.system.sync_partition_metadata('bellwether', 'all_sentiment', 'FULL');

        """;

    string Spark() => $"""
        -- Spark SQL 3.3 or newer; session time zone UTC.
        SET spark.sql.session.timeZone=UTC;
        CREATE DATABASE IF NOT EXISTS bellwether;
        CREATE TABLE IF NOT EXISTS bellwether.all_sentiment (
            {string.Join(",\n    ", LakeSchema.Columns.Select(column => $"`{column.Name}` {Type(column, "TIMESTAMP", "STRING").ToUpperInvariant()}"))},
            `year` INT, `month` INT, `day` INT
        ) USING parquet PARTITIONED BY (`year`, `month`, `day`) LOCATION {Quote(InBucket ? "s3a" + place[2..] : $"file://{place}")};
        -- Again after each new day.
        MSCK REPAIR TABLE bellwether.all_sentiment;

        """;

    string Location => InBucket ? place : $"file://{place}";

    static string Type(LakeColumn column, string timestamp, string text) => column.Kind switch
    {
        LakeKind.Timestamp => timestamp,
        LakeKind.Double => "double",
        LakeKind.SmallInt => "smallint",
        _ => text,
    };

    static string PostgresType(LakeColumn column, string json) => column.Kind switch
    {
        LakeKind.Timestamp => "timestamptz",
        LakeKind.Double => "double precision",
        LakeKind.SmallInt => "smallint",
        LakeKind.Json => json,
        _ => "text",
    };

    static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
