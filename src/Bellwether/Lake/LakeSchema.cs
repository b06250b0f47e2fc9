using System.Collections.Immutable;

namespace Bellwether.Lake;

/// <summary>How a column travels from PostgreSQL to DuckDB.</summary>
enum LakeKind
{
    Text,
    Json,
    Double,
    BigInt,
    Integer,
    SmallInt,
    Boolean,
    Date,
    Timestamp,
    Uuid,
    Blob,
    BigIntList,
    UuidList,
}

/// <summary>A column by name and kind.</summary>
sealed record LakeColumn(string Name, LakeKind Kind)
{
    public string DuckDbType => Kind switch
    {
        LakeKind.Text => "VARCHAR",
        LakeKind.Json => "JSON",
        LakeKind.Double => "DOUBLE",
        LakeKind.BigInt => "BIGINT",
        LakeKind.Integer => "INTEGER",
        LakeKind.SmallInt => "SMALLINT",
        LakeKind.Boolean => "BOOLEAN",
        LakeKind.Date => "DATE",
        LakeKind.Timestamp => "TIMESTAMPTZ",
        LakeKind.Uuid => "UUID",
        LakeKind.Blob => "BLOB",
        LakeKind.BigIntList => "BIGINT[]",
        LakeKind.UuidList => "UUID[]",
        _ => throw new ArgumentOutOfRangeException(nameof(Kind), Kind, "not a kind of column"),
    };

    /// <summary>The type in which it is appended: lists go as text and are cast by the view over the table.</summary>
    public string StagingType => Kind is LakeKind.BigIntList or LakeKind.UuidList ? "VARCHAR" : DuckDbType;

    public string Quoted => Quote(Name);

    /// <summary>What PostgreSQL selects, so that the binary form is one of the kinds.</summary>
    public string PostgresExpression => Kind switch
    {
        LakeKind.BigIntList => $"array_to_json({Quoted})::text",
        LakeKind.UuidList => $"'[' || array_to_string({Quoted}, ', ') || ']'",
        _ => Quoted,
    };

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"")}\"";
}

/// <summary>The columns of a lake file, in order. Year, month and day stand in the path only.</summary>
static class LakeSchema
{
    public const int Version = 2;

    /// <summary>Columns of the files of version 1. Those behind are NULL where a file does not have them, and a row without any of them has the hash that it always had.</summary>
    public const int First = 21;

    public static readonly ImmutableArray<LakeColumn> Columns =
    [
        new("timestamp", LakeKind.Timestamp),
        new("ticker", LakeKind.Text),
        new("article_title", LakeKind.Text),
        new("sentiment", LakeKind.Double),
        new("confidence", LakeKind.Double),
        new("source", LakeKind.Text),
        new("source_url", LakeKind.Text),
        new("model", LakeKind.Text),
        new("article_id", LakeKind.Text),
        new("text", LakeKind.Text),
        new("fetch_timestamp_utc", LakeKind.Timestamp),
        new("processing_timestamp_utc", LakeKind.Timestamp),
        new("raw_source_payload_json", LakeKind.Json),
        new("event_id", LakeKind.Text),
        new("event_type", LakeKind.Text),
        new("priority", LakeKind.Text),
        new("weight", LakeKind.Double),
        new("model_version", LakeKind.Text),
        new("positive", LakeKind.Double),
        new("negative", LakeKind.Double),
        new("schema_version", LakeKind.SmallInt),
        new("chain_id", LakeKind.Text),
        new("novelty_weight", LakeKind.Double),
    ];

    public const int Timestamp = 0;
    public const int Ticker = 1;
    public const int ArticleId = 8;

    public static string Names(IEnumerable<LakeColumn> columns) => string.Join(", ", columns.Select(column => column.Quoted));

    /// <summary>The rows of files of any version, in their order, with all columns; names of columns can be added that only DuckDB knows.</summary>
    public static string From(IEnumerable<string> paths, string more = "") => OfAnyVersion(
        $"SELECT {more}* FROM read_parquet([{string.Join(", ", paths.Select(path => $"'{path.Replace("'", "''", StringComparison.Ordinal)}'"))}], hive_partitioning = false, union_by_name = true)");

    /// <summary>What DuckDB selects from files, of which all may be of a version that lacks the latest columns.</summary>
    public static string OfAnyVersion(string select) =>
        $"(SELECT {string.Join(", ", Columns.Skip(First).Select(column => $"NULL::{column.DuckDbType} AS {column.Quoted}"))} WHERE false UNION ALL BY NAME {select})";

    /// <summary>Columns as files of a version have them.</summary>
    public static string Names(IEnumerable<LakeColumn> columns, int version) => version >= Version ? Names(columns)
        : string.Join(", ", columns.Select(column => Columns.IndexOf(column) >= First ? $"NULL::{column.DuckDbType} AS {column.Quoted}" : column.Quoted));

    public static string Definitions(IEnumerable<LakeColumn> columns) =>
        string.Join(", ", columns.Select(column => $"{column.Quoted} {column.StagingType}"));
}
