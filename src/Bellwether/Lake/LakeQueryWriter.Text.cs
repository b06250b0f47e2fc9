using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake;

public static partial class LakeQueryWriter
{
    static readonly SearchValues<byte> CsvSpecial = SearchValues.Create(",\"\r\n"u8);

    static async Task<long> WriteCsvAsync(LakeQuery query, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(FlushBytes * 2);
        var value = new ArrayBufferWriter<byte>(256);
        for (var i = 0; i < query.Columns.Count; i++)
        {
            if (i > 0) buffer.Write(","u8);
            WriteCsvField(System.Text.Encoding.UTF8.GetBytes(query.Columns[i].Name), buffer);
        }
        buffer.Write("\r\n"u8);
        var rows = 0L;
        while (await query.ReadChunkAsync(cancellationToken).ConfigureAwait(false))
            for (var row = 0; row < query.RowCount; row++, rows++)
            {
                for (var i = 0; i < query.Columns.Count; i++)
                {
                    if (i > 0) buffer.Write(","u8);
                    var vector = query.Vector(i);
                    if (vector.IsNull(row)) continue;
                    value.ResetWrittenCount();
                    vector.WriteText(row, value);
                    WriteCsvField(value.WrittenSpan, buffer);
                }
                buffer.Write("\r\n"u8);
                await FlushAsync(buffer, output, force: false, cancellationToken).ConfigureAwait(false);
            }
        await FlushAsync(buffer, output, force: true, cancellationToken).ConfigureAwait(false);
        return rows;
    }

    static void WriteCsvField(ReadOnlySpan<byte> value, ArrayBufferWriter<byte> output)
    {
        // An empty text is quoted: that tells it from NULL.
        if (value.Length > 0 && value.IndexOfAny(CsvSpecial) < 0 && value[0] != ' ' && value[^1] != ' ')
        {
            output.Write(value);
            return;
        }
        output.Write("\""u8);
        while (value.IndexOf((byte)'"') is >= 0 and var quote)
        {
            output.Write(value[..(quote + 1)]);
            output.Write("\""u8);
            value = value[(quote + 1)..];
        }
        output.Write(value);
        output.Write("\""u8);
    }

    static async Task<long> WriteJsonAsync(LakeQuery query, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(FlushBytes * 2);
        var names = UniqueNames(query.Columns).Select(name => JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)).ToArray();
        await using var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartArray();
        var rows = 0L;
        while (await query.ReadChunkAsync(cancellationToken).ConfigureAwait(false))
            for (var row = 0; row < query.RowCount; row++, rows++)
            {
                json.WriteStartObject();
                for (var i = 0; i < names.Length; i++)
                {
                    json.WritePropertyName(names[i]);
                    query.Vector(i).WriteJson(row, json);
                }
                json.WriteEndObject();
                json.Flush();
                await FlushAsync(buffer, output, force: false, cancellationToken).ConfigureAwait(false);
            }
        json.WriteEndArray();
        json.Flush();
        buffer.Write("\n"u8);
        await FlushAsync(buffer, output, force: true, cancellationToken).ConfigureAwait(false);
        return rows;
    }
}
