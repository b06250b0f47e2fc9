using System.Data;
using System.IO.Compression;
using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Backup;

/// <summary>How far a backup is, for whoever watches.</summary>
public readonly record struct BackupGauge(string Stage, long Done, long Total);

/// <param name="SealedOutside">Sealed days whose rows are in the lake only, and not in this backup.</param>
/// <param name="ArchivedOutside">Archive files whose rows are there only, and not in this backup.</param>
public sealed record BackupReport(
    string Path, DateTimeOffset TakenAt, int Revision, int Tables, long Rows, long Bytes, int LakeFiles, bool WithLake, int SealedOutside, int ArchiveFiles, bool WithArchive,
    int ArchivedOutside, double Seconds);

/// <summary>
/// Writes everything that the database holds, as of one moment, into files that need neither its version nor its machine: the rows of each table in
/// PostgreSQL's binary form, compressed, with counts and hashes. It works on the private server and on any other one while everybody goes on.
/// </summary>
/// <param name="archive">Where archived rows lie.</param>
public sealed partial class BackupWriter(NpgsqlDataSource database, LakeOptions lake, string lakePlace, IObjectStore archive, string program, TimeProvider time)
{
    const int BufferBytes = 256 * 1024;

    /// <param name="to">Folder of backups; the backup becomes a folder in it.</param>
    /// <exception cref="BackupException">It cannot be made; nothing is left of it.</exception>
    public async Task<BackupReport> CreateAsync(string to, bool withLake, bool withArchive, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var root = Path.GetFullPath(to);
        string? folder = null;
        try
        {
            folder = BackupFolder.Begin(root);
            var manifest = await WriteAsync(folder, withLake, withArchive, progress, cancellationToken).ConfigureAwait(false);
            var path = BackupFolder.Finish(root, folder, manifest);
            return new(path, manifest.TakenAt, manifest.Schema.Count, manifest.Tables.Count, manifest.Rows, manifest.Bytes, manifest.Lake.Files.Count, withLake,
                withLake ? 0 : manifest.Lake.Files.Count(file => file.Sealed), manifest.Archive!.Files.Count, withArchive,
                withArchive ? 0 : manifest.Archive.Files.Count(file => !file.Restored), Math.Round(time.GetElapsedTime(started).TotalSeconds, 3));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // .NET makes an argument out of range of a file that may not grow.
            var room = error is ArgumentOutOfRangeException || error.HResult is PosixFiles.NoSpace or PosixFiles.OverQuota or PosixFiles.FileTooBig;
            throw new BackupException($"the backup cannot be written to {root}: {error.Message.TrimEnd('.')}",
                room ? "Make room there, or name another folder with --to; nothing of it was left." : "See that the folder may be written, or name another one with --to.", error);
        }
        catch (ObjectStoreException error) when (error.Fault == ObjectStoreFault.DiskFull)
        {
            // The store that is read from knows its own folder only.
            throw new BackupException($"the backup cannot be written to {root}: the disk is full", "Make room there, or name another folder with --to; nothing of it was left.", error.InnerException);
        }
        finally
        {
            if (folder is not null && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    async Task<BackupManifest> WriteAsync(string folder, bool withLake, bool withArchive, IProgress<BackupGauge>? progress, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var known = await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        // Before the moment is fixed: a partition that goes away between would take its rows out of the past.
        var names = string.Join(", ", known.Select(table => $"{BackupCatalog.Quote(table.Schema)}.{BackupCatalog.Quote(table.Name)}"));
        await ExecuteAsync(connection, $"SET TRANSACTION READ ONLY; {BackupCatalog.Settings}; LOCK TABLE {names} IN ACCESS SHARE MODE", cancellationToken).ConfigureAwait(false);
        var (takenAt, server) = await MomentAsync(connection, cancellationToken).ConfigureAwait(false);
        var schema = await SchemaAsync(connection, cancellationToken).ConfigureAwait(false);
        var files = await LakeFilesAsync(connection, cancellationToken).ConfigureAwait(false);
        var lakeCopy = new BackupLake(lakePlace, withLake, files);
        // First, as long as what a writer replaces is kept.
        if (withLake) await CopyLakeAsync(folder, files, progress, cancellationToken).ConfigureAwait(false);
        var archived = await ArchiveFilesAsync(connection, cancellationToken).ConfigureAwait(false);
        if (withArchive) await CopyArchiveAsync(folder, archived, progress, cancellationToken).ConfigureAwait(false);

        var tables = new List<BackupTable>();
        Directory.CreateDirectory(Path.Combine(folder, "tables"));
        known = await BackupCatalog.TablesAsync(connection, cancellationToken).ConfigureAwait(false);
        var shapes = await BackupCatalog.ShapesAsync(connection, known, cancellationToken).ConfigureAwait(false);
        foreach (var ((schemaName, name, columns), shape) in known.Zip(shapes))
        {
            progress?.Report(new($"{schemaName}.{name}", tables.Count, known.Count));
            tables.Add(await CopyTableAsync(connection, folder, schemaName, name, columns, cancellationToken).ConfigureAwait(false) with { Shape = shape });
        }
        var partitions = await BackupCatalog.PartitionsAsync(connection, cancellationToken).ConfigureAwait(false);
        var sequences = await BackupCatalog.SequencesAsync(connection, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(BackupManifest.CurrentFormat, takenAt, program, server, schema, tables, partitions, sequences, lakeCopy, new(archive.Place, withArchive, archived));
    }

    static async Task<BackupTable> CopyTableAsync(
        NpgsqlConnection connection, string folder, string schema, string name, string[] columns, CancellationToken cancellationToken)
    {
        var relative = $"tables/{schema}.{name}.copy.gz";
        var path = Path.Combine(folder, relative);
        using var digest = new CopyDigest();
        await using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = BufferBytes,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            await using var packed = new GZipStream(file, CompressionLevel.Fastest);
            await CopyTables.OutAsync(connection, schema, name, columns, digest, packed, cancellationToken).ConfigureAwait(false);
        }
        return new(schema, name, columns, digest.Rows, digest.ContentHash, relative, new FileInfo(path).Length, ContentHash.OfFile(path, cancellationToken));
    }

    static async Task<(DateTimeOffset At, string Server)> MomentAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT clock_timestamp(), current_setting('server_version')", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        return (row.GetFieldValue<DateTimeOffset>(0), row.GetString(1));
    }

    static async Task<List<BackupRevision>> SchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT revision, name, checksum FROM public.bellwether_migrations ORDER BY revision", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var schema = new List<BackupRevision>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) schema.Add(new(row.GetInt32(0), row.GetString(1), row.GetString(2)));
        return schema;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
