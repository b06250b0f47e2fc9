using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <param name="Ok">Files that hold what the manifest says, to the last value.</param>
/// <param name="Left">Files that were not looked at this time.</param>
public sealed record ArchiveVerifyResult(int Files, int Ok, int Left, IReadOnlyList<BadArchiveFile> Bad);

public sealed record BadArchiveFile(string Path, string Reason);

/// <summary>Reads archive files and compares hash, row count and content hash with the manifest, those first that were not looked at the longest.</summary>
public sealed class ArchiveVerifier(NpgsqlDataSource database, ArchiveOptions options, TimeProvider time)
{
    /// <param name="most">Files to look at; null for all.</param>
    /// <param name="progress">Files done and files in all.</param>
    /// <exception cref="Storage.Objects.ObjectStoreException">The store does not answer at all.</exception>
    public async Task<ArchiveVerifyResult> VerifyAsync(int? most, IProgress<(int Done, int Total)>? progress, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        var files = await ArchiveCatalog.OldestVerifiedAsync(connection, most, cancellationToken).ConfigureAwait(false);
        var bad = new List<BadArchiveFile>();
        using var workshop = new ArchiveWorkshop(options, time);
        for (var i = 0; i < files.Count; i++)
        {
            var problem = await ProblemAsync(workshop, files[i], cancellationToken).ConfigureAwait(false);
            // Superseded and removed since it was listed: no problem of the archive.
            if (problem is not null && (await ArchiveCatalog.ListAsync(connection, files[i].Table, files[i].From, files[i].To, cancellationToken).ConfigureAwait(false)).All(f => f.Id != files[i].Id))
                problem = null;
            if (problem is not null) bad.Add(new(files[i].Key, problem));
            await ArchiveCatalog.VerifiedAsync(connection, files[i], time.GetUtcNow(), problem, cancellationToken).ConfigureAwait(false);
            progress?.Report((i + 1, files.Count));
        }
        await using var count = new NpgsqlCommand("SELECT count(*) FROM ops.archive_files", connection);
        var all = (int)(long)(await count.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        return new(files.Count, files.Count - bad.Count, Math.Max(0, all - files.Count), bad);
    }

    static async Task<string?> ProblemAsync(ArchiveWorkshop workshop, ArchiveFile file, CancellationToken cancellationToken)
    {
        try
        {
            var path = await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
            var found = await Task.Run(() => workshop.Parquet.Read(path, file.Columns, file.TimePlace, cancellationToken), cancellationToken).ConfigureAwait(false);
            ArchiveWorkshop.Remove(path);
            return file.Is(found) ? null : $"holds {found.Rows} rows, {found.ContentHash}; the manifest says {file.Rows} rows, {file.ContentHash}";
        }
        catch (DuckDbException error)
        {
            return $"cannot be read: {error.Message}";
        }
        catch (Exception error) when (ArchiveWorkshop.IsOfOneFile(error))
        {
            // Looked at all the same: it must not be the first again, and keep the others from their turn.
            return error.Message;
        }
    }
}
