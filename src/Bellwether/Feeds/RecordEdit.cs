using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bellwether.Feeds;

/// <summary>What is changed in a record before it is tried again.</summary>
/// <param name="Value">The whole record anew; null to keep it.</param>
/// <param name="Fields">Properties of the JSON object to set; a null value removes one.</param>
public sealed record RecordEdit(ReadOnlyMemory<byte>? Value, IReadOnlyDictionary<string, JsonNode?> Fields)
{
    public static readonly RecordEdit None = new(null, new Dictionary<string, JsonNode?>());

    public bool IsNone => Value is null && Fields.Count == 0;

    /// <summary>From <c>name=value</c>; a value that is JSON counts as such, every other one as text.</summary>
    /// <exception cref="FormatException">There is no name.</exception>
    public static RecordEdit Parse(ReadOnlyMemory<byte>? value, IEnumerable<string> settings)
    {
        var fields = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var at = setting.IndexOf('=', StringComparison.Ordinal);
            if (at < 1) throw new FormatException($"'{setting}' is not name=value");
            fields[setting[..at]] = NodeOf(setting[(at + 1)..]);
        }
        return new(value, fields);
    }

    /// <summary>The record as changed, or in <paramref name="problem"/> why it cannot be.</summary>
    public ReadOnlyMemory<byte>? Apply(ReadOnlyMemory<byte> record, out string? problem)
    {
        problem = null;
        record = Value ?? record;
        if (Fields.Count == 0) return record;
        try
        {
            if (JsonNode.Parse(record.Span) is JsonObject item)
            {
                foreach (var (name, node) in Fields)
                    if (node is null) item.Remove(name);
                    else item[name] = node.DeepClone();
                return JsonSerializer.SerializeToUtf8Bytes(item, EnvelopeJson.Relaxed);
            }
            problem = "the record is no JSON object, so that no field of it can be set; give it anew as a whole";
        }
        catch (JsonException error)
        {
            problem = $"the record is no JSON ({error.Message}), so that no field of it can be set; give it anew as a whole";
        }
        return null;
    }

    static JsonNode? NodeOf(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
