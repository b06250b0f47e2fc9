using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention.Erase;

public sealed partial class Eraser
{
    /// <summary>Archive files without some of their rows. One that cannot be read stops no other: the look at the end names it.</summary>
    async Task RewriteAsync(
        IEnumerable<(ArchiveFile File, string Condition, long Rows)> files, NpgsqlConnection connection, ArchiveWorkshop workshop, CancellationToken cancellationToken)
    {
        foreach (var (file, condition, rows) in files)
        {
            string path;
            try
            {
                path = await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (ArchiveWorkshop.IsOfOneFile(error))
            {
                continue;
            }
            await RewriteAsync(file, path, condition, rows, connection, workshop, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Written anew, compared, and put in the place of the old in one transaction.</summary>
    async Task RewriteAsync(
        ArchiveFile file, string path, string condition, long rows, NpgsqlConnection connection, ArchiveWorkshop workshop, CancellationToken cancellationToken)
    {
        var rest = workshop.NewPath();
        workshop.Parquet.Filter(path, rest, $"NOT coalesce(({condition}), false)", cancellationToken);
        ArchiveWorkshop.Remove(path);
        var digest = workshop.Parquet.Read(rest, file.Columns, file.TimePlace, cancellationToken);
        if (digest.Rows + rows != file.Rows) throw new RetentionException($"{file.Key} would keep {digest.Rows} of {file.Rows} rows where {rows} are erased; nothing was changed in it");
        StagedFile[] staged = digest.Rows == 0 ? []
            : [workshop.Verified(rest, file.Columns, file.TimePlace, digest, file.Table, file.From, file.To, cancellationToken)];
        if (staged.Length > 0) await ArchiveCatalog.StoreAsync(database, workshop, staged, cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.ForgetAsync(connection, [file], cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.RecordAsync(connection, file.Table, file.Time, staged, cancellationToken).ConfigureAwait(false);
        if (staged.Length > 0 && file.RestoredAt is { } restored)
        {
            await using var mark = new NpgsqlCommand("UPDATE ops.archive_files SET restored_at = $2 WHERE key = $1", connection);
            mark.Parameters.Add(new() { Value = staged[0].Key });
            mark.Parameters.Add(ArchiveCatalog.Time(restored));
            await mark.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }
}
