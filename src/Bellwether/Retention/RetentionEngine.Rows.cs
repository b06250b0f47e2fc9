using System.Data;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention;

public sealed partial class RetentionEngine
{
    /// <summary>
    /// Moves rows to the archive, a file at a time. The file is written and the rows are deleted from one snapshot: rows that came later are in
    /// neither, and a row that was changed or deleted meanwhile makes PostgreSQL refuse, upon which the whole file is made again.
    /// </summary>
    async Task MoveAsync(RetentionScope scope, string table, Work work, CancellationToken cancellationToken)
    {
        DateTimeOffset? from = null;
        while (await PieceAsync(scope, table, from, scope.Before, work.Workshop.RowsPerFile, work.Connection, cancellationToken).ConfigureAwait(false) is var (start, end))
        {
            await RetriedAsync(token => MovePieceAsync(scope, table, start, end, work, token), cancellationToken).ConfigureAwait(false);
            from = end;
        }
    }

    async Task MovePieceAsync(RetentionScope scope, string table, DateTimeOffset from, DateTimeOffset to, Work work, CancellationToken cancellationToken)
    {
        await using var transaction = await work.Connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(work.Connection, Limits, cancellationToken).ConfigureAwait(false);
        var rows = $"{table} AS t WHERE {scope.Within(from, to)}";
        var staged = await work.Workshop.StageAsync(work.Connection, scope.Policy.Table, scope.Table.Columns, scope.Policy.Time, rows, from, to, cancellationToken).ConfigureAwait(false);
        if (staged is null) return;
        await ArchiveCatalog.StoreAsync(database, work.Workshop, [staged], cancellationToken).ConfigureAwait(false);
        if (scope.Policy.Summary is { } summary)
            await new Downsampling(scope.Table, scope.Policy.Time, summary).AddAsync(work.Connection, rows, staged.Digest.Rows, cancellationToken).ConfigureAwait(false);
        var deleted = await ExecuteAsync(work.Connection, $"DELETE FROM {rows}", cancellationToken).ConfigureAwait(false);
        if (deleted != staged.Digest.Rows)
            throw new RetentionException($"{scope.Policy.Table}: {deleted} rows would have been deleted for {staged.Digest.Rows} that were archived; nothing was removed");
        await ArchiveCatalog.RecordAsync(work.Connection, scope.Policy.Table, scope.Policy.Time, [staged], cancellationToken).ConfigureAwait(false);
        var bytes = RetentionPlanner.Share(scope.Table.Bytes, deleted, await EstimateAsync(work.Connection, table, deleted, cancellationToken).ConfigureAwait(false));
        await work.Audit.AddAsync(scope.Policy.Table, scope.Action, deleted, bytes, scope.Before, staged.Key, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        ArchiveWorkshop.Remove(staged.Path);
        work.Count(deleted, bytes);
    }

    /// <summary>Deletes rows that nobody wants again, in batches that hold up nobody.</summary>
    static async Task DeleteAsync(RetentionScope scope, string table, Work work, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var transaction = await work.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(work.Connection, Limits, cancellationToken).ConfigureAwait(false);
            var deleted = await ExecuteAsync(work.Connection,
                $"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT t.ctid FROM {table} AS t WHERE {scope.Condition} LIMIT {BatchRows} FOR UPDATE SKIP LOCKED))",
                cancellationToken).ConfigureAwait(false);
            if (deleted == 0) return;
            var bytes = RetentionPlanner.Share(scope.Table.Bytes, deleted, await EstimateAsync(work.Connection, table, deleted, cancellationToken).ConfigureAwait(false));
            await work.Audit.AddAsync(scope.Policy.Table, scope.Action, deleted, bytes, scope.Before, null, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            work.Count(deleted, bytes);
        }
    }

    /// <summary>The range of the next file: within one month, with no more rows than a file may have; null when none are left.</summary>
    static async Task<(DateTimeOffset From, DateTimeOffset To)?> PieceAsync(
        RetentionScope scope, string table, DateTimeOffset? after, DateTimeOffset before, int rows, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var since = after is { } moment ? $" AND t.{scope.Time} >= {RetentionScope.At(moment)}" : "";
        if (await MomentAsync($"SELECT min(t.{scope.Time}) FROM {table} AS t WHERE {scope.Condition}{since}").ConfigureAwait(false) is not { } from) return null;
        var month = new DateTimeOffset(from.UtcDateTime.Year, from.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var end = month < DateTimeOffset.MaxValue.AddMonths(-2) && month.AddMonths(1) < before ? month.AddMonths(1) : before;
        // A restored range in the way is left alone; the file must not claim it.
        foreach (var held in scope.Held)
            if (held.From > from && held.From < end) end = held.From;
        var within = $"FROM {table} AS t WHERE {scope.Within(from, end)}";
        if (await MomentAsync($"SELECT t.{scope.Time} {within} ORDER BY t.{scope.Time} OFFSET {rows} LIMIT 1").ConfigureAwait(false) is { } full)
            end = full > from ? full : await MomentAsync($"SELECT min(t.{scope.Time}) {within} AND t.{scope.Time} > {RetentionScope.At(from)}").ConfigureAwait(false) ?? end;
        return (from, end);

        async Task<DateTimeOffset?> MomentAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is DateTime found ? new DateTimeOffset(found, TimeSpan.Zero) : null;
        }
    }

    /// <summary>Rows of a table before some were deleted, as the planner of PostgreSQL guesses; never fewer than were deleted.</summary>
    static async Task<long> EstimateAsync(NpgsqlConnection connection, string table, long deleted, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = $1::regclass", connection);
        command.Parameters.Add(new() { Value = table });
        return Math.Max(deleted, (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
    }

    // Rows are locked at the end only, and a client that falls silent gives them back.
    const string Limits = "SET LOCAL idle_in_transaction_session_timeout = '15min'; SET LOCAL lock_timeout = '5s'";

    static async Task<long> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does a piece again when somebody else was in the way.</summary>
    async Task RetriedAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        for (var (attempt, pause) = (1, FirstPause); ; attempt++, pause *= 3)
        {
            try
            {
                await work(cancellationToken).ConfigureAwait(false);
                return;
            }
            // Changed meanwhile, deadlock, lock not to be had in time.
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable
                && attempt < Attempts)
            {
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
