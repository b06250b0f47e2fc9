using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Bellwether.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Events;

/// <summary>
/// Writes records inside a transaction of the caller, so that results and the events that announce them commit together.
/// </summary>
public sealed class PostgresLogAppender(NpgsqlDataSource dataSource, EventLogOptions options, TimeProvider time)
{
    static readonly TimeSpan MidnightMargin = TimeSpan.FromMinutes(10);

    readonly ConcurrentDictionary<string, Topic> _topics = new();

    sealed record Topic(int Partitions, RangePartitions Days);

    /// <summary>Makes the topic if it is new, and the day's partition. Call before the transaction: it uses one of its own.</summary>
    public Task PrepareAsync(string topic, CancellationToken cancellationToken) => PrepareAsync(topic, options.Partitions, cancellationToken);

    internal async Task PrepareAsync(string topic, int partitions, CancellationToken cancellationToken)
    {
        if (!_topics.TryGetValue(topic, out var known)) _topics[topic] = known = await EnsureTopicAsync(topic, partitions, cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        await known.Days.EnsureDayAsync(DateOnly.FromDateTime(now), cancellationToken);
        // A transaction that is prepared before midnight may append after it.
        await known.Days.EnsureDayAsync(DateOnly.FromDateTime(now + MidnightMargin), cancellationToken);
    }

    /// <summary>Forgets which day partitions exist; called after trimming. The topic itself stays known: appends may be under way.</summary>
    internal void Forget(string topic)
    {
        if (_topics.TryGetValue(topic, out var known)) _topics.TryUpdate(topic, known with { Days = new(dataSource, TableOf(topic)) }, known);
    }

    /// <summary>
    /// Appends in the connection's current transaction. The partition rows stay locked until it commits: append last, to hold them briefly.
    /// </summary>
    public async Task AppendAsync(NpgsqlConnection connection, string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        var partitions = _topics[topic].Partitions;
        var places = new int[records.Count];
        var added = new long[partitions];
        for (var i = 0; i < records.Count; i++) added[places[i] = PartitionOf(records[i].Key, partitions)]++;

        var next = await ReserveAsync(connection, topic, added, cancellationToken);
        var now = time.GetUtcNow();
        await using (var copy = await connection.BeginBinaryImportAsync(
            "COPY ops.event_log (topic, partition, log_offset, key, value, headers, appended_at) FROM STDIN (FORMAT BINARY)", cancellationToken))
        {
            (IReadOnlyDictionary<string, string>? Headers, string Json) last = (null, "");
            for (var i = 0; i < records.Count; i++)
            {
                var record = records[i];
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(topic, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(places[i], NpgsqlDbType.Integer, cancellationToken);
                await copy.WriteAsync(next[places[i]]++, NpgsqlDbType.Bigint, cancellationToken);
                await copy.WriteAsync(record.Key, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(record.Value, NpgsqlDbType.Bytea, cancellationToken);
                if (record.Headers is { Count: > 0 } headers)
                {
                    // Records of one batch mostly share theirs.
                    if (!ReferenceEquals(headers, last.Headers)) last = (headers, JsonSerializer.Serialize(headers, LogHeadersJson.Default.IReadOnlyDictionaryStringString));
                    await copy.WriteAsync(last.Json, NpgsqlDbType.Jsonb, cancellationToken);
                }
                else
                    await copy.WriteNullAsync(cancellationToken);
                await copy.WriteAsync(now, NpgsqlDbType.TimestampTz, cancellationToken);
            }
            await copy.CompleteAsync(cancellationToken);
        }
        await using var notify = new NpgsqlCommand("SELECT pg_notify($1, $2)", connection) { Parameters = { new() { Value = LogSignal.Channel }, new() { Value = topic } } };
        await notify.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>FNV-1a over UTF-8, so that every process and every version puts a key in the same place.</summary>
    internal static int PartitionOf(string key, int partitions)
    {
        Span<byte> buffer = stackalloc byte[256];
        if (!Encoding.UTF8.TryGetBytes(key, buffer, out var length)) return PartitionOf(key[..64], partitions);
        var hash = 2166136261u;
        foreach (var b in buffer[..length]) hash = (hash ^ b) * 16777619u;
        return (int)(hash % (uint)partitions);
    }

    /// <summary>Locks the partitions in one order, takes the offsets, and returns the first one for each partition.</summary>
    static async Task<long[]> ReserveAsync(NpgsqlConnection connection, string topic, long[] added, CancellationToken cancellationToken)
    {
        var touched = Enumerable.Range(0, added.Length).Where(p => added[p] > 0).ToArray();
        await using var reserve = new NpgsqlCommand("""
            WITH locked AS MATERIALIZED (
                SELECT partition FROM ops.log_partitions WHERE topic = $1 AND partition = ANY($2) ORDER BY partition FOR UPDATE)
            UPDATE ops.log_partitions AS p SET next_offset = p.next_offset + a.added
            FROM locked JOIN unnest($2, $3) AS a(partition, added) USING (partition)
            WHERE p.topic = $1 AND p.partition = locked.partition
            RETURNING p.partition, p.next_offset - a.added
            """, connection)
        {
            Parameters =
            {
                new() { Value = topic },
                new() { Value = touched },
                new() { Value = touched.Select(p => added[p]).ToArray() },
            },
        };
        var next = new long[added.Length];
        var found = 0;
        await using var reader = await reserve.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            next[reader.GetInt32(0)] = reader.GetInt64(1);
            found++;
        }
        return found == touched.Length ? next : throw new InvalidOperationException($"topic {topic} has lost partitions: {found} of {touched.Length} found");
    }

    async Task<Topic> EnsureTopicAsync(string topic, int wanted, CancellationToken cancellationToken)
    {
        var table = TableOf(topic);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
        await using var create = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = table } } },
                new($"CREATE TABLE IF NOT EXISTS {table} PARTITION OF ops.event_log FOR VALUES IN ('{topic}') PARTITION BY RANGE (appended_at)"),
                new("""
                    INSERT INTO ops.log_partitions (topic, partition)
                    SELECT $1, generate_series(0, $2 - 1) WHERE NOT EXISTS (SELECT FROM ops.log_partitions WHERE topic = $1)
                    """) { Parameters = { new() { Value = topic }, new() { Value = wanted } } },
                new("SELECT count(*)::int FROM ops.log_partitions WHERE topic = $1") { Parameters = { new() { Value = topic } } },
            },
        };
        var partitions = 0;
        await using (var reader = await create.ExecuteReaderAsync(cancellationToken))
        {
            do
                while (await reader.ReadAsync(cancellationToken))
                    if (!await reader.IsDBNullAsync(0, cancellationToken) && reader.GetFieldType(0) == typeof(int)) partitions = reader.GetInt32(0);
            while (await reader.NextResultAsync(cancellationToken));
        }
        await transaction.CommitAsync(cancellationToken);
        return new(partitions, new RangePartitions(dataSource, table));
    }

    /// <summary>Table of a topic. Names are checked, because they become part of SQL.</summary>
    internal static string TableOf(string topic)
    {
        if (topic.Length is 0 or > 40 || topic.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-."))
            throw new ArgumentException($"topic name '{topic}' must be 1 to 40 of a-z, 0-9, '-' and '.'", nameof(topic));
        return $"ops.event_log_{topic.Replace('-', '_').Replace('.', '_')}";
    }
}
