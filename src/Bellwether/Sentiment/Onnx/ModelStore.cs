using System.Text.RegularExpressions;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <summary>The models that were added to a desk: a folder each, by name.</summary>
public sealed partial class ModelStore(string directory)
{
    // Folders of models that are being added or removed: left behind only by a process that was killed, and no model's name.
    const string Draft = ".draft-";

    public string Directory { get; } = Path.GetFullPath(directory);

    public IReadOnlyList<string> Names => !System.IO.Directory.Exists(Directory) ? []
        : [.. System.IO.Directory.EnumerateDirectories(Directory).Select(d => Path.GetFileName(d)!).Where(IsName)
            .Where(n => File.Exists(Path.Combine(Directory, n, StoredModel.FileName))).Order(StringComparer.Ordinal)];

    public bool Has(string name) => IsName(name) && File.Exists(Path.Combine(Directory, name, StoredModel.FileName));

    /// <exception cref="ModelFileException">There is none, or what is there cannot be understood.</exception>
    public StoredModel Get(string name) => Has(name) ? StoredModel.Read(Path.Combine(Directory, name))
        : throw new ModelFileException(
            name, $"no model of that name was added in {Directory}",
            "`bellwether model list` shows what there is, `bellwether model add` adds one.");

    /// <summary>Lower-case letters, digits, dots, hyphens and underscores; what stands in tables, metrics and paths.</summary>
    public static bool IsName(string name) => NamePattern.IsMatch(name);

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}$")]
    static partial Regex NamePattern { get; }

    /// <summary>Takes a model out. Files that were only referred to stay.</summary>
    public void Remove(string name)
    {
        var draft = Path.Combine(Directory, $"{Draft}{Guid.NewGuid():N}");
        System.IO.Directory.Move(Path.Combine(Directory, name), draft);
        System.IO.Directory.Delete(draft, recursive: true);
    }
}
