using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Feeds;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <param name="Name">Relative to the folder of the model.</param>
/// <param name="Sha256">Hexadecimal.</param>
public sealed record StoredFile(string Name, long Bytes, string Sha256);

/// <summary>A model that was added to a desk: where its files lie, and what they were when it was added and found sound.</summary>
public sealed record StoredModel
{
    /// <summary>The file in which this stands, one in the folder of each model.</summary>
    public const string FileName = "model.json";

    const int Format = 1;

    public int FormatVersion { get; init; } = Format;

    public required string Name { get; init; }

    /// <summary>Folder that it was added from.</summary>
    public required string Source { get; init; }

    /// <summary>Whether its files stay where they were.</summary>
    public bool Linked { get; init; }

    /// <summary>File of the graph, relative to the folder of the files.</summary>
    public required string Model { get; init; }

    public required IReadOnlyList<StoredFile> Files { get; init; }

    /// <summary>Classes in place of those that the model's own file names.</summary>
    public string? Labels { get; init; }

    /// <summary>Whether texts are computed one at a time, because others in the batch would change their scores.</summary>
    public bool Alone { get; init; }

    /// <summary>Whether the graph gives probabilities: what it gives is taken as it is.</summary>
    public bool Probabilities { get; init; }

    public required string Precision { get; init; }

    public long Parameters { get; init; }

    public string? Producer { get; init; }

    public DateTimeOffset Added { get; init; }

    /// <summary>Where the files lie.</summary>
    [JsonIgnore] public string Folder { get; init; } = "";

    [JsonIgnore] public string ModelPath => Path.Combine(Folder, Model);

    [JsonIgnore] public long Bytes => Files.Sum(f => f.Bytes);

    /// <summary>Changes with the files and with the settings that scores depend on; not with threads and batches.</summary>
    public string VersionFor(OnnxOptions options)
    {
        var reading = options.LongText == LongText.Truncate ? "1" : options.MaxWindows.ToString(CultureInfo.InvariantCulture);
        var all = string.Join('\n', Files.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => $"{f.Name} {f.Sha256}")
            .Append(Labels ?? "").Append(reading)
            .Concat(Probabilities ? ["probabilities"] : []));
        var graph = Files.First(f => f.Name == Model).Sha256[..8];
        return $"{Format}.{graph}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)).AsSpan(0, 4))}";
    }

    /// <summary>Compares every file with what it was when the model was added.</summary>
    /// <exception cref="ModelFileException">One is missing, cut off or altered.</exception>
    public void Verify()
    {
        foreach (var file in Files)
        {
            var path = Path.Combine(Folder, file.Name);
            var mend = $"{(Linked ? "Put it back, or add" : "Add")} the model again: {AddCommand(Name, Source)}";
            try
            {
                using var stream = File.OpenRead(path);
                if (stream.Length != file.Bytes)
                    throw new ModelFileException(path,
                        $"it has {stream.Length:n0} bytes and had {file.Bytes:n0} when the model was added: it was cut off or altered",
                        mend);
                if (Convert.ToHexStringLower(SHA256.HashData(stream)) != file.Sha256)
                    throw new ModelFileException(path, "its content is not what it was when the model was added", mend);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                var isGone = error is FileNotFoundException or DirectoryNotFoundException;
                throw new ModelFileException(path, isGone ? "there is no such file any more"
                    : $"it cannot be read: {error.Message.TrimEnd('.')}", mend, error);
            }
        }
    }

    /// <summary>The command that adds a model of that name again.</summary>
    static string AddCommand(string name, string source) =>
        $"bellwether model add {(name == "finbert" ? name : $"bert --name {name}")} --path {source} --replace";

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Indented.StoredModel);

    /// <param name="folder">Of the model within the desk.</param>
    /// <exception cref="ModelFileException">The model's own file is missing or cannot be understood.</exception>
    public static StoredModel Read(string folder, string name)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var model = JsonSerializer.Deserialize(File.ReadAllBytes(path), Indented.StoredModel) ?? throw new JsonException("it is null");
            if (model.FormatVersion != Format)
                throw new JsonException($"it is of version {model.FormatVersion}, this program reads version {Format}");
            if (model.Files.Any(f => f is null)) throw new JsonException("its list of files has a gap");
            if (model.Files.All(f => f.Name != model.Model)) throw new JsonException("it does not list the file of the model");
            return model with { Folder = model.Linked ? model.Source : folder };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            var reason = error is JsonException json ? JsonProblem.ReasonOf(json) : error.Message.TrimEnd('.');
            throw new ModelFileException(path, $"it cannot be read: {reason}",
                $"Add the model again: {AddCommand(name, "DIR")}", error);
        }
    }

    static readonly StoredModelJson Indented = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

[JsonSerializable(typeof(StoredModel))]
sealed partial class StoredModelJson : JsonSerializerContext;
