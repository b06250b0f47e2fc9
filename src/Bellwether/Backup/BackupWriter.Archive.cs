using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Backup;

public sealed partial class BackupWriter
{
    static async Task<List<BackupArchiveFile>> ArchiveFilesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT table_name, key, rows, bytes, file_sha256, restored_at IS NOT NULL FROM ops.archive_files ORDER BY key", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var files = new List<BackupArchiveFile>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            files.Add(new(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4), row.GetBoolean(5)));
        return files;
    }

    /// <summary>Copies the archive files of this moment, each checked. One that is superseded meanwhile stays long enough.</summary>
    async Task CopyArchiveAsync(string folder, List<BackupArchiveFile> files, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        for (var i = 0; i < files.Count; i++)
        {
            progress?.Report(new("archive", i, files.Count));
            try
            {
                await archive.GetAsync(files[i].Key, Path.Combine(folder, BackupFolder.Archive, files[i].Key), files[i].Sha256, cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectStoreException error) when (error.Fault is ObjectStoreFault.NotFound or ObjectStoreFault.Corrupt)
            {
                throw new BackupException($"the archive file {files[i].Key} {(error.Fault == ObjectStoreFault.NotFound ? "is missing" : "is damaged")} in {archive.Place}",
                    "`bellwether archive verify` tells what is wrong with the archive; an erasure may just have written it anew: then run it again. Without --with-archive the database alone is backed up.", error);
            }
        }
    }
}
