using System.Text.Json;
using Bellwether.Feeds;

namespace Bellwether.Sentiment.Evaluation;

public static partial class LabelledFile
{
    static List<RawRow> ReadJson(string path, string text, LabelledOptions options)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(text, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException error)
        {
            throw new FeedException(path, "this is not JSON", error.Message, (int?)(error.LineNumber + 1), error);
        }
        using (json)
        {
            var items = json.RootElement.ValueKind == JsonValueKind.Array ? [.. json.RootElement.EnumerateArray()] : json.RootElement.EnumerateObject().Select(p => p.Value).ToArray();
            var objects = items.Length > 0 ? items[0] : default;
            if (objects.ValueKind != JsonValueKind.Object) throw new FeedException(path, "it holds no objects", "It must be an array of objects, or an object of them.");
            var (textPath, labelPath) = (Path(options.Text, TextNames, "text"), Path(options.Label, LabelNames, "label"));
            return [.. items.Select((item, i) =>
            {
                var row = new RawRow(ValuesAt(item, textPath).FirstOrDefault() ?? "", [.. ValuesAt(item, labelPath)], i + 1);
                if (string.IsNullOrWhiteSpace(row.Text)) throw Bad(path, row, "has no text", $"Object {i + 1} has no {textPath}.");
                return row.Labels.Count > 0 ? row : throw Bad(path, row, "has no label", $"Object {i + 1} has no {labelPath}.");
            })];

            string Path(string? asked, string[] usual, string what)
            {
                foreach (var name in asked is null ? usual : [asked])
                    if (ValuesAt(objects, name).Any()) return name;
                throw new FeedException(asked is null ? path : $"--{what}", asked is null ? $"no field of the {what} was recognised" : $"there is no field '{asked}'",
                    $"The first object has {string.Join(", ", objects.EnumerateObject().Select(p => p.Name))}; name one with --{what}, with dots for fields within: info.score.");
            }
        }
    }

    /// <summary>The values at a path of names with dots between; an array on the way stands for all of its elements.</summary>
    static IEnumerable<string> ValuesAt(JsonElement at, string path)
    {
        if (at.ValueKind == JsonValueKind.Array) return at.EnumerateArray().SelectMany(e => ValuesAt(e, path));
        if (path.Length == 0) return at.ValueKind switch
        {
            JsonValueKind.String => [at.GetString()!],
            JsonValueKind.Number => [at.GetRawText()],
            JsonValueKind.Object => [at.GetRawText()],
            _ => [],
        };
        if (at.ValueKind != JsonValueKind.Object) return [];
        var dot = path.IndexOf('.');
        return at.TryGetProperty(dot < 0 ? path : path[..dot], out var next) ? ValuesAt(next, dot < 0 ? "" : path[(dot + 1)..]) : [];
    }
}
