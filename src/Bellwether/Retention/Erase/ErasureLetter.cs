using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bellwether.Retention.Erase;

/// <summary>The records in JSON that was put aside: one, a page of several, or the beginning of what was too long or is broken further on.</summary>
static partial class ErasureLetter
{
    const int Deepest = 64;

    static readonly string[] Wrappers = ["articles", "items", "results", "events", "feed", "stories", "news", "data", "messages", "posts", "children"];

    public static List<ErasureRecord> Records(ReadOnlySpan<byte> value)
    {
        var records = new List<ErasureRecord>();
        var whole = TryRead(value, records);
        if (whole) return records;
        var end = Beginning(value, out var closed);
        TryRead(closed, records);
        // Behind the break there are no levels any more: whoever is called an author there may be the one of the record.
        if (!records.Exists(record => record.NamesAuthor) && Authors().Matches(Encoding.UTF8.GetString(value[end..])) is { Count: > 0 } rest)
            records.Add(ErasureRecord.Of(
                rest.Where(pair => pair.Groups[1].Value.EndsWith("id", StringComparison.Ordinal) || pair.Groups[1].Value.EndsWith("fullname", StringComparison.Ordinal)).Select(pair => pair.Groups[2].Value),
                rest.Where(pair => pair.Groups[1].Value is "author" or "username" or "screen_name" or "user_name").Select(pair => pair.Groups[2].Value)));
        return records;
    }

    static bool TryRead(ReadOnlySpan<byte> json, List<ErasureRecord> records)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), new() { MaxDepth = 1000 });
            Expand(document.RootElement, records, 0);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static void Expand(JsonElement json, List<ErasureRecord> records, int depth)
    {
        if (depth > Deepest) return;
        if (json.ValueKind == JsonValueKind.Array)
            foreach (var item in json.EnumerateArray()) Expand(item, records, depth + 1);
        if (json.ValueKind != JsonValueKind.Object) return;
        var record = ErasureRecord.Of(json);
        records.Add(record);
        // Answers to a comment come with it, and are records of their own.
        if (json.TryGetProperty("replies", out var replies)) Expand(replies, records, depth + 1);
        if (record.NamesAuthor) return;
        foreach (var name in Wrappers)
            if (json.TryGetProperty(name, out var wrapped)) Expand(wrapped, records, depth + 1);
    }

    /// <summary>As much as can be read, with what is open closed; returns where that ends.</summary>
    static int Beginning(ReadOnlySpan<byte> json, out byte[] closed)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(new() { MaxDepth = 1000 }));
        var (open, end, ending) = (new Stack<byte>(), 0, Array.Empty<byte>());
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) open.Push(reader.TokenType == JsonTokenType.StartObject ? (byte)'}' : (byte)']');
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) open.Pop();
                if (reader.TokenType == JsonTokenType.PropertyName) continue;
                (end, ending) = ((int)reader.BytesConsumed, [.. open]);
            }
        }
        catch (JsonException)
        {
            // Up to here.
        }
        closed = [.. json[..end], .. ending];
        return end;
    }

    [GeneratedRegex("""
        "(author_id|user_id|author_fullname|author|username|screen_name|user_name)"\s*:\s*"?([^"\\,}\s]+)
        """)]
    private static partial Regex Authors();
}
