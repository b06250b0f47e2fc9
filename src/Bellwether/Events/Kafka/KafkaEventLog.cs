using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Bellwether.Engines.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.Events.Kafka;

/// <summary>
/// The event log in Apache Kafka. Topics are partitioned by key; offsets that count are kept in PostgreSQL beside the results.
/// </summary>
public sealed partial class KafkaEventLog : IEventLog, IAsyncDisposable
{
    const int TailRecords = 1_000;
    static readonly TimeSpan TailWait = TimeSpan.FromSeconds(1);

    readonly NpgsqlDataSource _dataSource;
    readonly EventLogOptions _options;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly KafkaSender _sender;
    readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);

    /// <param name="library">Path of librdkafka.so.1, see <see cref="Engines.EngineCache.FindKafkaLibraryAsync"/>.</param>
    public KafkaEventLog(NpgsqlDataSource dataSource, EventLogOptions options, string library, ILogger<KafkaEventLog> logger, TimeProvider time)
    {
        LibRdKafka.Load(library);
        (_dataSource, _options, _time, _logger) = (dataSource, options, time, logger);
        _sender = new(options.Kafka, time, logger);
    }

    /// <summary>
    /// Appends durably. Kafka has no all-or-none for plain appends: records are sent again until acknowledged, in order and without
    /// doubles; where that fails to the end, some of them may be in the log, and appending all of them again is harmless, because results
    /// are recognised by article and ticker.
    /// </summary>
    public async Task AppendAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        await EnsureAsync(topic, cancellationToken);
        try
        {
            await _sender.SendAsync(Name(topic), records, cancellationToken);
        }
        catch (EventLogException error) when (error.Code is nameof(ErrorCode.UnknownTopicOrPart) or nameof(ErrorCode.Local_UnknownTopic) or nameof(ErrorCode.Local_UnknownPartition))
        {
            // Somebody removed the topic: the next append looks for it again.
            _partitions.TryRemove(topic, out _);
            throw;
        }
    }

    public async Task<ILogConsumer> JoinAsync(string topic, string group, CancellationToken cancellationToken)
    {
        await EnsureAsync(topic, cancellationToken);
        return new KafkaLogConsumer(_dataSource, topic, Name(topic), group, GroupId(group, topic), _options, _time, _logger);
    }

    public async IAsyncEnumerable<IReadOnlyList<LogEntry>> TailAsync(
        string topic, IReadOnlyList<PartitionOffset>? from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await EnsureAsync(topic, cancellationToken);
        var states = await DescribeAsync(topic, cancellationToken);
        var given = from?.ToDictionary(p => p.Partition, p => p.Offset) ?? [];
        var begin = states.Select(s => new PartitionOffset(
            s.Partition, from is null ? s.NextOffset : Math.Max(s.FirstOffset, given.GetValueOrDefault(s.Partition)))).ToArray();
        await using var tail = new KafkaTail(topic, Name(topic), begin, _options, _time, _logger);
        while (true)
        {
            var entries = await tail.NextAsync(TailRecords, TailWait, cancellationToken);
            if (entries.Count > 0) yield return entries;
        }
    }

    /// <summary>Name of a group as Kafka's own tools show it. A topic has its group of its own: a change in one never stops the other.</summary>
    string GroupId(string group, string topic)
    {
        var end = group.IndexOf('@', StringComparison.Ordinal);
        return $"{_options.Kafka.TopicPrefix}{(end < 0 ? group : group[..end])}.{topic}";
    }

    string Name(string topic) => _options.Kafka.TopicPrefix + topic;

    public ValueTask DisposeAsync() => _sender.DisposeAsync();
}
