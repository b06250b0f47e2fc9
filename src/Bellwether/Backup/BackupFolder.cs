using System.Globalization;
using Bellwether.Storage.Objects;

namespace Bellwether.Backup;

/// <summary>A backup as found in a folder of backups.</summary>
/// <param name="TakenAt">Where its manifest cannot be read: when that was last written.</param>
/// <param name="Problem">Why it cannot be used; null for a sound one.</param>
public sealed record BackupInfo(
    string Path, DateTimeOffset TakenAt, string Program, int Revision, int Tables, long Rows, long Bytes, bool WithLake, int LakeFiles, bool WithArchive, int ArchiveFiles,
    string? Problem = null)
{
    /// <summary>The backups in a folder, newest first; behind them those that cannot be used.</summary>
    public static IReadOnlyList<BackupInfo> List(string root) => BackupFolder.List(System.IO.Path.GetFullPath(root));

    /// <summary>The backup that is meant: the folder itself, or the newest sound one in it.</summary>
    /// <param name="skipped">Told of each that cannot be used.</param>
    /// <exception cref="BackupException">There is none.</exception>
    public static string Resolve(string folder, Action<BackupInfo>? skipped = null) => BackupFolder.Resolve(folder, skipped);

    /// <summary>Removes all but the newest sound backups; returns those that went. What cannot be used is left to whoever may want to mend it.</summary>
    public static IReadOnlyList<string> Thin(string root, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        string[] old = [.. List(root).Where(backup => backup.Problem is null).Skip(keep).Select(backup => backup.Path)];
        foreach (var folder in old)
        {
            // Without it the folder is no backup any more, wherever the rest of the work stops.
            File.Delete(System.IO.Path.Combine(folder, BackupManifest.FileName));
            Directory.Delete(folder, recursive: true);
        }
        return old;
    }
}

/// <summary>Where backups lie: one folder each, named by its moment, and nothing that is half made under such a name.</summary>
static class BackupFolder
{
    const string Name = "bellwether-";
    const string Unfinished = ".unfinished-";

    /// <summary>Folders inside of a backup for copies of files.</summary>
    public const string Lake = "lake", Archive = "archive";

    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>A folder to make a backup in; those of processes that are gone are removed.</summary>
    public static string Begin(string root)
    {
        Directory.CreateDirectory(root, Private);
        foreach (var left in Directory.EnumerateDirectories(root, $"{Unfinished}*"))
            if (int.TryParse(System.IO.Path.GetFileName(left)[Unfinished.Length..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var owner)
                && !Directory.Exists($"/proc/{owner}")) Directory.Delete(left, recursive: true);
        var folder = System.IO.Path.Combine(root, $"{Unfinished}{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder, Private);
        return folder;
    }

    /// <summary>Gives a whole backup its name, durably.</summary>
    public static string Finish(string root, string folder, BackupManifest manifest)
    {
        var path = System.IO.Path.Combine(folder, BackupManifest.FileName);
        File.WriteAllBytes(path, manifest.ToJson());
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        PosixFiles.SyncFileSystem(folder);
        var name = System.IO.Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{Name}{manifest.TakenAt.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}"));
        var target = name;
        for (var i = 2; Directory.Exists(target); i++) target = $"{name}-{i}";
        Directory.Move(folder, target);
        PosixFiles.TrySyncFolder(root);
        return target;
    }

    public static List<BackupInfo> List(string root)
    {
        var found = new List<BackupInfo>();
        if (!Directory.Exists(root)) return found;
        foreach (var folder in Directory.EnumerateDirectories(root).Where(folder => File.Exists(System.IO.Path.Combine(folder, BackupManifest.FileName))))
        {
            if (System.IO.Path.GetFileName(folder).StartsWith('.')) continue;
            found.Add(Read(folder));
        }
        return [.. found.OrderBy(backup => backup.Problem is not null).ThenByDescending(backup => backup.TakenAt).ThenByDescending(backup => backup.Path, StringComparer.Ordinal)];
    }

    /// <summary>One that is damaged must not keep the others from being used.</summary>
    static BackupInfo Read(string folder)
    {
        try
        {
            var m = BackupManifest.Read(folder);
            return new(folder, m.TakenAt, m.Program, m.Schema.Count, m.Tables.Count, m.Rows, m.Bytes, m.Lake.Copied, m.Lake.Files.Count,
                m.Archive?.Copied ?? false, m.Archive?.Files.Count ?? 0);
        }
        catch (Exception error) when (error is BackupException or IOException or UnauthorizedAccessException)
        {
            return new(folder, File.GetLastWriteTimeUtc(System.IO.Path.Combine(folder, BackupManifest.FileName)), "", 0, 0, 0, 0, false, 0, false, 0, error.Message);
        }
    }

    public static string Resolve(string folder, Action<BackupInfo>? skipped)
    {
        var full = System.IO.Path.GetFullPath(folder);
        if (File.Exists(System.IO.Path.Combine(full, BackupManifest.FileName))) return full;
        var all = List(full);
        foreach (var bad in all.Where(backup => backup.Problem is not null)) skipped?.Invoke(bad);
        return all is [{ Problem: null } newest, ..] ? newest.Path
            : throw new BackupException(all is [var first, ..] ? $"there is no sound backup in {full}: {first.Problem}" : $"there is no backup in {full}", "Name the folder of a backup, or one that holds backups.");
    }
}
