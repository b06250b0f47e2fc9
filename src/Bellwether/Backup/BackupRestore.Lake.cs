using Bellwether.Lake;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Backup;

public sealed partial class BackupRestore
{
    /// <summary>Puts the copied files into the lake. What the manifest of now means stays readable under its hash until the restore is there.</summary>
    async Task<int> PutLakeAsync(string folder, BackupManifest manifest, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var objects = new LakeFiles(lake, time).Objects;
        var done = 0;
        foreach (var file in manifest.Lake.Files)
        {
            progress?.Report(new("lake", done, manifest.Lake.Files.Count));
            if (await objects.HeadAsync(file.Path, cancellationToken).ConfigureAwait(false) is { Sha256: { } there })
            {
                if (there == file.Sha256) continue;
                await objects.CopyAsync(file.Path, $"_kept/{there}", cancellationToken).ConfigureAwait(false);
            }
            await objects.PutAsync(file.Path, Path.Combine(folder, "lake", file.Path), cancellationToken).ConfigureAwait(false);
            done++;
        }
        return done;
    }

    /// <summary>Takes files of days away that the restored manifest does not name: other tools would read rows there that are not.</summary>
    async Task ClearLakeAsync(BackupManifest manifest, CancellationToken cancellationToken)
    {
        var objects = new LakeFiles(lake, time).Objects;
        var named = manifest.Lake.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        var gone = new List<string>();
        await foreach (var found in objects.ListAsync("year=", null, cancellationToken).ConfigureAwait(false))
            if (found.Key.EndsWith($"/{LakePaths.FileName}", StringComparison.Ordinal) && !named.Contains(found.Key)) gone.Add(found.Key);
        await objects.DeleteAsync(gone, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes PostgreSQL read sealed days from their files again: where the server that the backup is of kept its programs says nothing here.</summary>
    async Task AttachSealedAsync(NpgsqlConnection connection, BackupManifest manifest, CancellationToken cancellationToken)
    {
        if (cold is null) return;
        (DateOnly, string)[] days = [.. manifest.Lake.Files.Where(file => file is { Sealed: true, Sha256: not null }).Select(file => (file.Day, file.Sha256!))];
        if (days.Length == 0) return;
        await ExecuteAsync(connection, await ColdPartitions.PrepareAsync(connection, cold, days, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Files that are not there: days whose rows are in the database are written again, sealed ones are told.</summary>
    async Task<(int Dirty, IReadOnlyList<DateOnly> Missing)> SettleLakeAsync(NpgsqlConnection connection, BackupManifest manifest, CancellationToken cancellationToken)
    {
        var files = new LakeFiles(lake, time);
        var absent = new List<BackupLakeFile>();
        foreach (var part in manifest.Lake.Files.Chunk(100))
        {
            var opened = await files.OpenAsync([.. part.Select(file => new LakeFile(file.Day, file.Path, file.Rows, file.Bytes, file.Sha256))], cancellationToken).ConfigureAwait(false);
            foreach (var (file, (open, _)) in part.Zip(opened))
            {
                if (open is null) absent.Add(file);
                open?.Dispose();
            }
        }
        DateOnly[] days = [.. absent.Where(file => !file.Sealed).Select(file => file.Day)];
        await using var forget = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("DELETE FROM ops.lake_files WHERE day = ANY($1)") { Parameters = { Days() } },
                new("UPDATE ops.lake_days SET revision = revision + 1, dirty_since = now() WHERE day = ANY($1)") { Parameters = { Days() } },
            },
        };
        await forget.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return (days.Length, [.. absent.Where(file => file.Sealed).Select(file => file.Day)]);

        NpgsqlParameter Days() => new() { Value = days, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };
    }
}
