using System.Runtime.CompilerServices;
using Bellwether.Storage;
using Dapper;
using Npgsql;

namespace Bellwether.Events;

/// <summary>The event log in PostgreSQL tables: the default, with no service to install.</summary>
public sealed class PostgresEventLog(NpgsqlDataSource dataSource, EventLogOptions options, TimeProvider time) : IEventLog, IAsyncDisposable
{
    const int TailRecords = 1_000;
    static readonly TimeSpan TailWait = TimeSpan.FromSeconds(1);

    readonly LogSignal _signal = new(dataSource, time);

    /// <summary>For writers that append inside their own transaction.</summary>
    public PostgresLogAppender Appender { get; } = new(dataSource, options, time);

    public async Task AppendAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        await Appender.PrepareAsync(topic, cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
        await Appender.AppendAsync(connection, topic, records, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<ILogConsumer> JoinAsync(string topic, string group, CancellationToken cancellationToken)
    {
        await Appender.PrepareAsync(topic, cancellationToken);
        return new PostgresLogConsumer(dataSource, options, time, _signal, topic, group);
    }

    public async IAsyncEnumerable<IReadOnlyList<LogEntry>> TailAsync(
        string topic, IReadOnlyList<PartitionOffset>? from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Appender.PrepareAsync(topic, cancellationToken);
        var positions = new SortedDictionary<int, long>();
        foreach (var state in await DescribeAsync(topic, cancellationToken))
            positions[state.Partition] = from is null ? state.NextOffset : state.FirstOffset;
        foreach (var (partition, offset) in from ?? [])
            if (positions.TryGetValue(partition, out var first)) positions[partition] = Math.Max(first, offset);
        while (true)
        {
            var appended = _signal.Next(topic);
            var entries = await PostgresLogFetch.ReadAsync(dataSource, topic, positions, TailRecords, options.MaxPollBytes, cancellationToken);
            if (entries.Count > 0) yield return entries;
            else await Task.WhenAny(appended, Task.Delay(TailWait, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public async Task<TopicMade> CreateAsync(string topic, int? partitions, int? replication, CancellationToken cancellationToken)
    {
        var there = (await DescribeAsync(topic, cancellationToken)).Count;
        await Appender.PrepareAsync(topic, partitions ?? options.Partitions, cancellationToken);
        var count = there > 0 ? there : (await DescribeAsync(topic, cancellationToken)).Count;
        return new(topic, count, there == 0, replication > 1 ? "the embedded log keeps one copy; more of them are a matter of PostgreSQL's own replication" : null);
    }

    public async Task<IReadOnlyList<PartitionState>> DescribeAsync(string topic, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<PartitionState>(new CommandDefinition("""
            SELECT partition AS Partition, first_offset AS FirstOffset, next_offset AS NextOffset
            FROM ops.log_partitions WHERE topic = @topic ORDER BY partition
            """, new { topic }, cancellationToken: cancellationToken))).AsList();
    }

    public async Task<long> TrimAsync(string topic, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await Appender.PrepareAsync(topic, cancellationToken);
        var table = PostgresLogAppender.TableOf(topic);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var days = await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = @table::regclass ORDER BY 1", new { table }, cancellationToken: cancellationToken));
        var dropped = 0L;
        foreach (var name in days)
        {
            var day = DateOnly.ParseExact(name.AsSpan(name.LastIndexOf('_') + 1), "yyyyMMdd");
            if (day.AddDays(1).ToDateTime(TimeOnly.MinValue) > before.UtcDateTime) break;
            var rows = await DropIfReadAsync(connection, topic, name, cancellationToken);
            if (rows < 0) break;
            dropped += rows;
        }
        Appender.Forget(topic);
        return dropped;
    }

    /// <summary>
    /// Drops one day's partition; −1 when some group has not read all of it. A desk that has gone back from Kafka forwards nothing any more:
    /// that group holds nothing up then, and is taken along, so that it finds no gap should the desk move again.
    /// </summary>
    async Task<long> DropIfReadAsync(NpgsqlConnection connection, string topic, string name, CancellationToken cancellationToken)
    {
        var idle = options.Kind == EventLogKind.Postgres ? LogForwarder.Group : null;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var content = (await connection.QueryAsync<(int Partition, long Next, long Rows)>(new CommandDefinition(
            $"SELECT partition, max(log_offset) + 1, count(*) FROM {name} GROUP BY partition", transaction: transaction, cancellationToken: cancellationToken))).AsList();
        var read = (await connection.QueryAsync<(int Partition, long Next)>(new CommandDefinition(
            """
            SELECT partition, min(next_offset) FROM ops.consumer_offsets
            WHERE topic = @topic AND strpos(consumer_group, '@') = 0 AND consumer_group IS DISTINCT FROM @idle GROUP BY partition
            """,
            new { topic, idle }, transaction, cancellationToken: cancellationToken))).ToDictionary(r => r.Partition, r => r.Next);
        // Input that nobody has begun to read is unread; topics for live views have no groups at all.
        var input = topic is Topics.HighPriority or Topics.StandardPriority;
        if (content.Any(c => read.TryGetValue(c.Partition, out var next) ? next < c.Next : input)) return -1;
        foreach (var (partition, next, _) in content)
            await connection.ExecuteAsync(new CommandDefinition("""
                UPDATE ops.log_partitions SET first_offset = greatest(first_offset, @next) WHERE topic = @topic AND partition = @partition;
                UPDATE ops.consumer_offsets SET next_offset = @next, updated_at = now()
                WHERE topic = @topic AND partition = @partition AND consumer_group = @idle AND next_offset < @next
                """,
                new { topic, partition, next, idle }, transaction, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition($"DROP TABLE {name}", transaction: transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return content.Sum(c => c.Rows);
    }

    public ValueTask DisposeAsync() => _signal.DisposeAsync();
}
