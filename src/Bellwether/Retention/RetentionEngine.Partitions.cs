using System.Data;
using Bellwether.Retention.Archive;
using Npgsql;

namespace Bellwether.Retention;

public sealed partial class RetentionEngine
{
    /// <summary>
    /// Drops a partition that is too old as a whole. Its rows are archived from one snapshot without holding anybody up; the transaction that
    /// drops it looks first whether these are still exactly the rows that it has.
    /// </summary>
    Task DropAsync(RetentionScope scope, LivePartition partition, Work work, CancellationToken cancellationToken) =>
        RetriedAsync(token => TryDropAsync(scope, partition, work, token), cancellationToken);

    async Task TryDropAsync(RetentionScope scope, LivePartition partition, Work work, CancellationToken cancellationToken)
    {
        var files = new List<StagedFile>();
        string fingerprint;
        await using (var snapshot = await work.Connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false))
        {
            await ExecuteAsync(work.Connection, Limits, cancellationToken).ConfigureAwait(false);
            // One that came since the look at all of them.
            if (await RetentionScope.RowsThatStayAsync(scope.Policy, partition, work.Connection, cancellationToken).ConfigureAwait(false) is > 0 and var stay)
                throw new RetentionException(RetentionScope.StaysWhole(scope.Policy, partition, stay));
            fingerprint = await FingerprintAsync(work.Connection, partition.Name, cancellationToken).ConfigureAwait(false);
            if (scope.Policy.Method != RetentionMethod.Delete)
                await StageAsync(scope, partition, files, work, cancellationToken).ConfigureAwait(false);
        }
        if (files.Count > 0) await ArchiveCatalog.StoreAsync(database, work.Workshop, files, cancellationToken).ConfigureAwait(false);

        await using var transaction = await work.Connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        // A short wait, tried again: while a drop waits for its lock, nobody else gets at the table.
        await ExecuteAsync(work.Connection, $"SET LOCAL idle_in_transaction_session_timeout = '30s'; SET LOCAL lock_timeout = '500ms'; LOCK TABLE {partition.Name} IN SHARE MODE",
            cancellationToken).ConfigureAwait(false);
        if (scope.Policy.Method != RetentionMethod.Delete && await FingerprintAsync(work.Connection, partition.Name, cancellationToken).ConfigureAwait(false) != fingerprint)
            throw new PostgresException($"{partition.Name} changed while it was archived", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure);
        var rows = files.Sum(file => file.Digest.Rows);
        if (scope.Policy.Method == RetentionMethod.Delete) rows = long.Parse(fingerprint.Split('/')[0], System.Globalization.CultureInfo.InvariantCulture);
        if (scope.Policy.Summary is { } summary && rows > 0)
            await new Downsampling(scope.Table, scope.Policy.Time, summary).AddAsync(work.Connection, $"{partition.Name} AS t WHERE true", rows, cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(work.Connection, $"DROP TABLE {partition.Name}", cancellationToken).ConfigureAwait(false);
        if (files.Count > 0)
            await ArchiveCatalog.RecordAsync(work.Connection, scope.Policy.Table, scope.Policy.Time, files, cancellationToken).ConfigureAwait(false);
        await work.Audit.AddAsync(scope.Policy.Table, scope.Action, rows, partition.Bytes, scope.Before, partition.Name, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var file in files) ArchiveWorkshop.Remove(file.Path);
        work.Count(rows, partition.Bytes);
    }

    /// <summary>Files of all rows of a partition; ranges meet without gaps.</summary>
    static async Task StageAsync(RetentionScope scope, LivePartition partition, List<StagedFile> files, Work work, CancellationToken cancellationToken)
    {
        var whole = scope with { Policy = scope.Policy with { Condition = null }, Held = [] };
        DateTimeOffset? from = null;
        while (await PieceAsync(whole, partition.Name, from, partition.To!.Value, work.Workshop.RowsPerFile, work.Connection, cancellationToken).ConfigureAwait(false) is var (start, end))
        {
            var staged = await work.Workshop.StageAsync(work.Connection, scope.Policy.Table, scope.Table.Columns, scope.Policy.Time,
                $"{partition.Name} AS t WHERE {whole.Within(start, end)}", start, end, cancellationToken).ConfigureAwait(false);
            if (staged is not null) files.Add(staged);
            from = end;
        }
        await using var count = new NpgsqlCommand($"SELECT count(*) FROM {partition.Name}", work.Connection) { CommandTimeout = 0 };
        var rows = (long)(await count.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        if (rows != files.Sum(file => file.Digest.Rows))
            throw new RetentionException(
                $"{partition.Name} has {rows} rows, of which {files.Sum(file => file.Digest.Rows)} could be archived: the others have no usable {scope.Policy.Time}. Nothing was removed");
    }

    /// <summary>
    /// Number of the rows, and sums over where each version of them lies, by the transaction that made it: nothing can be added, changed or
    /// removed without another sum. It reads no column.
    /// </summary>
    static async Task<string> FingerprintAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT coalesce(sum(rows), 0) || '/' || coalesce(bit_xor(hashtextextended(concat_ws(':', made, rows, places), 0)), 0)
            FROM (SELECT xmin AS made, count(*) AS rows, bit_xor(hashtidextended(ctid, 0)) AS places FROM {table} GROUP BY xmin) AS versions
            """, connection) { CommandTimeout = 0 };
        return (string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }
}
