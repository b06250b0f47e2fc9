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
        : [.. System.IO.Directory.EnumerateDirectories(Directory).Select(NameOf).Distinct().Where(Has).Order(StringComparer.Ordinal)];

    public bool Has(string name) => IsName(name) && FolderOf(name) is not null;

    /// <exception cref="ModelFileException">There is none, or what is there cannot be understood.</exception>
    public StoredModel Get(string name) => IsName(name) && FolderOf(name) is { } folder ? StoredModel.Read(folder, name)
        : throw new ModelFileException(name, $"no model of that name was added in {Directory}",
            "`bellwether model list` shows what there is, `bellwether model add` adds one.");

    /// <summary>Lower-case letters, digits, dots, hyphens and underscores; what stands in tables, metrics and paths.</summary>
    public static bool IsName(string name) => NamePattern.IsMatch(name);

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}$")]
    static partial Regex NamePattern { get; }

    /// <summary>Takes a model out. Files that were only referred to stay.</summary>
    public void Remove(string name)
    {
        // The older one first, which would else take the place of the newer.
        foreach (var folder in (string[])[Replaced(name), Path.Combine(Directory, name)])
        {
            if (!System.IO.Directory.Exists(folder)) continue;
            var draft = Path.Combine(Directory, $"{Draft}{Guid.NewGuid():N}");
            System.IO.Directory.Move(folder, draft);
            System.IO.Directory.Delete(draft, recursive: true);
        }
    }
}
