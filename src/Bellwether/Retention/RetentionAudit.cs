using Npgsql;

namespace Bellwether.Retention;

/// <summary>What started a run.</summary>
public enum RetentionCause
{
    Schedule,
    Command,
}

/// <param name="Status">running, succeeded or failed; one that was cut off stays running until the next begins.</param>
public sealed record RetentionRunRow(
    long Id, string CausedBy, DateTimeOffset AsOf, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string Status, string? Message, long Rows, long Bytes);

/// <summary>Writes down what a run does: each deed in the transaction that does it.</summary>
sealed class RetentionAudit(NpgsqlConnection connection, long run)
{
    public static async Task<RetentionAudit> BeginAsync(NpgsqlConnection connection, RetentionCause cause, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        // The lock is ours: whoever is still running according to its row is not.
        batch.BatchCommands.Add(new("UPDATE ops.retention_runs SET status = 'failed', message = 'it was cut off' WHERE status = 'running'"));
        batch.BatchCommands.Add(new("INSERT INTO ops.retention_runs (caused_by, as_of, started_at) VALUES ($1, $2, clock_timestamp()) RETURNING id")
        {
            Parameters = { new() { Value = cause.ToString().ToLowerInvariant() }, Archive.ArchiveCatalog.Time(time.GetUtcNow()) },
        });
        return new(connection, (long)(await batch.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
    }

    public async Task AddAsync(string table, string action, long rows, long bytes, DateTimeOffset before, string? detail, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            INSERT INTO ops.retention_actions (run_id, at, table_name, action, rows, bytes, before, detail) VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7)
            """, connection);
        command.Parameters.Add(new() { Value = run });
        command.Parameters.Add(new() { Value = table });
        command.Parameters.Add(new() { Value = action });
        command.Parameters.Add(new() { Value = rows });
        command.Parameters.Add(new() { Value = bytes });
        command.Parameters.Add(Archive.ArchiveCatalog.Time(before));
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = detail });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task EndAsync(bool succeeded, string? message, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "UPDATE ops.retention_runs SET finished_at = clock_timestamp(), status = $2, message = $3 WHERE id = $1", connection);
        command.Parameters.Add(new() { Value = run });
        command.Parameters.Add(new() { Value = succeeded ? "succeeded" : "failed" });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = message });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The newest runs.</summary>
    public static async Task<IReadOnlyList<RetentionRunRow>> RunsAsync(NpgsqlDataSource database, int most, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT r.id, r.caused_by, r.as_of, r.started_at, r.finished_at, r.status, r.message,
                   coalesce((SELECT sum(rows) FROM ops.retention_actions a WHERE a.run_id = r.id), 0)::bigint,
                   coalesce((SELECT sum(bytes) FROM ops.retention_actions a WHERE a.run_id = r.id), 0)::bigint
            FROM ops.retention_runs r ORDER BY r.id DESC LIMIT $1
            """);
        command.Parameters.Add(new() { Value = most });
        var runs = new List<RetentionRunRow>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            runs.Add(new(row.GetInt64(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<DateTimeOffset>(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4), row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetInt64(7), row.GetInt64(8)));
        return runs;
    }
}
