using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bellwether.Engines.DuckDb;

public readonly unsafe partial struct DuckDbVector
{
    static readonly JsonWriterOptions Nested = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Appends the value as UTF-8 text: shortest round-trip numbers, ISO 8601 times (TIMESTAMPTZ in UTC with Z), blobs as hexadecimal,
    /// nested values as JSON. NULL appends nothing.
    /// </summary>
    public void WriteText(int row, IBufferWriter<byte> output)
    {
        if (IsNull(row)) return;
        switch (Type.Type)
        {
            case DuckDbType.Varchar:
                output.Write(Bytes(row));
                break;
            case DuckDbType.List or DuckDbType.Array or DuckDbType.Struct or DuckDbType.Map or DuckDbType.Union:
                using (var json = new Utf8JsonWriter(output, Nested)) WriteJson(row, json);
                break;
            case DuckDbType.BigInt:
                Format(At<long>(row), output);
                break;
            case DuckDbType.Double:
                Format(At<double>(row), output);
                break;
            default:
                Encoding.UTF8.GetBytes(Scalar(row), output);
                break;
        }
    }

    /// <summary>
    /// Writes the value as JSON: exact numbers (NaN and infinities are null), JSON columns as they are, times and everything else as the text of
    /// <see cref="WriteText"/>, lists as arrays, structs and maps as objects, a union as its member.
    /// </summary>
    public void WriteJson(int row, Utf8JsonWriter json)
    {
        if (IsNull(row))
        {
            json.WriteNullValue();
            return;
        }
        switch (Type.Type)
        {
            case DuckDbType.Boolean:
                json.WriteBooleanValue(At<bool>(row));
                break;
            case DuckDbType.TinyInt or DuckDbType.SmallInt or DuckDbType.Integer or DuckDbType.UTinyInt or DuckDbType.USmallInt
                or DuckDbType.UInteger or DuckDbType.HugeInt or DuckDbType.UHugeInt or DuckDbType.UBigInt or DuckDbType.Decimal:
                json.WriteRawValue(Scalar(row), skipInputValidation: true);
                break;
            case DuckDbType.BigInt:
                json.WriteNumberValue(At<long>(row));
                break;
            case DuckDbType.Float when float.IsFinite(At<float>(row)):
                json.WriteNumberValue(At<float>(row));
                break;
            case DuckDbType.Double when double.IsFinite(At<double>(row)):
                json.WriteNumberValue(At<double>(row));
                break;
            case DuckDbType.Float or DuckDbType.Double:
                json.WriteNullValue();
                break;
            case DuckDbType.Varchar when Type.IsJson:
                json.WriteRawValue(Bytes(row));
                break;
            case DuckDbType.Varchar:
                json.WriteStringValue(Bytes(row));
                break;
            case DuckDbType.List:
                var (offset, length) = ListEntry(row);
                WriteArray(ListChild, offset, length, json);
                break;
            case DuckDbType.Array:
                WriteArray(ArrayChild, row * Type.ArraySize, Type.ArraySize, json);
                break;
            case DuckDbType.Struct:
                WriteStruct(row, json);
                break;
            case DuckDbType.Map:
                WriteMap(row, json);
                break;
            case DuckDbType.Union:
                // Child 0 is the tag, the members follow.
                var tag = new DuckDbVector(DuckDbNative.duckdb_struct_vector_get_child(_vector, 0), Type.Children[0]).At<byte>(row);
                StructChild(tag + 1, Type.Children[tag]).WriteJson(row, json);
                break;
            default:
                json.WriteStringValue(Scalar(row));
                break;
        }
    }

    static void WriteArray(DuckDbVector child, int offset, int length, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        for (var i = offset; i < offset + length; i++) child.WriteJson(i, json);
        json.WriteEndArray();
    }

    void WriteStruct(int row, Utf8JsonWriter json)
    {
        // A struct without member names (a row) is a list of its values.
        var named = Type.Names.All(name => name.Length > 0);
        if (named) json.WriteStartObject();
        else json.WriteStartArray();
        for (var i = 0; i < Type.Children.Count; i++)
        {
            if (named) json.WritePropertyName(Type.Names[i]);
            StructChild(i, Type.Children[i]).WriteJson(row, json);
        }
        if (named) json.WriteEndObject();
        else json.WriteEndArray();
    }

    void WriteMap(int row, Utf8JsonWriter json)
    {
        var (offset, length) = ListEntry(row);
        var (keys, values) = MapChildren;
        json.WriteStartObject();
        for (var i = offset; i < offset + length; i++)
        {
            json.WritePropertyName(keys.Text(i) ?? "");
            values.WriteJson(i, json);
        }
        json.WriteEndObject();
    }

    static void Format<T>(T value, IBufferWriter<byte> output) where T : IUtf8SpanFormattable
    {
        value.TryFormat(output.GetSpan(32), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    string Scalar(int row) => Type.Type switch
    {
        DuckDbType.Boolean => At<bool>(row) ? "true" : "false",
        DuckDbType.TinyInt => Invariant(At<sbyte>(row)),
        DuckDbType.SmallInt => Invariant(At<short>(row)),
        DuckDbType.Integer => Invariant(At<int>(row)),
        DuckDbType.UTinyInt => Invariant(At<byte>(row)),
        DuckDbType.USmallInt => Invariant(At<ushort>(row)),
        DuckDbType.UInteger => Invariant(At<uint>(row)),
        DuckDbType.UBigInt => Invariant(At<ulong>(row)),
        DuckDbType.HugeInt => Invariant(At<Int128>(row)),
        DuckDbType.UHugeInt => Invariant(At<UInt128>(row)),
        DuckDbType.Float => Invariant(At<float>(row)),
        DuckDbType.Decimal => Decimal(row).ToString(),
        DuckDbType.Blob => Convert.ToHexStringLower(Bytes(row)),
        DuckDbType.Bit => Bits(row),
        DuckDbType.Enum => EnumName(row),
        DuckDbType.Uuid => Uuid(row).ToString(),
        DuckDbType.Interval => At<DuckDbInterval>(row).ToString(),
        DuckDbType.Date => DuckDbText.Date(At<int>(row)),
        DuckDbType.Time => DuckDbText.Time(At<long>(row), 1_000_000),
        DuckDbType.TimeNanoseconds => DuckDbText.Time(At<long>(row), 1_000_000_000),
        DuckDbType.TimeTz => DuckDbText.TimeTz(At<ulong>(row)),
        DuckDbType.Timestamp => DuckDbText.Timestamp(At<long>(row), 1_000_000, utc: false),
        DuckDbType.TimestampSeconds => DuckDbText.Timestamp(At<long>(row), 1, utc: false),
        DuckDbType.TimestampMilliseconds => DuckDbText.Timestamp(At<long>(row), 1_000, utc: false),
        DuckDbType.TimestampNanoseconds => DuckDbText.Timestamp(At<long>(row), 1_000_000_000, utc: false),
        DuckDbType.TimestampTz => DuckDbText.Timestamp(At<long>(row), 1_000_000, utc: true),
        _ => throw new NotSupportedException($"a column of type {Type} cannot be read here; cast it to VARCHAR in the statement"),
    };

    static string Invariant<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
