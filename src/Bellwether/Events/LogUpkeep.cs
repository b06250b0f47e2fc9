using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Events;

/// <summary>Housekeeping of the event log, for a scheduler. Every task may run at any time and twice.</summary>
/// <param name="logs">The logs that the desk uses: the embedded one, and Kafka where it has one.</param>
public sealed class LogUpkeep(NpgsqlDataSource dataSource, IReadOnlyList<IEventLog> logs, EventLogOptions options, TimeProvider time)
{
    // Members remove the dead of their own group at every balance; what is left belongs to groups that nobody joins any more.
    static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    /// <summary>Drops whole days that are older than the retention and that every group has read; returns the number of records.</summary>
    public async Task<long> TrimAsync(CancellationToken cancellationToken)
    {
        var dropped = 0L;
        foreach (var log in logs)
            foreach (var topic in Topics.All) dropped += await log.TrimAsync(topic, time.GetUtcNow() - options.Retention, cancellationToken);
        return dropped;
    }

    /// <summary>Removes group members and leases that ended long ago; returns how many.</summary>
    public async Task<long> RemoveSilentMembersAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("""
            WITH members AS (DELETE FROM ops.consumer_members WHERE expires_at < clock_timestamp() - $1 RETURNING 1),
                 leases AS (DELETE FROM ops.consumer_leases WHERE expires_at < clock_timestamp() - $1 RETURNING 1)
            SELECT (SELECT count(*) FROM members) + (SELECT count(*) FROM leases)
            """);
        command.Parameters.Add(new() { Value = Silence });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Makes tomorrow's partitions of the log and of the results, so that midnight costs the first writers nothing.</summary>
    public async Task PrepareTomorrowAsync(CancellationToken cancellationToken)
    {
        var tomorrow = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(1);
        foreach (var table in Topics.All.Select(PostgresLogAppender.TableOf).Append("sentiment.sentiment_data"))
        {
            await using var exists = dataSource.CreateCommand("SELECT to_regclass($1) IS NOT NULL");
            exists.Parameters.Add(new() { Value = table });
            if ((bool)(await exists.ExecuteScalarAsync(cancellationToken))!)
                await new RangePartitions(dataSource, table).EnsureDayAsync(tomorrow, cancellationToken);
        }
    }
}
