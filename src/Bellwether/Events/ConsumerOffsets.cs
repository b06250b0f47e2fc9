using Npgsql;

namespace Bellwether.Events;

/// <summary>The stored position of a group was not the expected one: another member has taken over. Roll back and rewind.</summary>
public sealed class OffsetFencedException(string group, string topic)
    : Exception($"consumer group {group} on {topic}: the stored offset was moved by another member; this batch is rolled back");

/// <summary>How far a batch moves one partition.</summary>
public readonly record struct OffsetMove(int Partition, long From, long To);

/// <summary>Positions of consumer groups, kept beside the results so that both commit together.</summary>
public static class ConsumerOffsets
{
    /// <summary>
    /// Moves positions in the current transaction, each only if it still stands where the batch began. That check, not the lease, is
    /// what keeps a batch from being counted twice.
    /// </summary>
    /// <exception cref="OffsetFencedException">Some position stands elsewhere.</exception>
    public static async Task AdvanceAsync(
        NpgsqlConnection connection, string group, string topic, IReadOnlyList<OffsetMove> moves, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            UPDATE ops.consumer_offsets AS o SET next_offset = m.next, updated_at = now()
            FROM unnest($3::int[], $4::bigint[], $5::bigint[]) AS m(partition, expected, next)
            WHERE o.consumer_group = $1 AND o.topic = $2 AND o.partition = m.partition AND o.next_offset = m.expected
            """, connection)
        {
            Parameters =
            {
                new() { Value = group },
                new() { Value = topic },
                new() { Value = moves.Select(m => m.Partition).ToArray() },
                new() { Value = moves.Select(m => m.From).ToArray() },
                new() { Value = moves.Select(m => m.To).ToArray() },
            },
        };
        if (await command.ExecuteNonQueryAsync(cancellationToken) != moves.Count) throw new OffsetFencedException(group, topic);
    }

    /// <summary>What a batch of entries in log order moves.</summary>
    public static IReadOnlyList<OffsetMove> MovesOf(IReadOnlyList<LogEntry> entries) =>
        entries.GroupBy(e => e.Partition).Select(g => new OffsetMove(g.Key, g.First().Offset, g.Last().Offset + 1)).OrderBy(m => m.Partition).ToArray();
}
