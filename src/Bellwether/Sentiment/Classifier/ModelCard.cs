using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bellwether.Sentiment.Classifier;

/// <summary>A file that a model was trained on.</summary>
/// <param name="Sha256">Of the file's bytes, hexadecimal.</param>
/// <param name="Rows">Rows of the file; of what was made up, how many were made.</param>
public sealed record ModelData(string Name, string Sha256, int Rows, string Licence)
{
    /// <summary>Texts of it with one class, as rows of the head for whole texts: without those that come twice and those whose entities fare differently.</summary>
    public int Texts { get; init; }

    /// <summary>Entities of its texts, as rows of the head for entities.</summary>
    public int Entities { get; init; }
}

/// <summary>One measured figure.</summary>
/// <param name="On">What it was measured on, and how the rows were kept apart from those trained on.</param>
public sealed record ModelMetric(string On, string Name, double Value);

/// <summary>What a trained model is, what it was made from, how good it was found, and what it is not made for.</summary>
public sealed record ModelCard
{
    public required string Name { get; init; }

    /// <summary>As results carry it; null within a model's own file, whose hash it holds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Version { get; init; }

    public required string Description { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>SHA-256 over the data's hashes, the made-up sentences and the settings: equal inputs have equal ones.</summary>
    public required string InputHash { get; init; }

    public required IReadOnlyList<ModelData> Data { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    public required IReadOnlyList<ModelMetric> Metrics { get; init; }

    public required string Licence { get; init; }

    public required IReadOnlyList<string> Limits { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Indented.ModelCard);

    /// <exception cref="JsonException">It is no model card.</exception>
    public static ModelCard FromJson(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, Indented.ModelCard) ?? throw new JsonException("a model card cannot be null");

    static readonly ModelCardJson Indented = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

[JsonSerializable(typeof(ModelCard))]
sealed partial class ModelCardJson : JsonSerializerContext;
