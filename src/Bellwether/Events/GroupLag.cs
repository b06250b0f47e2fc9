using Npgsql;

namespace Bellwether.Events;

/// <summary>How many records a group has still to read of a topic.</summary>
public sealed record GroupLag(string Topic, string Group, long Records)
{
    /// <summary>Groups of the embedded log, all of them.</summary>
    public static async Task<IReadOnlyList<GroupLag>> OfEmbeddedAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        // Names with an @ belong to another log, whose offsets mean nothing here.
        await using var command = dataSource.CreateCommand("""
            SELECT o.topic, o.consumer_group, sum(p.next_offset - o.next_offset)::bigint
            FROM ops.consumer_offsets o JOIN ops.log_partitions p USING (topic, partition)
            WHERE strpos(o.consumer_group, '@') = 0 GROUP BY 1, 2 ORDER BY 1, 2
            """);
        var lag = new List<GroupLag>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) lag.Add(new(row.GetString(0), row.GetString(1), row.GetInt64(2)));
        return lag;
    }

    /// <summary>One group over a topic of any log; a partition that was never read counts from its oldest record.</summary>
    /// <param name="storedGroup">See <see cref="EventLogOptions.StoredGroup"/>.</param>
    public static async Task<GroupLag> OfAsync(
        NpgsqlDataSource dataSource, IEventLog log, string topic, string storedGroup, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("SELECT partition, next_offset FROM ops.consumer_offsets WHERE topic = $1 AND consumer_group = $2");
        command.Parameters.Add(new() { Value = topic });
        command.Parameters.Add(new() { Value = storedGroup });
        var stored = new Dictionary<int, long>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken)) stored[row.GetInt32(0)] = row.GetInt64(1);
        var states = await log.DescribeAsync(topic, cancellationToken);
        return new(topic, storedGroup.Split('@')[0],
            states.Sum(s => Math.Max(0, s.NextOffset - Math.Max(s.FirstOffset, stored.GetValueOrDefault(s.Partition, s.FirstOffset)))));
    }
}
