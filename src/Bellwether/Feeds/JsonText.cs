using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Bellwether.Feeds;

/// <summary>JSON values as text, tolerant of what the base library refuses: escapes that are half of a surrogate pair.</summary>
static class JsonText
{
    /// <summary>A string's characters, a number or truth value as written; empty for null, objects and arrays.</summary>
    public static string Of(in JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        return value.ValueKind switch
        {
            JsonValueKind.String => Unescape(raw[1..^1]),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => Encoding.UTF8.GetString(raw),
            _ => "",
        };
    }

    /// <summary>Writes a value so that PostgreSQL's jsonb takes it: text cleaned, numbers beyond a double as strings.</summary>
    public static void WriteClean(Utf8JsonWriter writer, in JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject())
                {
                    writer.WritePropertyName(PlainText.Clean(NameOf(property)));
                    WriteClean(writer, property.Value);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) WriteClean(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(PlainText.Clean(Of(value)));
                break;
            case JsonValueKind.Number:
                var digits = JsonMarshal.GetRawUtf8Value(value);
                var fits = digits.Length <= 64
                    && (digits.IndexOfAny("eE"u8) < 0
                        || double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                        && double.IsNormal(number));
                if (fits) writer.WriteRawValue(digits, skipInputValidation: true);
                else writer.WriteStringValue(digits);
                break;
            default:
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
                break;
        }
    }

    public static string NameOf(in JsonProperty property)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(property);
        return raw.Contains((byte)'\\') ? Unescape(raw) : property.Name;
    }

    static string Unescape(ReadOnlySpan<byte> escaped)
    {
        if (!escaped.Contains((byte)'\\')) return Encoding.UTF8.GetString(escaped);
        var result = new StringBuilder(escaped.Length);
        while (!escaped.IsEmpty)
        {
            var at = escaped.IndexOf((byte)'\\');
            if (at < 0) at = escaped.Length;
            result.Append(Encoding.UTF8.GetString(escaped[..at]));
            if (at == escaped.Length) break;
            var letter = escaped[at + 1];
            if (letter == 'u')
            {
                // The parser has checked that four hex digits follow.
                result.Append((char)ushort.Parse(escaped.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                escaped = escaped[(at + 6)..];
                continue;
            }
            result.Append(letter switch
            {
                (byte)'n' => '\n',
                (byte)'t' => '\t',
                (byte)'r' => '\r',
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                _ => (char)letter,
            });
            escaped = escaped[(at + 2)..];
        }
        return result.ToString();
    }
}
