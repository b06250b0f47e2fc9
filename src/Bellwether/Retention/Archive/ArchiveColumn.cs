using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;

namespace Bellwether.Retention.Archive;

/// <summary>A column of an archived table.</summary>
/// <param name="Type">PostgreSQL's type, as a column definition has it.</param>
public sealed partial record ArchiveColumn([property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("type")] string Type)
{
    /// <summary>Digits of exact numbers are kept as text where a value has no place in a decimal of Parquet, such as NaN.</summary>
    [JsonPropertyName("as_text")] public bool AsText { get; init; }

    /// <summary>How values travel: what has no kind of its own goes as PostgreSQL's text of it, which gives the same value back.</summary>
    internal LakeKind Kind => Type switch
    {
        "jsonb" => LakeKind.Json,
        "double precision" => LakeKind.Double,
        "bigint" => LakeKind.BigInt,
        "integer" => LakeKind.Integer,
        "smallint" => LakeKind.SmallInt,
        "boolean" => LakeKind.Boolean,
        "date" => LakeKind.Date,
        "timestamp with time zone" => LakeKind.Timestamp,
        "uuid" => LakeKind.Uuid,
        "bytea" => LakeKind.Blob,
        _ => LakeKind.Text,
    };

    internal string Quoted => LakeColumn.Quote(Name);

    /// <summary>What PostgreSQL sends, so that the binary form is one of the kinds.</summary>
    /// <param name="from">Name of the row.</param>
    internal string Sent(string from) => Kind == LakeKind.Text ? $"{from}.{Quoted}::text" : $"{from}.{Quoted}";

    /// <summary>Type in which PostgreSQL takes the values back; text is cast to the column's own.</summary>
    internal string StagedType => Kind == LakeKind.Text ? "text" : Type;

    /// <summary>The decimal of Parquet that holds every finite value; null for other columns.</summary>
    internal string? Decimal => !AsText && Numeric().Match(Type) is { Success: true } n && int.Parse(n.Groups[1].ValueSpan) is >= 1 and <= 38 and var digits
        && int.Parse(n.Groups[2].ValueSpan) <= digits ? $"DECIMAL({digits},{n.Groups[2].ValueSpan})" : null;

    internal (string Name, DuckDbType Type, string? Alias) Source => (Name, Kind switch
    {
        LakeKind.Text or LakeKind.Json => DuckDbType.Varchar,
        LakeKind.Double => DuckDbType.Double,
        LakeKind.BigInt => DuckDbType.BigInt,
        LakeKind.Integer => DuckDbType.Integer,
        LakeKind.SmallInt => DuckDbType.SmallInt,
        LakeKind.Boolean => DuckDbType.Boolean,
        LakeKind.Date => DuckDbType.Date,
        LakeKind.Timestamp => DuckDbType.TimestampTz,
        LakeKind.Uuid => DuckDbType.Uuid,
        LakeKind.Blob => DuckDbType.Blob,
        _ => throw new InvalidOperationException($"{Kind} is not a kind of column in an archive"),
    }, Kind == LakeKind.Json ? "JSON" : null);

    internal static string ToJson(IReadOnlyList<ArchiveColumn> columns) => JsonSerializer.Serialize(columns, ArchiveJson.Default.IReadOnlyListArchiveColumn);

    internal static IReadOnlyList<ArchiveColumn> FromJson(string json) => JsonSerializer.Deserialize(json, ArchiveJson.Default.IReadOnlyListArchiveColumn)!;

    [GeneratedRegex(@"^numeric\((\d+),(\d+)\)$")]
    private static partial Regex Numeric();
}

[JsonSerializable(typeof(IReadOnlyList<ArchiveColumn>))]
sealed partial class ArchiveJson : JsonSerializerContext;
