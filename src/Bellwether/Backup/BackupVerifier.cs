using System.IO.Compression;
using Bellwether.Storage.Objects;

namespace Bellwether.Backup;

/// <param name="Files">Files that the manifest names.</param>
public sealed record BackupCheck(string Path, DateTimeOffset TakenAt, int Files, int Ok, long Rows, IReadOnlyList<BadBackupFile> Bad);

public sealed record BadBackupFile(string File, string Reason);

/// <summary>Reads a backup to its last byte: every file by its hash, every row of every table by the sum of theirs.</summary>
public static class BackupVerifier
{
    public static async Task<BackupCheck> RunAsync(string folder, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var manifest = BackupManifest.Read(folder);
        var bad = new List<BadBackupFile>();
        var (done, rows) = (0, 0L);
        (string File, long Bytes, string? Sha256)[] copies =
        [
            .. manifest.CopiedLake.Select(file => ($"{BackupFolder.Lake}/{file.Path}", file.Bytes, file.Sha256)),
            .. manifest.CopiedArchive.Select(file => ($"{BackupFolder.Archive}/{file.Key}", file.Bytes, (string?)file.Sha256)),
        ];
        var files = manifest.Tables.Count + copies.Length;
        foreach (var table in manifest.Tables)
        {
            progress?.Report(new($"{table.Schema}.{table.Name}", done++, files));
            if (Hashed(folder, table.File, table.Bytes, table.Sha256, cancellationToken) is { } reason) bad.Add(new(table.File, reason));
            else if (await ContentAsync(folder, table, cancellationToken).ConfigureAwait(false) is { } wrong) bad.Add(new(table.File, wrong));
            else rows += table.Rows;
        }
        foreach (var (file, bytes, sha256) in copies)
        {
            progress?.Report(new(file[..file.IndexOf('/', StringComparison.Ordinal)], done++, files));
            if (Hashed(folder, file, bytes, sha256, cancellationToken) is { } reason) bad.Add(new(file, reason));
        }
        return new(folder, manifest.TakenAt, files, files - bad.Count, rows, bad);
    }

    /// <summary>Null where the file is what the manifest says.</summary>
    internal static string? Hashed(string folder, string file, long bytes, string? sha256, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, file);
        if (!File.Exists(path)) return "is missing";
        if (new FileInfo(path).Length is var length && length != bytes) return $"has {length} bytes, not {bytes}";
        return sha256 is null || ContentHash.OfFile(path, cancellationToken) == sha256 ? null : "does not hold what was written";
    }

    static async Task<string?> ContentAsync(string folder, BackupTable table, CancellationToken cancellationToken)
    {
        try
        {
            using var digest = new CopyDigest();
            await using var file = File.OpenRead(Path.Combine(folder, table.File));
            await using var rows = new GZipStream(file, CompressionMode.Decompress);
            await CopyTables.PumpAsync(rows, digest, null, cancellationToken).ConfigureAwait(false);
            return digest.Rows == table.Rows && digest.ContentHash == table.ContentHash ? null
                : $"holds {digest.Rows} rows with {digest.ContentHash}; the manifest says {table.Rows} with {table.ContentHash}";
        }
        catch (InvalidDataException error)
        {
            return error.Message;
        }
    }
}
