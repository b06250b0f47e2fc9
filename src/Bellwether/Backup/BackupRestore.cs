using Bellwether.Lake;
using Bellwether.Lake.Legacy;
using Bellwether.Retention;
using Bellwether.Sentiment;
using Bellwether.Storage;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Backup;

/// <param name="LakeFiles">Files put into the lake from the backup.</param>
/// <param name="DaysToWrite">Days whose file was not there and is made again from the rows.</param>
/// <param name="SealedMissing">Sealed days whose file is neither in the backup nor in the lake: their rows cannot be read until it is put there.</param>
/// <param name="ArchiveFiles">Files put into the archive from the backup.</param>
/// <param name="ArchiveMissing">Archive files that are neither in the backup nor in the archive: their rows cannot be brought back until they are put there.</param>
public sealed record RestoreReport(
    string Path, DateTimeOffset TakenAt, int Revision, int Tables, long Rows, int LakeFiles, int DaysToWrite, IReadOnlyList<DateOnly> SealedMissing, int ArchiveFiles,
    IReadOnlyList<string> ArchiveMissing, double Seconds);

/// <summary>
/// Brings a backup into an empty database, or, asked to, in place of what one holds. Everything is loaded, read back and compared in one
/// transaction: a restore that is cut off, or that is not equal to the backup, changes nothing. Files come before it under names that nobody
/// reads by, and into the places of their days behind it, where the next writer of the lake goes on if that is cut off.
/// </summary>
/// <param name="cold">How PostgreSQL reads sealed days; null where it does not.</param>
/// <param name="archive">Where archived rows lie.</param>
public sealed partial class BackupRestore(NpgsqlDataSource database, LakeOptions lake, ColdTier? cold, IObjectStore archive, TimeProvider time)
{
    const int MostAtOnce = 8;

    /// <summary>How long archive files stay that the database named before and the backup does not: newer backups may.</summary>
    public TimeSpan KeepSuperseded { get; init; } = TimeSpan.FromDays(30);

    /// <param name="replace">Take away what the database holds.</param>
    /// <param name="force">Also while somebody works on it.</param>
    /// <exception cref="BackupException">It is damaged, does not fit the program, there is data in the way, or somebody works on the database.</exception>
    public async Task<RestoreReport> RunAsync(string folder, bool replace, bool force, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var manifest = BackupManifest.Read(folder);
        if (!force) await RunningDesk.RequireNoneAsync(database, cancellationToken).ConfigureAwait(false);
        var check = await BackupVerifier.RunAsync(folder, progress, cancellationToken).ConfigureAwait(false);
        if (check.Bad is [var bad, ..])
            throw new BackupException($"the backup {folder} is damaged: {bad.File} {bad.Reason}{(check.Bad.Count > 1 ? $", and {check.Bad.Count - 1} more files" : "")}", "Use another backup; nothing was changed.");

        // In the order in which everybody takes both. Whoever writes lake or archive is waited for, and waits.
        progress?.Report(new("waiting for writers of lake and archive", 0, 0));
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(mine.Connection, cancellationToken).ConfigureAwait(false);
        try
        {
            // Somebody may have begun meanwhile.
            if (!force) await RunningDesk.RequireNoneAsync(database, cancellationToken).ConfigureAwait(false);
            await MoveSchemaAsync(manifest, cancellationToken).ConfigureAwait(false);
            if (!replace) await RequireRoomAsync(mine.Connection, cancellationToken).ConfigureAwait(false);
            var report = await RunAsync(mine.Connection, folder, manifest, replace, progress, cancellationToken).ConfigureAwait(false);
            return report with { Seconds = Math.Round(time.GetElapsedTime(started).TotalSeconds, 3) };
        }
        finally
        {
            await LakeLock.ReleaseAsync(mine.Connection).ConfigureAwait(false);
        }
    }

    async Task<RestoreReport> RunAsync(
        NpgsqlConnection connection, string folder, BackupManifest manifest, bool replace, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var days = LakeFilesOf(folder, manifest, cancellationToken);
        var broughtDays = await BringLakeAsync(folder, manifest, days, progress, cancellationToken).ConfigureAwait(false);
        var broughtArchive = await BringArchiveAsync(folder, manifest, progress, cancellationToken).ConfigureAwait(false);
        Settled settled;
        IReadOnlyList<string> missing;
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await HoldTablesAsync(connection, progress, cancellationToken).ConfigureAwait(false);
            await RememberReplacedAsync(connection, cancellationToken).ConfigureAwait(false);
            await MakeRoomAsync(connection, replace, cancellationToken).ConfigureAwait(false);
            await LoadAsync(connection, folder, manifest, progress, cancellationToken).ConfigureAwait(false);
            await CompareAsync(connection, manifest, progress, cancellationToken).ConfigureAwait(false);
            await AttachSealedAsync(connection, manifest, cancellationToken).ConfigureAwait(false);
            settled = await SettleLakeAsync(connection, manifest, days, replace, cancellationToken).ConfigureAwait(false);
            missing = await SettleArchiveAsync(connection, cancellationToken).ConfigureAwait(false);
            // Running processes read their caches anew.
            await ExecuteAsync(connection, $"SELECT pg_notify('{TickerRebuild.Channel}', '{LegacyTickers.WentBack}')", cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.ProtocolViolation || error.SqlState[..2] is "0A" or "22" or "23" or "2B" or "42")
        {
            throw new BackupException($"the database does not take what the backup holds: {error.MessageText}{(error.TableName is { } table ? $" ({error.SchemaName}.{table})" : "")}. Nothing was changed",
                "Restore into an empty folder with --data NEWDIR, or take away what is in the way.", error);
        }
        progress?.Report(new("putting lake files in place", 0, settled.ToPlace.Length));
        try
        {
            await PlaceLakeAsync(connection, manifest, settled, replace, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException error)
        {
            throw new BackupException($"the backup is restored, but some files of the lake are not in the places of their days: {error.Message}", $"{error.Mend} Then `bellwether lake write` puts them there.", error);
        }
        await using (var analyze = new NpgsqlCommand("ANALYZE", connection) { CommandTimeout = 0 }) await analyze.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await new Migrator(database).UpAsync(null, false, cancellationToken).ConfigureAwait(false);
        return new(folder, manifest.TakenAt, manifest.Schema.Count, manifest.Tables.Count, manifest.Rows, broughtDays, settled.Dirty, settled.Missing, broughtArchive, missing, 0);
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

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
