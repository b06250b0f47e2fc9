using Bellwether.Diagnostics;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Retention.Archive;

/// <param name="Table">Null where there is nothing in the archive.</param>
/// <param name="Message">What went wrong; null for nothing.</param>
public sealed record ArchiveDrillResult(string? Table, string? Path, long Rows, bool Succeeded, string? Message, double Seconds);

/// <summary>Restores a file chosen at random into a temporary table, compares it by hash and drops it: an archive that nobody restores is a hope.</summary>
public sealed class ArchiveDrill(NpgsqlDataSource database, ArchiveOptions options, TimeProvider time)
{
    public async Task<ArchiveDrillResult> RunAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        if (await ArchiveCatalog.AnyAsync(connection, cancellationToken).ConfigureAwait(false) is not { } file) return new(null, null, 0, true, null, 0);
        var problem = await TryAsync(connection, file, cancellationToken).ConfigureAwait(false);
        await using (var audit = new NpgsqlCommand(
            "INSERT INTO ops.archive_drills (at, table_name, key, rows, succeeded, message) VALUES ($1, $2, $3, $4, $5, $6)", connection))
        {
            audit.Parameters.Add(ArchiveCatalog.Time(time.GetUtcNow()));
            audit.Parameters.Add(new() { Value = file.Table });
            audit.Parameters.Add(new() { Value = file.Key });
            audit.Parameters.Add(new() { Value = file.Rows });
            audit.Parameters.Add(new() { Value = problem is null });
            audit.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = problem });
            await audit.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        Instruments.ArchiveDrills.Add(1, new KeyValuePair<string, object?>("outcome", problem is null ? "succeeded" : "failed"));
        return new(file.Table, file.Key, file.Rows, problem is null, problem, time.GetElapsedTime(started).TotalSeconds);
    }

    async Task<string?> TryAsync(NpgsqlConnection connection, ArchiveFile file, CancellationToken cancellationToken)
    {
        try
        {
            using var workshop = new ArchiveWorkshop(options, time);
            var path = await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false);
            // Never committed: the table is gone whatever happens.
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            var transfer = new ArchiveTransfer(connection, workshop, file.Columns, file.Time);
            await transfer.ExecuteAsync(
                "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; "
                + $"CREATE TEMP TABLE drill ({string.Join(", ", file.Columns.Select(column => $"{column.Quoted} {column.Type}"))}) ON COMMIT DROP", cancellationToken).ConfigureAwait(false);
            await transfer.LoadAsync(path, cancellationToken).ConfigureAwait(false);
            var found = await transfer.InsertAsync("pg_temp.drill", cancellationToken).ConfigureAwait(false);
            await transaction.RollbackAsync(cancellationToken).ConfigureAwait(false);
            return file.Is(found) ? null : $"{file.Key} came back as {found.Rows} rows, {found.ContentHash}; archived were {file.Rows} rows, {file.ContentHash}";
        }
        catch (Exception error) when (error is RetentionException or DuckDbException or PostgresException or LakeException or ObjectStoreException)
        {
            return error.Message;
        }
    }
}
