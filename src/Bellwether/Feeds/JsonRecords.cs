using System.Text.Json;

namespace Bellwether.Feeds;

/// <summary>Turns one JSON value into records: an event of its own, a Reddit listing, an X API v2 page, or an object that wraps an
/// array.</summary>
sealed partial class JsonRecords(FeedInput input)
{
    static readonly string[] Wrappers = ["articles", "items", "results", "events", "feed", "stories", "news", "data", "messages", "posts"];

    /// <param name="offset">Of the first byte in the input.</param>
    /// <param name="position">Line or record number; null to number the records of this document.</param>
    public void Add(ReadOnlyMemory<byte> json, long offset, long? position, List<FeedRecord> output)
    {
        if (FeedInput.Utf8Problem(json.Span, offset) is { } problem)
        {
            output.Add(input.Reject(position ?? 1, problem, json.Span, malformed: true));
            return;
        }
        try
        {
            using var document = JsonDocument.Parse(json);
            var target = new Target(output, position, output.Count, json);
            Expand(document.RootElement, target);
        }
        catch (JsonException error)
        {
            output.Add(input.Reject(position ?? 1, $"not JSON: {Brief(error)}", json.Span, malformed: true));
        }
    }

    // Line and byte of the library's message count within the record, not within the file.
    static string Brief(JsonException error) => $"{JsonProblem.ReasonOf(error)} (at byte {error.BytePositionInLine} of the record)";

    /// <param name="First">Number of records that were there before this value.</param>
    readonly record struct Target(List<FeedRecord> Output, long? Position, int First, ReadOnlyMemory<byte> Json)
    {
        public long Next => Position ?? Output.Count - First + 1;
    }

    void Expand(in JsonElement value, in Target target)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray()) Expand(item, target);
                break;
            case JsonValueKind.Object:
                if (!TryReddit(value, target) && !TryX(value, target) && !TryWrapper(value, target))
                    target.Output.Add(Event(value, target));
                break;
            default:
                target.Output.Add(input.Reject(target.Next, $"a JSON {value.ValueKind.ToString().ToLowerInvariant()} is not a record",
                    target.Json.Span));
                break;
        }
    }

    bool TryWrapper(in JsonElement value, in Target target)
    {
        if (HasText(value)) return false;
        foreach (var name in Wrappers)
        {
            if (!value.TryGetProperty(name, out var items) || items.ValueKind != JsonValueKind.Array) continue;
            if (items.GetArrayLength() > 0 && items[0].ValueKind != JsonValueKind.Object) continue;
            foreach (var item in items.EnumerateArray()) Expand(item, target);
            return true;
        }
        return false;
    }

    static bool HasText(in JsonElement value)
    {
        foreach (var property in value.EnumerateObject())
            if (property.Value.ValueKind == JsonValueKind.String && KnownFields.TryGuess(property.Name, out var meaning)
                && meaning.Field is Field.Text && meaning.Rank < 8) return true;
        return false;
    }

    FeedRecord Event(in JsonElement value, in Target target)
    {
        var bag = input.Normalizer.NextBag();
        foreach (var property in value.EnumerateObject())
        {
            var name = JsonText.NameOf(property);
            if (input.Options.Map.TryResolve(name, out var meaning)) AddField(bag, name, property.Value, meaning);
            else bag.AddRaw(name, property.Value);
        }
        if (input.Options.Map.HasPaths) AddPaths(bag, value);
        return input.Finish(default, target.Next, Raw(value));
    }

    static void AddField(FieldBag bag, string name, in JsonElement value, in FieldMeaning meaning)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array when meaning.Field == Field.Tickers:
                AddTickers(bag, value);
                bag.AddRaw(name, value);
                break;
            case JsonValueKind.Object:
                AddObject(bag, value, meaning);
                bag.AddRaw(name, value);
                break;
            case JsonValueKind.Array or JsonValueKind.Null:
                bag.AddRaw(name, value);
                break;
            default:
                bag.Add(name, value, JsonText.Of(value).AsMemory(), meaning);
                break;
        }
    }

    // Items are symbols, or objects that hold one.
    static void AddTickers(FieldBag bag, in JsonElement items)
    {
        if (bag.TickerItems is not null) return;
        var tickers = bag.TickerItems = [];
        foreach (var item in items.EnumerateArray())
            tickers.Add(item.ValueKind == JsonValueKind.Object ? Text(item, "symbol", "ticker", "tag", "name") ?? "" : JsonText.Of(item));
    }

    // { "source": { "name": … } }, { "user": { "screen_name": …, "followers_count": … } }
    static void AddObject(FieldBag bag, in JsonElement value, in FieldMeaning meaning)
    {
        if (meaning.Field == Field.Source)
        {
            if (Text(value, "name", "title", "id") is { } source) bag.Offer(meaning, source.AsMemory());
            return;
        }
        if (meaning.Field != Field.Author) return;
        if (Text(value, "username", "screen_name", "login", "name") is { } name) bag.Offer(meaning, name.AsMemory());
        if (Text(value, "id_str", "id") is { } id) bag.Offer(new(Field.AuthorId, meaning.Rank + 1), id.AsMemory());
        var metrics = value.TryGetProperty("public_metrics", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : value;
        if (Text(metrics, "followers_count", "followers") is { } followers)
            bag.Offer(new(Field.Followers, meaning.Rank + 1), followers.AsMemory());
    }

    void AddPaths(FieldBag bag, in JsonElement record)
    {
        foreach (var column in input.Options.Map.Columns.Where(c => c.Contains('.')))
        {
            var value = record;
            foreach (var step in column.Split('.'))
                if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value)) value = default;
            if (value.ValueKind == JsonValueKind.Undefined || !input.Options.Map.TryResolve(column, out var meaning)) continue;
            if (value.ValueKind == JsonValueKind.Array && meaning.Field == Field.Tickers) AddTickers(bag, value);
            else bag.Offer(meaning, JsonText.Of(value).AsMemory());
        }
    }

    static string? Text(in JsonElement value, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (value.TryGetProperty(name, out var found) && JsonText.Of(found) is { Length: > 0 } text) return text;
        return null;
    }

    static ReadOnlySpan<byte> Raw(in JsonElement value) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value);
}
