using Npgsql;

namespace Bellwether.Retention;

/// <summary>What has been done, and what lies in the archive.</summary>
/// <param name="LastStarted">When the scheduled cleanup was last begun, or first put on the schedule; null where no scheduler has run yet.</param>
/// <param name="Tables">Tables that are there.</param>
public sealed record RetentionStatus(
    DateTimeOffset? LastStarted, RetentionRunRow? LastRun, long ArchiveFiles, long ArchiveRows, long ArchiveBytes, IReadOnlySet<string> Tables)
{
    /// <summary>Name of the scheduled job.</summary>
    public const string Job = "retention";

    public static async Task<RetentionStatus> ReadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var runs = await RetentionAudit.RunsAsync(database, 1, cancellationToken).ConfigureAwait(false);
        await using var command = database.CreateCommand("""
            SELECT (SELECT last_started_at FROM ops.jobs WHERE name = $1), count(*), coalesce(sum(rows), 0)::bigint, coalesce(sum(bytes), 0)::bigint,
                   ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY($2) AND c.relkind IN ('r', 'p'))
            FROM ops.archive_files WHERE restored_at IS NULL
            """);
        command.Parameters.Add(new() { Value = Job });
        command.Parameters.Add(new() { Value = RetentionPolicies.Schemas });
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new(row.IsDBNull(0) ? null : row.GetFieldValue<DateTimeOffset>(0), runs.FirstOrDefault(), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
            row.GetFieldValue<string[]>(4).ToHashSet(StringComparer.Ordinal));
    }
}
