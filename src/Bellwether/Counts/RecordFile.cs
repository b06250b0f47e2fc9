using System.Globalization;
using System.Text.Json;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Events;
using Bellwether.Counts.Gaps;
using Bellwether.Feeds;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bellwether.Counts;

/// <summary>
/// Reads small files of events and gaps: CSV with a header, JSON Lines, or a JSON array of objects. Such files are written by people, so a record
/// that is wrong stops the whole with its line; nothing is half taken.
/// </summary>
public static class RecordFile
{
    public static async Task<IReadOnlyList<NewEvent>> EventsAsync(TextReader text, string origin, TimeZoneInfo zone, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(text, origin, cancellationToken).ConfigureAwait(false)).Select(r => new NewEvent(
            r.Text("name") ?? throw r.Wrong("name is missing"), r.Time(zone, "event_start", "start", "from") ?? throw r.Wrong("event_start is missing"),
            r.Time(zone, "event_end", "end", "to") ?? throw r.Wrong("event_end is missing"), r.Number("intensity") ?? throw r.Wrong("intensity is missing"),
            r.Text("category"), r.Text("description"), r.Text("source") ?? "file", r.Time(zone, "known_at")))];

    public static async Task<IReadOnlyList<NewGap>> GapsAsync(TextReader text, string origin, TimeZoneInfo zone, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(text, origin, cancellationToken).ConfigureAwait(false)).Select(r => new NewGap(
            r.Time(zone, "gap_start", "start", "from") ?? throw r.Wrong("gap_start is missing"), r.Time(zone, "gap_end", "end", "to") ?? throw r.Wrong("gap_end is missing"),
            r.Text("reason"), r.Text("source") ?? "file"))];

    static async Task<List<Record>> ReadAsync(TextReader text, string origin, CancellationToken cancellationToken)
    {
        var whole = (await text.ReadToEndAsync(cancellationToken).ConfigureAwait(false)).TrimStart('\uFEFF');
        return whole.AsSpan().TrimStart() switch
        {
            [] => [],
            ['[', ..] => Array(whole, origin),
            ['{', ..] => Lines(whole, origin),
            _ => Csv(whole, origin),
        };
    }

    static List<Record> Array(string whole, string origin)
    {
        using var document = Parse(whole, origin, 1);
        return [.. document.RootElement.EnumerateArray().Select((value, i) => Of(value, $"{origin}, record {i + 1}"))];
    }

    static List<Record> Lines(string whole, string origin)
    {
        List<Record> records = [];
        foreach (var (line, number) in whole.Split('\n').Select((line, i) => (line, i + 1)))
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            using var document = Parse(line, origin, number);
            records.Add(Of(document.RootElement, $"{origin}, line {number}"));
        }
        return records;
    }

    static JsonDocument Parse(string text, string origin, int line)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw CountsException.Input($"{origin}, line {line + (error.LineNumber ?? 0)}: this is no JSON.", null, error);
        }
    }

    static Record Of(JsonElement value, string where) => value.ValueKind != JsonValueKind.Object ? throw CountsException.Input($"{where}: a record is an object.")
        : new(where, value.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null)
            .ToDictionary(p => p.Name.ToLowerInvariant(), p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText()));

    static List<Record> Csv(string whole, string origin)
    {
        using var rows = new CsvParser(new StringReader(whole), new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null, DetectDelimiter = true });
        if (!rows.Read()) return [];
        var names = rows.Record!.Select(n => n.Trim().ToLowerInvariant()).ToArray();
        List<Record> records = [];
        while (rows.Read())
        {
            if (RowShape.TooWide(rows.Record!, names.Length) is { } wide)
                throw CountsException.Input($"{origin}, line {rows.RawRow}: {wide}.", "Put values with a separator in them in quotes.");
            var values = new Dictionary<string, string>();
            for (var i = 0; i < Math.Min(names.Length, rows.Count); i++)
                if (!string.IsNullOrWhiteSpace(rows[i])) values[names[i]] = rows[i].Trim();
            records.Add(new($"{origin}, line {rows.RawRow}", values));
        }
        return records;
    }

    sealed record Record(string Where, Dictionary<string, string> Values)
    {
        public string? Text(string name) => Values.GetValueOrDefault(name);

        public DateTimeOffset? Time(TimeZoneInfo zone, params string[] names) =>
            names.Select(Text).FirstOrDefault(found => found is not null) is { } text ? ZoneWindows.Parse($"{Where}, {names[0]}", text, zone) : null;

        public double? Number(string name) => Text(name) is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong($"{name} is '{text}', which is no number");

        public CountsException Wrong(string what) => CountsException.Input($"{Where}: {what}.");
    }
}
