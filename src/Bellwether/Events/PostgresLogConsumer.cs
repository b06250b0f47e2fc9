using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Bellwether.Events;

/// <summary>A group member over the log tables. See <see cref="PostgresLogConsumer.Group"/> for how partitions are shared.</summary>
sealed partial class PostgresLogConsumer(
    NpgsqlDataSource dataSource, EventLogOptions options, TimeProvider time, LogSignal signal, string topic, string group) : ILogConsumer
{
    static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>();

    // Next offset to read of each owned partition.
    readonly SortedDictionary<int, long> _positions = [];

    public long Lag { get; private set; }

    public async Task<IReadOnlyList<LogEntry>> PollAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRecords, 1);
        var deadline = Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            var appended = signal.Next(topic);
            await BalanceAsync(cancellationToken);
            var entries = _positions.Count == 0 ? [] : await FetchAsync(maxRecords, cancellationToken);
            if (entries.Count > 0) return entries;
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);
            if (left <= TimeSpan.Zero) return [];
            var pause = left < BalanceInterval ? left : BalanceInterval;
            await Task.WhenAny(appended, Task.Delay(pause, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async Task RewindAsync(CancellationToken cancellationToken)
    {
        _positions.Clear();
        _balancedAt = null;
        await BalanceAsync(cancellationToken);
    }

    // Group positions of this log are the stored ones: nothing else to tell.
    public Task AcknowledgeAsync(IReadOnlyList<PartitionOffset> next, CancellationToken cancellationToken) => Task.CompletedTask;

    async Task<IReadOnlyList<LogEntry>> FetchAsync(int maxRecords, CancellationToken cancellationToken)
    {
        var entries = new List<LogEntry>();
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("""
            SELECT p.partition, e.log_offset, e.key, e.value, e.headers, e.appended_at
            FROM unnest($2::int[], $3::bigint[]) AS p(partition, next_offset)
            CROSS JOIN LATERAL (
                SELECT log_offset, key, value, headers, appended_at FROM ops.event_log
                WHERE topic = $1 AND partition = p.partition AND log_offset >= p.next_offset
                ORDER BY log_offset LIMIT $4) AS e
            """, connection)
        {
            Parameters =
            {
                new() { Value = topic },
                new() { Value = _positions.Keys.ToArray() },
                new() { Value = _positions.Values.ToArray() },
                new() { Value = (maxRecords + _positions.Count - 1) / _positions.Count },
            },
        };
        var bytes = 0L;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var value = reader.GetFieldValue<byte[]>(3);
                entries.Add(new(topic, reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2), value, Headers(reader, 4), reader.GetFieldValue<DateTimeOffset>(5)));
                if ((bytes += value.Length) < options.MaxPollBytes) continue;
                command.Cancel(); // the rest of a large answer is not worth reading to throw away
                break;
            }
        }
        foreach (var entry in entries)
        {
            if (entry.Offset != _positions[entry.Partition]) throw new InvalidOperationException(
                $"{topic}/{entry.Partition}: expected offset {_positions[entry.Partition]}, found {entry.Offset}: records were dropped before this group read them");
            _positions[entry.Partition] = entry.Offset + 1;
        }
        Lag = Math.Max(0, entries.Count == 0 ? 0 : Lag - entries.Count);
        return entries;
    }

    static IReadOnlyDictionary<string, string> Headers(NpgsqlDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal)
            ? NoHeaders
            : JsonSerializer.Deserialize(reader.GetString(ordinal), LogHeadersJson.Default.DictionaryStringString) ?? NoHeaders;
}
