using System.Globalization;

namespace Bellwether.Retention.Erase;

/// <summary>
/// Folders in which backups are restored to see whether they can be. Each holds a whole database and names its process, so that those of killed
/// ones are found and removed.
/// </summary>
public static class DrillFolders
{
    const string Prefix = "drill-";

    /// <summary>That of this process.</summary>
    public static string Of(string dataDirectory) => Path.Combine(dataDirectory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}"));

    /// <summary>Those whose process is no more. One that names this process was left by another that had the same number, as long as no drill runs here.</summary>
    public static IReadOnlyList<string> Dead(string dataDirectory) => !Directory.Exists(dataDirectory) ? []
        : [.. Directory.EnumerateDirectories(dataDirectory, $"{Prefix}*").Where(folder => OwnerOf(folder) is { } owner && (owner == Environment.ProcessId || !Directory.Exists($"/proc/{owner}"))).Order(StringComparer.Ordinal)];

    /// <summary>Removes one, and its database.</summary>
    public static void Remove(string folder)
    {
        // Where the server's user cannot enter the data folder, the database lies elsewhere, and the folder names the place.
        var pointer = Path.Combine(folder, "postgres.path");
        if (File.Exists(pointer) && Path.GetDirectoryName(File.ReadAllText(pointer).Trim()) is { } elsewhere && Directory.Exists(elsewhere)) Directory.Delete(elsewhere, recursive: true);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    static int? OwnerOf(string folder) =>
        int.TryParse(Path.GetFileName(folder.AsSpan())[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var owner) ? owner : null;
}
