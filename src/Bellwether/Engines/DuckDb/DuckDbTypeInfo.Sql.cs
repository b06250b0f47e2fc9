namespace Bellwether.Engines.DuckDb;

public sealed partial class DuckDbTypeInfo
{
    /// <summary>The type as SQL spells it.</summary>
    /// <exception cref="NotSupportedException">A type that cannot be a column of a table.</exception>
    public string ToSql() => Type switch
    {
        DuckDbType.Varchar when IsJson => "JSON",
        DuckDbType.Decimal => $"DECIMAL({Width},{Scale})",
        DuckDbType.List => $"{Children[0].ToSql()}[]",
        DuckDbType.Array => $"{Children[0].ToSql()}[{ArraySize}]",
        DuckDbType.Map => $"MAP({Children[0].ToSql()}, {Children[1].ToSql()})",
        DuckDbType.Struct => $"STRUCT({Members()})",
        DuckDbType.Union => $"UNION({Members()})",
        DuckDbType.Enum => $"ENUM({string.Join(", ", Names.Select(name => $"'{name.Replace("'", "''")}'"))})",
        DuckDbType.TimestampSeconds => "TIMESTAMP_S",
        DuckDbType.TimestampMilliseconds => "TIMESTAMP_MS",
        DuckDbType.TimestampNanoseconds => "TIMESTAMP_NS",
        DuckDbType.TimestampTz => "TIMESTAMPTZ",
        DuckDbType.TimeTz => "TIMETZ",
        DuckDbType.TimeNanoseconds => "TIME_NS",
        DuckDbType.SqlNull => "INTEGER",
        (>= DuckDbType.Boolean and <= DuckDbType.Blob) or DuckDbType.Uuid or DuckDbType.Bit or DuckDbType.UHugeInt or DuckDbType.BigNum =>
            Type.ToString().ToUpperInvariant(),
        _ => throw new NotSupportedException($"a column of type {Type} cannot be carried to a table; cast it to VARCHAR in the statement"),
    };

    string Members() => string.Join(", ", Names.Zip(Children).Select(member => $"\"{member.First.Replace("\"", "\"\"")}\" {member.Second.ToSql()}"));
}
