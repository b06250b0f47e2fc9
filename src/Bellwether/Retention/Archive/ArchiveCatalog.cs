using Bellwether.Lake;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Retention.Archive;

/// <summary>The manifest of the archive, <c>ops.archive_files</c>, and the names of files that are on their way into it.</summary>
static class ArchiveCatalog
{
    const string Columns = """
        id, table_name, key, from_time, to_time, rows, bytes, content_hash, file_sha256, columns::text, created_at, verified_at, problem, restored_at, time_column
        """;

    /// <summary>Files whose ranges meet one, in order of table and time; nulls do not matter.</summary>
    public static Task<List<ArchiveFile>> ListAsync(
        NpgsqlConnection connection, string? table, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellationToken) => ReadAsync(new(
        $"SELECT {Columns} FROM ops.archive_files WHERE ($1::text IS NULL OR table_name = $1) AND ($2::timestamptz IS NULL OR to_time > $2) "
        + "AND ($3::timestamptz IS NULL OR from_time < $3) ORDER BY table_name, from_time, id", connection)
        {
            Parameters = { new NpgsqlParameter<string?> { TypedValue = table }, Time(from), Time(to) },
        }, cancellationToken);

    public static Task<List<ArchiveFile>> NamedAsync(NpgsqlConnection connection, IEnumerable<string> keys, CancellationToken cancellationToken) => ReadAsync(
        new($"SELECT {Columns} FROM ops.archive_files WHERE key = ANY($1) ORDER BY table_name, from_time, id", connection) { Parameters = { new() { Value = keys.ToArray() } } },
        cancellationToken);

    /// <summary>Those that were verified the longest ago.</summary>
    public static Task<List<ArchiveFile>> OldestVerifiedAsync(NpgsqlConnection connection, int? most, CancellationToken cancellationToken) => ReadAsync(
        new($"SELECT {Columns} FROM ops.archive_files ORDER BY verified_at, id LIMIT $1", connection) { Parameters = { new NpgsqlParameter<long?> { TypedValue = most } } },
        cancellationToken);

    public static async Task<ArchiveFile?> AnyAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await ReadAsync(new($"SELECT {Columns} FROM ops.archive_files ORDER BY random() LIMIT 1", connection), cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    /// <summary>
    /// Stores files whose names are remembered first, by themselves: what a process that dies leaves behind is found and removed by the next.
    /// </summary>
    public static async Task StoreAsync(
        NpgsqlDataSource database, ArchiveWorkshop workshop, IReadOnlyList<StagedFile> files, CancellationToken cancellationToken)
    {
        await using (var announce = database.CreateCommand("INSERT INTO ops.archive_pending (key) SELECT unnest($1::text[])"))
        {
            announce.Parameters.Add(new() { Value = files.Select(file => file.Key).ToArray() });
            await announce.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await workshop.Objects.PutManyAsync([.. files.Select(file => new Storage.Objects.ObjectUpload(file.Key, file.Path, file.Sha256))], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Records stored files in the transaction that takes their rows away.</summary>
    public static async Task RecordAsync(
        NpgsqlConnection connection, string table, string time, IReadOnlyList<StagedFile> files, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var file in files)
            batch.BatchCommands.Add(new("""
                INSERT INTO ops.archive_files (table_name, key, from_time, to_time, rows, bytes, content_hash, file_sha256, columns, created_at, verified_at, time_column)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp(), clock_timestamp(), $10)
                """)
            {
                Parameters =
                {
                    new() { Value = table }, new() { Value = file.Key }, Time(file.From), Time(file.To), new() { Value = file.Digest.Rows }, new() { Value = file.Bytes },
                    new() { Value = file.Digest.ContentHash }, new() { Value = file.Sha256 },
                    new() { Value = ArchiveColumn.ToJson(file.Columns), NpgsqlDbType = NpgsqlDbType.Jsonb }, new() { Value = time },
                },
            });
        if (files.Count == 0) return;
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes files out of the manifest; they are removed by the next <see cref="SweepAsync"/>, after the commit.</summary>
    /// <param name="keep">How long they are left where they are, for backups that name them; null for not at all.</param>
    public static async Task ForgetAsync(NpgsqlConnection connection, IReadOnlyList<ArchiveFile> files, CancellationToken cancellationToken, TimeSpan? keep = null)
    {
        if (files.Count == 0) return;
        await using var command = new NpgsqlCommand("""
            WITH gone AS (DELETE FROM ops.archive_files WHERE id = ANY($1) RETURNING key)
            INSERT INTO ops.archive_pending (key, since) SELECT key, clock_timestamp() + $2 FROM gone ON CONFLICT DO NOTHING
            """, connection);
        command.Parameters.Add(new() { Value = files.Select(file => file.Id).ToArray() });
        command.Parameters.Add(new() { Value = keep ?? TimeSpan.Zero });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes files that are in the store and not in the manifest, and what uploads that were cut off have left of them. Only for the holder of <see cref="RetentionLock"/>: nobody else writes then.</summary>
    /// <param name="dueOnly">Leave those whose time (<c>since</c>) has not come.</param>
    public static async Task SweepAsync(NpgsqlConnection connection, Storage.Objects.IObjectStore objects, CancellationToken cancellationToken, bool dueOnly = false)
    {
        await objects.RemoveUnfinishedAsync(null, cancellationToken).ConfigureAwait(false);
        // Those that arrived. The transaction that recorded them may be too old to see that they were announced.
        await using (var arrived = new NpgsqlCommand("DELETE FROM ops.archive_pending p USING ops.archive_files f WHERE f.key = p.key", connection))
            await arrived.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        var keys = new List<string>();
        await using (var command = new NpgsqlCommand($"SELECT key FROM ops.archive_pending{(dueOnly ? " WHERE since <= clock_timestamp()" : "")}", connection))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) keys.Add(row.GetString(0));
        if (keys.Count == 0) return;
        await objects.DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
        await using var forget = new NpgsqlCommand("DELETE FROM ops.archive_pending WHERE key = ANY($1)", connection) { Parameters = { new() { Value = keys.ToArray() } } };
        await forget.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes that a file was looked at.</summary>
    public static async Task VerifiedAsync(NpgsqlConnection connection, ArchiveFile file, DateTimeOffset now, string? problem, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("UPDATE ops.archive_files SET verified_at = $2, problem = $3 WHERE id = $1", connection);
        command.Parameters.Add(new() { Value = file.Id });
        command.Parameters.Add(Time(now));
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = problem });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    internal static NpgsqlParameter Time(DateTimeOffset? time) => new() { Value = (object?)time?.ToUniversalTime() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    static async Task<List<ArchiveFile>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var _ = command;
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var files = new List<ArchiveFile>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            files.Add(new(
                row.GetInt64(0), row.GetString(1), row.GetString(2), At(3), At(4), row.GetInt64(5), row.GetInt64(6), row.GetString(7), row.GetString(8),
                ArchiveColumn.FromJson(row.GetString(9)), At(10), At(11), row.IsDBNull(12) ? null : row.GetString(12), row.IsDBNull(13) ? null : At(13))
            { Time = row.GetString(14) });
        return files;

        DateTimeOffset At(int column) => row.GetFieldValue<DateTimeOffset>(column);
    }
}
