using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake.Legacy;

/// <summary>A migration as it is remembered.</summary>
/// <param name="Status">running, migrated, rolling_back or rolled_back.</param>
/// <param name="Rows">Results that it stored.</param>
public sealed record LegacyMigrationInfo(
    long Id, string Source, double Sample, string Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, double Seconds, long Files, long Rows)
{
    internal string Settings { get; init; } = "";

    /// <summary>All migrations, newest first.</summary>
    public static async Task<IReadOnlyList<LegacyMigrationInfo>> ListAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT m.id, m.source, m.sample, m.status, m.started_at, m.finished_at, m.seconds, count(f.path), coalesce(sum(f.results), 0)::bigint, m.settings
            FROM ops.lake_migrations AS m LEFT JOIN ops.lake_migration_files AS f ON f.migration_id = m.id GROUP BY m.id ORDER BY m.id DESC
            """);
        var found = new List<LegacyMigrationInfo>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            found.Add(new(row.GetInt64(0), row.GetString(1), row.GetDouble(2), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4),
                row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5), row.GetDouble(6), row.GetInt64(7), row.GetInt64(8))
            {
                Settings = row.GetString(9),
            });
        return found;
    }
}

/// <summary>What the database remembers of migrations and their files.</summary>
static class LegacyRecords
{
    // "bw.moves" as a number. Session lock: it ends with the connection, however that ends.
    const long LockKey = 0x62_77_6D_6F_76_65_73;

    const string FileColumns = "path, sha256, bytes, known_at, rows, next_row, migrated, results, duplicates, rejected, left_out, coverage::text, reasons::text, problem";

    /// <summary>Keeps other migrations and rollbacks away as long as the connection is open.</summary>
    /// <exception cref="LegacyException">One is under way.</exception>
    public static async Task<NpgsqlConnection> LockAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = LockKey } } };
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true) return connection;
            throw new LegacyException("another process is migrating old files or rolling back on this database; let it finish");
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static async Task UnlockAsync(NpgsqlConnection connection)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = LockKey } } };
            await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone, and the lock with it.
        }
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    public static async Task<long> BeginAsync(NpgsqlDataSource database, string source, LegacyOptions options, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "INSERT INTO ops.lake_migrations (source, settings, sample, status, started_at) VALUES ($1, $2, $3, 'running', now()) RETURNING id");
        command.Parameters.Add(new() { Value = source });
        command.Parameters.Add(new() { Value = options.Settings });
        command.Parameters.Add(new() { Value = options.Sample });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Progress of the files of a migration.</summary>
    public static Task<Dictionary<string, LegacyProgress>> FilesAsync(NpgsqlDataSource database, long migration, CancellationToken cancellationToken) =>
        ReadAsync(database, $"SELECT {FileColumns} FROM ops.lake_migration_files WHERE migration_id = $1", [new() { Value = migration }], cancellationToken);

    /// <summary>Files that a migration which still stands has taken whole, at least as much of them as a sample asks for.</summary>
    public static Task<Dictionary<string, LegacyProgress>> DoneAsync(
        NpgsqlDataSource database, string source, LegacyOptions options, CancellationToken cancellationToken) =>
        ReadAsync(database, $"""
            SELECT DISTINCT ON (path) {FileColumns} FROM ops.lake_migration_files AS f JOIN ops.lake_migrations AS m ON m.id = f.migration_id
            WHERE m.source = $1 AND m.settings = $2 AND m.sample >= $3 AND m.status = 'migrated' AND f.problem IS NULL AND f.next_row >= f.rows
            ORDER BY path, m.id DESC
            """, [new() { Value = source }, new() { Value = options.Settings }, new() { Value = options.Sample }], cancellationToken);

    static async Task<Dictionary<string, LegacyProgress>> ReadAsync(NpgsqlDataSource database, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        var files = new Dictionary<string, LegacyProgress>(StringComparer.Ordinal);
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            files[row.GetString(0)] = new(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetFieldValue<DateTimeOffset>(3), row.GetInt64(4))
            {
                NextRow = row.GetInt64(5),
                Migrated = row.GetInt64(6),
                Results = row.GetInt64(7),
                Duplicates = row.GetInt64(8),
                Rejected = row.GetInt64(9),
                LeftOut = row.GetInt64(10),
                Coverage = JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(11))!,
                Reasons = JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(12))!,
                Problem = row.IsDBNull(13) ? null : row.GetString(13),
            };
        return files;
    }

    /// <summary>Files of days as they were before a migration that can be taken back, by hash.</summary>
    public static async Task<Dictionary<string, LakeFile>> FilesBeforeAsync(NpgsqlConnection connection, TimeSpan kept, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT d.day, d.file_before->>'path', (d.file_before->>'rows')::bigint, (d.file_before->>'bytes')::bigint, d.file_before->>'file_sha256'
            FROM ops.lake_migration_days AS d JOIN ops.lake_migrations AS m ON m.id = d.migration_id
            WHERE m.status <> 'rolled_back' AND d.file_before->>'file_sha256' IS NOT NULL AND (m.finished_at IS NULL OR m.finished_at > now() - $1)
            """, connection) { Parameters = { new() { Value = kept } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return (await LakeSnapshot.ReadFilesAsync(row, cancellationToken).ConfigureAwait(false)).DistinctBy(file => file.Sha256).ToDictionary(file => file.Sha256!, StringComparer.Ordinal);
    }

    /// <summary>Begins a file, or begins it anew where it has become another.</summary>
    public static async Task PlanAsync(NpgsqlDataSource database, long migration, LegacyProgress file, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            INSERT INTO ops.lake_migration_files (migration_id, path, sha256, bytes, known_at, rows, problem) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (migration_id, path) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes, known_at = excluded.known_at, rows = excluded.rows,
                next_row = 0, problem = excluded.problem
            """);
        foreach (var value in (object[])[migration, file.Path, file.Sha256, file.Bytes, file.KnownAt.UtcDateTime, file.Rows])
            command.Parameters.Add(new() { Value = value });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = file.Problem });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves the progress of a file, from the row where it must be.</summary>
    public static NpgsqlBatchCommand Update(long migration, LegacyProgress file, long from)
    {
        var command = new NpgsqlBatchCommand("""
            UPDATE ops.lake_migration_files SET next_row = $4, migrated = $5, results = $6, duplicates = $7, rejected = $8, left_out = $9, coverage = $10, reasons = $11
            WHERE migration_id = $1 AND path = $2 AND next_row = $3 AND sha256 = $12
                AND EXISTS (SELECT FROM ops.lake_migrations WHERE id = $1 AND status = 'running')
            """);
        foreach (var value in (object[])[migration, file.Path, from, file.NextRow, file.Migrated, file.Results, file.Duplicates, file.Rejected, file.LeftOut])
            command.Parameters.Add(new() { Value = value });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(file.Coverage), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(file.Reasons), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = file.Sha256 });
        return command;
    }

    public static async Task ProblemAsync(NpgsqlDataSource database, long migration, string path, string problem, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("UPDATE ops.lake_migration_files SET problem = $3 WHERE migration_id = $1 AND path = $2");
        foreach (var value in (object[])[migration, path, problem]) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds to the time that the migration took, over all of its runs.</summary>
    /// <param name="report">Null while it is not finished.</param>
    public static async Task TimeAsync(NpgsqlDataSource database, long migration, TimeSpan elapsed, string? report, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            UPDATE ops.lake_migrations SET seconds = seconds + $2, report = coalesce($3::jsonb, report),
                status = CASE WHEN $3 IS NULL THEN status ELSE 'migrated' END, finished_at = CASE WHEN $3 IS NULL THEN finished_at ELSE now() END
            WHERE id = $1 AND status = 'running'
            """);
        command.Parameters.Add(new() { Value = migration });
        command.Parameters.Add(new() { Value = elapsed.TotalSeconds });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = report });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
