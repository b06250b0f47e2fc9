using System.Collections.Concurrent;
using Bellwether.Retention.Archive;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Backup;

public sealed partial class BackupRestore
{
    /// <summary>Brings the copied files into the archive. Their names are remembered before, so that what a restore leaves that is cut off is removed.</summary>
    async Task<int> BringArchiveAsync(string folder, BackupManifest manifest, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var files = manifest.CopiedArchive;
        if (files.Count == 0) return 0;
        await using (var announce = database.CreateCommand("INSERT INTO ops.archive_pending (key) SELECT unnest($1) ON CONFLICT DO NOTHING"))
        {
            announce.Parameters.Add(Texts(files.Select(file => file.Key)));
            await announce.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        var (done, brought) = (0, 0);
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken }, async (file, token) =>
        {
            if (await archive.HeadAsync(file.Key, token).ConfigureAwait(false) is not { Sha256: { } there } || there != file.Sha256)
            {
                await archive.PutAsync(file.Key, Path.Combine(folder, BackupFolder.Archive, file.Key), token).ConfigureAwait(false);
                Interlocked.Increment(ref brought);
            }
            progress?.Report(new("archive", Interlocked.Increment(ref done), files.Count));
        }).ConfigureAwait(false);
        return brought;
    }

    /// <summary>What the data that goes has named: files that nobody would know of any more otherwise.</summary>
    static Task RememberReplacedAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => ExecuteAsync(connection, """
        CREATE TEMP TABLE replaced_lake ON COMMIT DROP AS TABLE ops.lake_files;
        CREATE TEMP TABLE replaced_archive (key text) ON COMMIT DROP;
        DO $$ BEGIN
            IF to_regclass('ops.archive_files') IS NOT NULL THEN INSERT INTO replaced_archive SELECT key FROM ops.archive_files UNION SELECT key FROM ops.archive_pending; END IF;
        END $$
        """, cancellationToken);

    /// <summary>
    /// Archive files that are in the manifest and not in the archive. What is in the archive and not in the manifest stays for as long as a file
    /// that was superseded: a newer backup than this one may name it.
    /// </summary>
    async Task<IReadOnlyList<string>> SettleArchiveAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using (var made = new NpgsqlCommand("SELECT to_regclass('ops.archive_files') IS NOT NULL", connection))
            if (await made.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true) return [];
        await using (var keep = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("UPDATE ops.archive_pending SET since = greatest(since, clock_timestamp() + $1)") { Parameters = { new() { Value = KeepSuperseded } } },
                new("""
                    INSERT INTO ops.archive_pending (key, since) SELECT r.key, clock_timestamp() + $1 FROM replaced_archive AS r
                    WHERE NOT EXISTS (SELECT FROM ops.archive_files AS f WHERE f.key = r.key) ON CONFLICT DO NOTHING
                    """) { Parameters = { new() { Value = KeepSuperseded } } },
            },
        })
            await keep.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        var missing = new ConcurrentBag<string>();
        var files = (await ArchiveCatalog.ListAsync(connection, null, null, null, cancellationToken).ConfigureAwait(false)).Where(file => file.RestoredAt is null);
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken }, async (file, token) =>
        {
            var found = await archive.HeadAsync(file.Key, token).ConfigureAwait(false);
            if (found is null || found.Size != file.Bytes || found.Sha256 is { } hash && hash != file.Sha256) missing.Add(file.Key);
        }).ConfigureAwait(false);
        return [.. missing.Order(StringComparer.Ordinal)];
    }
}
