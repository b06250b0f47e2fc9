using Bellwether.Lake;
using Npgsql;

namespace Bellwether.Backup;

public sealed partial class BackupWriter
{
    static async Task<List<BackupLakeFile>> LakeFilesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT f.day, f.path, f.rows, f.bytes, f.file_sha256, f.content_hash, coalesce((to_jsonb(d)->>'sealed_at') IS NOT NULL, false)
            FROM ops.lake_files AS f LEFT JOIN ops.lake_days AS d USING (day) ORDER BY f.day
            """, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var files = new List<BackupLakeFile>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            files.Add(new(row.GetFieldValue<DateOnly>(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetString(4), row.GetString(5), row.GetBoolean(6)));
        return files;
    }

    /// <summary>Copies the files that the manifest of this moment names, each checked against it.</summary>
    async Task CopyLakeAsync(string folder, List<BackupLakeFile> files, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        const int Together = 32;
        var source = new LakeFiles(lake, time);
        var done = 0;
        foreach (var part in files.Chunk(Together))
        {
            var opened = await source.OpenAsync([.. part.Select(file => new LakeFile(file.Day, file.Path, file.Rows, file.Bytes, file.Sha256))], cancellationToken).ConfigureAwait(false);
            try
            {
                foreach (var (file, (open, reason)) in part.Zip(opened))
                {
                    if (open is null) throw new BackupException($"the lake file {file.Path} {reason}", "`bellwether lake verify` tells what is wrong with the lake; without --with-lake the database alone is backed up.");
                    await CopyAsync(open, Path.Combine(folder, BackupFolder.Lake, file.Path), file, cancellationToken).ConfigureAwait(false);
                    progress?.Report(new("lake", ++done, files.Count));
                }
            }
            finally
            {
                foreach (var (open, _) in opened) open?.Dispose();
            }
        }
    }

    static async Task CopyAsync(FileStream from, string to, BackupLakeFile file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        await using (var target = new FileStream(to, FileMode.CreateNew, FileAccess.Write)) await from.CopyToAsync(target, BufferBytes, cancellationToken).ConfigureAwait(false);
        if (file.Sha256 is { } hash && Storage.Objects.ContentHash.OfFile(to, cancellationToken) is var found && found != hash)
            throw new BackupException($"the lake file {file.Path} holds {found}, the manifest names {hash}", "`bellwether lake verify` tells what is wrong with the lake.");
    }
}
