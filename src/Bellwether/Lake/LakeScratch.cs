using System.Globalization;

namespace Bellwether.Lake;

/// <summary>Folders of queries that spill to disk. Each names its process, so that those of killed ones are found and removed.</summary>
static class LakeScratch
{
    const string Prefix = "sql-";

    /// <summary>A new folder, readable by this user alone.</summary>
    public static string Make(string root)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(root, Private);
        foreach (var folder in Directory.EnumerateDirectories(root, $"{Prefix}*"))
            if (OwnerOf(folder) is { } owner && !Directory.Exists($"/proc/{owner}")) Remove(folder);
        return Directory.CreateDirectory(Path.Combine(root, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}"), Private).FullName;
    }

    /// <summary>
    /// The setting that keeps a query from filling the disk. It has to be set on the open database: given when it is opened, DuckDB shows it and
    /// does not keep to it.
    /// </summary>
    public static string Limit(LakeOptions options) =>
        string.Create(CultureInfo.InvariantCulture, $"SET max_temp_directory_size = '{options.SpillLimitMb}MiB'");

    static int? OwnerOf(string folder) =>
        int.TryParse(Path.GetFileName(folder)[Prefix.Length..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var owner) ? owner : null;

    static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another process is removing it too, or it is another user's: it costs space, nothing else.
        }
    }
}
