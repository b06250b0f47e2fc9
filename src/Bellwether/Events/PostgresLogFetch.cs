using System.Text.Json;
using Npgsql;

namespace Bellwether.Events;

/// <summary>Reads the next records of some partitions in one query.</summary>
static class PostgresLogFetch
{
    static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>();

    const string Next = """
        SELECT p.partition, e.log_offset, e.key, e.value, e.headers, e.appended_at
        FROM unnest($2::int[], $3::bigint[]) AS p(partition, next_offset)
        CROSS JOIN LATERAL (
            SELECT log_offset, key, value, headers, appended_at FROM ops.event_log
            WHERE topic = $1 AND partition = p.partition AND log_offset >= p.next_offset
            ORDER BY log_offset LIMIT $4) AS e
        """;

    /// <summary>Up to <paramref name="maxRecords"/> records in partition and offset order; moves <paramref name="positions"/> behind them.</summary>
    public static async Task<IReadOnlyList<LogEntry>> ReadAsync(
        NpgsqlDataSource dataSource, string topic, SortedDictionary<int, long> positions, int maxRecords, int maxBytes, CancellationToken cancellationToken)
    {
        var entries = new List<LogEntry>();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Next, connection)
        {
            Parameters =
            {
                new() { Value = topic },
                new() { Value = positions.Keys.ToArray() },
                new() { Value = positions.Values.ToArray() },
                new() { Value = (maxRecords + positions.Count - 1) / positions.Count },
            },
        };
        var bytes = 0L;
        (string Json, IReadOnlyDictionary<string, string> Headers) last = ("", NoHeaders);
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var value = reader.GetFieldValue<byte[]>(3);
                entries.Add(new(topic, reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2), value, Headers(reader, 4, ref last), reader.GetFieldValue<DateTimeOffset>(5)));
                if ((bytes += value.Length) < maxBytes) continue;
                command.Cancel(); // the rest of a large answer is not worth reading to throw away
                break;
            }
        }
        foreach (var entry in entries)
        {
            if (entry.Offset != positions[entry.Partition])
                throw new LogGapException(topic, entry.Partition, positions[entry.Partition], entry.Offset);
            positions[entry.Partition] = entry.Offset + 1;
        }
        return entries;
    }

    // Neighbours mostly have the same: read once, shared by all of them.
    static IReadOnlyDictionary<string, string> Headers(
        NpgsqlDataReader reader, int ordinal, ref (string Json, IReadOnlyDictionary<string, string> Headers) last)
    {
        if (reader.IsDBNull(ordinal)) return NoHeaders;
        var json = reader.GetString(ordinal);
        if (json != last.Json) last = (json, JsonSerializer.Deserialize(json, LogHeadersJson.Default.DictionaryStringString) ?? NoHeaders);
        return last.Headers;
    }
}

/// <summary>Records between two offsets are gone: they were trimmed before this reader came to them.</summary>
public sealed class LogGapException(string topic, int partition, long expected, long found)
    : Exception($"{topic}/{partition}: expected offset {expected}, found {found}: the records between were trimmed before they were read here")
{
    public long Found { get; } = found;
}
