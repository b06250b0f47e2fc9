using System.Text;
using System.Text.Json;
using Bellwether.Feeds;

namespace Bellwether.Sentiment.Evaluation;

public static partial class LabelledFile
{
    static List<RawRow> ReadJson(string path, string text, LabelledOptions options)
    {
        var items = IsObjectALine(text) ? ItemsByLine(path, text) : ItemsOf(path, text);
        var first = items.Count > 0 ? items[0].Json : default;
        if (first.ValueKind != JsonValueKind.Object)
            throw new FeedException(path, "it holds no objects", "It must be an array of objects, an object of them, or an object a line.");
        var (textPath, labelPath) = (Path(options.Text, TextNames, "text"), Path(options.Label, LabelNames, "label"));
        return [.. items.Select((item, i) =>
        {
            var row = new RawRow(ValuesAt(item.Json, textPath).FirstOrDefault() ?? "", [.. ValuesAt(item.Json, labelPath)], item.Line);
            if (string.IsNullOrWhiteSpace(row.Text)) throw Bad(path, row, "has no text", $"Object {i + 1} has no {textPath}.");
            return row.Labels.Count > 0 ? row : throw Bad(path, row, "has no label", $"Object {i + 1} has no {labelPath}.");
        })];

        string Path(string? asked, string[] usual, string what)
        {
            foreach (var name in asked is null ? usual : [asked])
                if (ValuesAt(first, name).Any()) return name;
            throw new FeedException(
                asked is null ? path : $"--{what}",
                asked is null ? $"no field of the {what} was recognised" : $"there is no field '{asked}'",
                $"The first object has {string.Join(", ", first.EnumerateObject().Select(p => p.Name))}; "
                + $"name one with --{what}, with dots for fields within: info.score.");
        }
    }

    static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>An object or an array on the first line, and more after it.</summary>
    static bool IsObjectALine(string text)
    {
        var rest = text.AsSpan().TrimStart();
        var end = rest.IndexOf('\n');
        if (end < 0 || rest[0] != '{' || rest[end..].IsWhiteSpace()) return false;
        try
        {
            using var line = JsonDocument.Parse(rest[..end].ToString());
            return line.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static List<(JsonElement Json, int Line)> ItemsByLine(string path, string text)
    {
        var items = new List<(JsonElement, int)>();
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (!line.IsWhiteSpace()) items.Add((Parse(path, line.ToString(), number), number));
        }
        return items;
    }

    static List<(JsonElement Json, int Line)> ItemsOf(string path, string text)
    {
        var root = Parse(path, text, 1);
        // One row, as a file of an object a line may have.
        if (root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Any(p => p.Value.ValueKind is JsonValueKind.String))
            return [(root, 1)];
        JsonElement[] items = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()]
            : [.. root.EnumerateObject().Select(p => p.Value)];
        return [.. items.Zip(LinesOf(text))];
    }

    static JsonElement Parse(string path, string text, int line)
    {
        try
        {
            using var json = JsonDocument.Parse(text, Lenient);
            return json.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw new FeedException(path, $"this is not JSON: {JsonProblem.ReasonOf(error)}", "Labelled JSON is an array of objects, "
                + "an object of them, or an object a line.", (int?)(error.LineNumber + line), error);
        }
    }

    /// <summary>On which line each value of the outermost array or object begins.</summary>
    static List<int> LinesOf(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes,
            new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var (lines, line, at) = (new List<int>(), 1, 0);
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1
                || reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.EndArray or JsonTokenType.EndObject) continue;
            var start = (int)reader.TokenStartIndex;
            line += bytes.AsSpan(at, start - at).Count((byte)'\n');
            at = start;
            lines.Add(line);
        }
        return lines;
    }

    /// <summary>The values at a path of names with dots between; an array on the way stands for all of its elements.</summary>
    static IEnumerable<string> ValuesAt(JsonElement at, string path)
    {
        if (at.ValueKind == JsonValueKind.Array) return at.EnumerateArray().SelectMany(e => ValuesAt(e, path));
        if (path.Length == 0) return at.ValueKind switch
        {
            JsonValueKind.String => [JsonText.Of(at)],
            JsonValueKind.Number => [at.GetRawText()],
            JsonValueKind.Object => [at.GetRawText()],
            _ => [],
        };
        if (at.ValueKind != JsonValueKind.Object) return [];
        var dot = path.IndexOf('.');
        return at.TryGetProperty(dot < 0 ? path : path[..dot], out var next) ? ValuesAt(next, dot < 0 ? "" : path[(dot + 1)..]) : [];
    }
}
