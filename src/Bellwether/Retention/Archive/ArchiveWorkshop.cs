using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <summary>Makes and reads archive files, in a folder of its own that goes with it.</summary>
sealed class ArchiveWorkshop : IDisposable
{
    readonly ArchiveOptions _options;
    readonly TimeProvider _time;
    readonly DuckDbDatabase _engine;
    readonly DuckDbConnection _connection;
    readonly string _folder;
    int _files;

    public ArchiveWorkshop(ArchiveOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _folder = Scratch(options.ScratchDirectory);
        try
        {
            _engine = LakeWriter.OpenEngine(new()
            {
                Directory = _folder,
                ScratchDirectory = _folder,
                DuckDbLibrary = options.DuckDbLibrary,
                MemoryLimitMb = options.MemoryLimitMb,
            }, Path.Combine(_folder, "spill"));
            _connection = LakeWriter.Connect(_engine);
            _connection.Execute("SET TimeZone = 'UTC'");
            Parquet = new(_connection);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ArchiveParquet Parquet { get; }

    public IObjectStore Objects => _options.Objects;

    public int RowsPerFile => _options.RowsPerFile;

    /// <summary>
    /// Writes rows as a file, reads it back and compares; null when there are none. The caller's transaction decides what the rows are.
    /// </summary>
    /// <param name="rows">Relation and condition; the row is named t.</param>
    /// <exception cref="RetentionException">The file does not hold what PostgreSQL sent, or cannot be made.</exception>
    public async Task<StagedFile?> StageAsync(
        NpgsqlConnection connection, string table, IReadOnlyList<ArchiveColumn> columns, string time, string rows, DateTimeOffset from, DateTimeOffset to,
        CancellationToken cancellationToken)
    {
        var path = NewPath();
        var place = columns.Select(column => column.Name).ToList().IndexOf(time);
        try
        {
            try
            {
                return await TryAsync(columns).ConfigureAwait(false);
            }
            catch (DuckDbException error) when (error.ErrorClass is "Conversion" or "Out of Range" or "Invalid Input" && columns.Any(column => column.Decimal is not null))
            {
                // A number without a place among decimals, such as NaN.
                return await TryAsync([.. columns.Select(column => column with { AsText = column.Decimal is not null })]).ConfigureAwait(false);
            }
        }
        catch (DuckDbException error)
        {
            throw new RetentionException(
                $"an archive file of {table} could not be made in {_folder}: {error.Message}. Nothing was removed; see that there is room and that it may be written", error);
        }

        async Task<StagedFile?> TryAsync(IReadOnlyList<ArchiveColumn> form)
        {
            var query = $"SELECT {string.Join(", ", form.Select(column => column.Sent("t")))} FROM {rows} ORDER BY t.{LakeColumn.Quote(time)}";
            var sent = await Parquet.WriteAsync(connection, query, form, place, path, cancellationToken).ConfigureAwait(false);
            if (sent.Rows == 0) return null;
            return await Task.Run(() => Verified(path, form, place, sent, table, from, to, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A file that is to hold some rows, read back and compared.</summary>
    public StagedFile Verified(
        string path, IReadOnlyList<ArchiveColumn> columns, int time, LakeDigest wanted, string table, DateTimeOffset from, DateTimeOffset to,
        CancellationToken cancellationToken)
    {
        var found = Parquet.Read(path, columns, time, cancellationToken);
        if (found.ToString() != wanted.ToString())
            throw new RetentionException($"the archive file of {table} from {from:u} holds {found}; sent were {wanted}. Nothing was removed");
        return new(path, from, to, found, new FileInfo(path).Length, ContentHash.OfFile(path, cancellationToken), columns, ArchiveFile.KeyOf(table, from, _time.GetUtcNow()));
    }

    /// <summary>Fetches a file, whole and with the hash of the manifest.</summary>
    /// <exception cref="RetentionException">It is missing or damaged.</exception>
    public async Task<string> FetchAsync(ArchiveFile file, CancellationToken cancellationToken)
    {
        var path = NewPath();
        try
        {
            await Objects.GetAsync(file.Key, path, file.Sha256, cancellationToken).ConfigureAwait(false);
            return path;
        }
        catch (ObjectStoreException error) when (error.Fault is ObjectStoreFault.NotFound or ObjectStoreFault.Corrupt)
        {
            throw new RetentionException(
                $"the archive file {file.Key} {(error.Fault == ObjectStoreFault.NotFound ? "is missing in" : "is damaged in")} {Objects.Place}: put back a copy with SHA-256 {file.Sha256}", error);
        }
    }

    /// <summary>Whether what went wrong concerns one file, so that others may be sound; a store that does not answer, and a full disk, concern all.</summary>
    public static bool IsOfOneFile(Exception error) => error is RetentionException or DuckDbException or LakeException
        or ObjectStoreException { Fault: ObjectStoreFault.NotFound or ObjectStoreFault.Corrupt or ObjectStoreFault.AccessDenied or ObjectStoreFault.Other };

    public string NewPath() => Path.Combine(_folder, $"{++_files}.parquet");

    public static void Remove(string path) => File.Delete(path);

    public void Dispose()
    {
        _connection?.Dispose();
        _engine?.Dispose();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    static string Scratch(string root)
    {
        try
        {
            return LakeScratch.Make(root);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RetentionException($"archive files cannot be made in {root}: {error.Message.TrimEnd('.')}. Nothing was removed; see that there is room and that it may be written", error);
        }
    }
}
