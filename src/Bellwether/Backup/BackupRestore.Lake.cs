using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Backup;

public sealed partial class BackupRestore
{
    /// <param name="Dirty">Days that are written again.</param>
    /// <param name="Missing">Sealed days whose file cannot be had.</param>
    /// <param name="ToPlace">Files that can be had, and belong into the places of their days.</param>
    readonly record struct Settled(int Dirty, IReadOnlyList<DateOnly> Missing, LakeFile[] ToPlace);

    /// <summary>The files of the manifest, with their hashes also where those were not recorded and the backup has the file.</summary>
    static LakeFile[] LakeFilesOf(string folder, BackupManifest manifest, CancellationToken cancellationToken) => [.. manifest.Lake.Files.Select(file =>
        new LakeFile(file.Day, file.Path, file.Rows, file.Bytes, file.Sha256 ?? (manifest.Lake.Copied ? ContentHash.OfFile(CopyOf(folder, file.Path), cancellationToken) : null)))];

    static string CopyOf(string folder, string path) => Path.Combine(folder, BackupFolder.Lake, path);

    /// <summary>Brings the copied files into the lake under their hashes, where nobody reads them before the database names them.</summary>
    async Task<int> BringLakeAsync(string folder, BackupManifest manifest, LakeFile[] days, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        if (!manifest.Lake.Copied) return 0;
        var files = new LakeFiles(lake, time);
        var (done, brought) = (0, 0);
        await Parallel.ForEachAsync(days, new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken }, async (file, token) =>
        {
            if (await files.BringAsync(file, CopyOf(folder, file.Path), token).ConfigureAwait(false)) Interlocked.Increment(ref brought);
            progress?.Report(new("lake", Interlocked.Increment(ref done), days.Length));
        }).ConfigureAwait(false);
        return brought;
    }

    /// <summary>Makes PostgreSQL read sealed days from their files again: where the server that the backup is of kept its programs says nothing here.</summary>
    async Task AttachSealedAsync(NpgsqlConnection connection, BackupManifest manifest, CancellationToken cancellationToken)
    {
        if (cold is null) return;
        (DateOnly, string)[] days = [.. manifest.Lake.Files.Where(file => file is { Sealed: true, Sha256: not null }).Select(file => (file.Day, file.Sha256!))];
        if (days.Length == 0) return;
        await ExecuteAsync(connection, await ColdPartitions.PrepareAsync(connection, cold, days, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Files that are not there: days whose rows are in the database are written again, sealed ones are told. No place is known to be right any
    /// more, and days that only the replaced data had are to be written as empty ones: whoever writes the lake next does what is left to do.
    /// </summary>
    async Task<Settled> SettleLakeAsync(NpgsqlConnection connection, BackupManifest manifest, LakeFile[] days, bool replace, CancellationToken cancellationToken)
    {
        var found = (await new LakeFiles(lake, time).FindAsync(days, cancellationToken).ConfigureAwait(false)).ToHashSet();
        var absent = manifest.Lake.Files.Zip(days).Where(pair => !found.Contains(pair.Second)).Select(pair => pair.First).ToArray();
        DateOnly[] dirty = [.. absent.Where(file => !file.Sealed).Select(file => file.Day)];
        await using var settle = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("DELETE FROM ops.lake_files WHERE day = ANY($1)") { Parameters = { Days(dirty) } },
                new("UPDATE ops.lake_days SET revision = revision + 1, dirty_since = now() WHERE day = ANY($1)") { Parameters = { Days(dirty) } },
                new("UPDATE ops.lake_files AS f SET file_sha256 = h.hash FROM unnest($1, $2) AS h (day, hash) WHERE f.day = h.day AND f.file_sha256 IS NULL")
                    { Parameters = { Days([.. days.Select(file => file.Day)]), Texts(days.Select(file => file.Sha256)) } },
                new("UPDATE ops.lake_files SET placed_at = NULL WHERE file_sha256 IS NOT NULL"),
            },
        };
        if (replace)
        {
            settle.BatchCommands.Add(new("INSERT INTO ops.lake_files SELECT * FROM replaced_lake WHERE path <> ALL($1)") { Parameters = { Texts(manifest.Lake.Files.Select(file => file.Path)) } });
            settle.BatchCommands.Add(new("""
                INSERT INTO ops.lake_days (day, hot_rows, revision) SELECT day, 0, 1 FROM replaced_lake WHERE path <> ALL($1)
                ON CONFLICT (day) DO UPDATE SET revision = lake_days.revision + 1
                """) { Parameters = { Texts(manifest.Lake.Files.Select(file => file.Path)) } });
        }
        await settle.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return new(dirty.Length, [.. absent.Where(file => file.Sealed).Select(file => file.Day)], [.. days.Where(file => file.Sha256 is not null && found.Contains(file))]);
    }

    /// <summary>Behind the commit: files of the manifest into the places of their days, and away with those of days that are no more.</summary>
    async Task PlaceLakeAsync(NpgsqlConnection connection, BackupManifest manifest, Settled settled, bool replace, CancellationToken cancellationToken)
    {
        await new LakeWriter(database, lake, time, cold).PlaceAsync(connection, settled.ToPlace, [], kept: true, cancellationToken).ConfigureAwait(false);
        if (!replace) return;
        var objects = new LakeFiles(lake, time).Objects;
        var named = manifest.Lake.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        var gone = new List<string>();
        await foreach (var found in objects.ListAsync("year=", null, cancellationToken).ConfigureAwait(false))
            if (found.Key.EndsWith($"/{LakePaths.FileName}", StringComparison.Ordinal) && !named.Contains(found.Key)) gone.Add(found.Key);
        await objects.DeleteAsync(gone, cancellationToken).ConfigureAwait(false);
        await using var forget = new NpgsqlCommand("""
            WITH gone AS (DELETE FROM ops.lake_files WHERE path <> ALL($1) RETURNING day),
            forgotten AS (DELETE FROM ops.lake_days AS d USING gone AS g WHERE d.day = g.day AND d.hot_rows = 0 AND d.revision = 1 AND d.written_revision = 0)
            UPDATE ops.lake_days AS d SET revision = d.revision - 1 FROM gone AS g WHERE d.day = g.day AND NOT (d.hot_rows = 0 AND d.revision = 1 AND d.written_revision = 0)
            """, connection) { Parameters = { Texts(named) } };
        await forget.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static NpgsqlParameter Days(DateOnly[] days) => new() { Value = days, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };

    static NpgsqlParameter Texts(IEnumerable<string?> texts) => new() { Value = texts.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
