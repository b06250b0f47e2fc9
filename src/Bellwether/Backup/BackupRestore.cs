using System.IO.Compression;
using Bellwether.Lake;
using Bellwether.Lake.Legacy;
using Bellwether.Sentiment;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Backup;

/// <param name="LakeFiles">Files put into the lake from the backup.</param>
/// <param name="DaysToWrite">Days whose file was not there and is made again from the rows.</param>
/// <param name="SealedMissing">Sealed days whose file is neither in the backup nor in the lake: their rows cannot be read until it is put there.</param>
public sealed record RestoreReport(
    string Path, DateTimeOffset TakenAt, int Revision, int Tables, long Rows, int LakeFiles, int DaysToWrite, IReadOnlyList<DateOnly> SealedMissing, double Seconds);

/// <summary>
/// Brings a backup into an empty database, or, asked to, in place of what one holds. Everything is loaded, read back and compared in one
/// transaction: a restore that is cut off, or that is not equal to the backup, changes nothing.
/// </summary>
/// <param name="cold">How PostgreSQL reads sealed days; null where it does not.</param>
public sealed partial class BackupRestore(NpgsqlDataSource database, LakeOptions lake, ColdTier? cold, TimeProvider time)
{
    /// <param name="replace">Take away what the database holds.</param>
    /// <exception cref="BackupException">It is damaged, does not fit the program, or there is data in the way.</exception>
    public async Task<RestoreReport> RunAsync(string folder, bool replace, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var manifest = BackupManifest.Read(folder);
        var check = await BackupVerifier.RunAsync(folder, progress, cancellationToken).ConfigureAwait(false);
        if (check.Bad is [var bad, ..])
            throw new BackupException($"the backup {folder} is damaged: {bad.File} {bad.Reason}{(check.Bad.Count > 1 ? $", and {check.Bad.Count - 1} more files" : "")}", "Use another backup; nothing was changed.");
        await MoveSchemaAsync(manifest, cancellationToken).ConfigureAwait(false);

        await using (var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false))
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false))
        {
            await MakeRoomAsync(connection, replace, cancellationToken).ConfigureAwait(false);
            await LoadAsync(connection, folder, manifest, progress, cancellationToken).ConfigureAwait(false);
            await CompareAsync(connection, manifest, progress, cancellationToken).ConfigureAwait(false);
            var files = manifest.Lake.Copied ? await PutLakeAsync(folder, manifest, progress, cancellationToken).ConfigureAwait(false) : 0;
            await AttachSealedAsync(connection, manifest, cancellationToken).ConfigureAwait(false);
            var (dirty, missing) = await SettleLakeAsync(connection, manifest, cancellationToken).ConfigureAwait(false);
            // Running processes read their caches anew.
            await ExecuteAsync(connection, $"SELECT pg_notify('{TickerRebuild.Channel}', '{LegacyTickers.WentBack}')", cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            if (replace) await ClearLakeAsync(manifest, cancellationToken).ConfigureAwait(false);
            await using (var analyze = new NpgsqlCommand("ANALYZE", connection) { CommandTimeout = 0 }) await analyze.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            await new Migrator(database).UpAsync(null, false, cancellationToken).ConfigureAwait(false);
            return new(folder, manifest.TakenAt, manifest.Schema.Count, manifest.Tables.Count, manifest.Rows, files, dirty, missing, Math.Round(time.GetElapsedTime(started).TotalSeconds, 3));
        }
    }

    /// <summary>Brings an empty database to the revision of the backup; one that holds something must be there already.</summary>
    async Task MoveSchemaAsync(BackupManifest manifest, CancellationToken cancellationToken)
    {
        foreach (var (revision, shipped) in manifest.Schema.Zip(Migration.Shipped))
            if (revision.Checksum != shipped.Checksum)
                throw new BackupException($"the backup's schema revision {revision.Revision} ({revision.Name}) was made from another script than this program's", $"Use the program that made it, {manifest.Program}.");
        if (manifest.Schema.Count > Migration.Shipped.Count)
            throw new BackupException($"the backup is at schema revision {manifest.Schema.Count}, this program knows {Migration.Shipped.Count}", $"Use the program that made it, {manifest.Program}, or a newer one.");
        var migrator = new Migrator(database);
        var applied = (await migrator.AppliedAsync(cancellationToken).ConfigureAwait(false)).Count;
        if (applied > manifest.Schema.Count)
            throw new BackupException($"the database is at schema revision {applied}, the backup at {manifest.Schema.Count}", "Restore into an empty folder: bellwether backup restore --from BACKUP --data NEWDIR.");
        await migrator.UpAsync(manifest.Schema.Count, false, cancellationToken).ConfigureAwait(false);
    }

    static async Task MakeRoomAsync(NpgsqlConnection connection, bool replace, CancellationToken cancellationToken)
    {
        var tables = await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false);
        if (!replace)
            foreach (var (schema, name, _) in tables)
            {
                await using var any = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {BackupCatalog.Quote(schema)}.{BackupCatalog.Quote(name)})", connection);
                if (await any.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
                    throw new BackupException($"the database holds data already, in {schema}.{name} for instance", "Restore into an empty folder with --data NEWDIR, or add --replace to lose what is there.");
            }
        // Those of the backup may have other bounds.
        foreach (var partition in (await BackupCatalog.PartitionsAsync(connection, cancellationToken).ConfigureAwait(false)).AsEnumerable().Reverse())
            await ExecuteAsync(connection, $"DROP TABLE {BackupCatalog.Quote(partition.Schema)}.{BackupCatalog.Quote(partition.Name)}", cancellationToken).ConfigureAwait(false);
        foreach (var month in await BackupCatalog.ColdMonthsAsync(connection, cancellationToken).ConfigureAwait(false))
            await ExecuteAsync(connection, $"DROP TABLE {month}", cancellationToken).ConfigureAwait(false);
        var names = string.Join(", ", tables.Select(table => $"{BackupCatalog.Quote(table.Schema)}.{BackupCatalog.Quote(table.Name)}"));
        await ExecuteAsync(connection, $"TRUNCATE {names}", cancellationToken).ConfigureAwait(false);
    }

    static async Task LoadAsync(NpgsqlConnection connection, string folder, BackupManifest manifest, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        foreach (var p in manifest.Partitions)
            await ExecuteAsync(connection, $"CREATE TABLE {BackupCatalog.Quote(p.Schema)}.{BackupCatalog.Quote(p.Name)} PARTITION OF {BackupCatalog.Quote(p.ParentSchema)}.{BackupCatalog.Quote(p.Parent)} "
                + $"{p.Bound}{(p.Key is null ? "" : $" PARTITION BY {p.Key}")}", cancellationToken).ConfigureAwait(false);
        var done = 0;
        foreach (var table in manifest.Tables)
        {
            progress?.Report(new($"loading {table.Schema}.{table.Name}", done++, manifest.Tables.Count));
            using var digest = new CopyDigest();
            await using var file = File.OpenRead(Path.Combine(folder, table.File));
            await using var rows = new GZipStream(file, CompressionMode.Decompress);
            await CopyTables.InAsync(connection, table.Schema, table.Name, table.Columns, digest, rows, cancellationToken).ConfigureAwait(false);
        }
        foreach (var sequence in manifest.Sequences)
        {
            await using var set = new NpgsqlCommand("SELECT setval(format('%I.%I', $1, $2)::regclass, $3)", connection);
            set.Parameters.Add(new() { Value = sequence.Schema });
            set.Parameters.Add(new() { Value = sequence.Name });
            set.Parameters.Add(new() { Value = sequence.LastValue });
            await set.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the database for what it was given.</summary>
    static async Task CompareAsync(NpgsqlConnection connection, BackupManifest manifest, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var table in manifest.Tables)
        {
            progress?.Report(new($"comparing {table.Schema}.{table.Name}", done++, manifest.Tables.Count));
            using var digest = new CopyDigest();
            await CopyTables.OutAsync(connection, table.Schema, table.Name, table.Columns, digest, null, cancellationToken).ConfigureAwait(false);
            if (digest.Rows != table.Rows || digest.ContentHash != table.ContentHash)
                throw new BackupException($"{table.Schema}.{table.Name} holds {digest.Rows} rows with {digest.ContentHash} after loading; the backup says {table.Rows} with {table.ContentHash}",
                    "Nothing was changed; report this.");
        }
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
