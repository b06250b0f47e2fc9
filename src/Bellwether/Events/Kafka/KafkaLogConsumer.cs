using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.Events.Kafka;

/// <summary>
/// A group member over Kafka. Kafka shares the partitions out; where to read from stands in PostgreSQL beside the results, and whoever
/// writes results for a partition that has moved on is stopped there by <see cref="ConsumerOffsets.AdvanceAsync"/>.
/// </summary>
sealed partial class KafkaLogConsumer : KafkaPump, ILogConsumer
{
    static readonly TimeSpan GapPause = TimeSpan.FromMilliseconds(20);

    readonly NpgsqlDataSource _dataSource;
    readonly string _group;
    readonly ConcurrentDictionary<int, long> _acknowledged = new();
    readonly ConcurrentQueue<TaskCompletionSource> _rewinds = new();
    readonly ConcurrentQueue<PartitionOffset> _seeks = new();
    readonly ConcurrentDictionary<int, OffsetGap> _suspected = new();
    volatile bool _gone;

    public KafkaLogConsumer(
        NpgsqlDataSource dataSource, string topic, string kafkaTopic, string group, string kafkaGroup, EventLogOptions options, TimeProvider time, ILogger logger)
        : base(topic, kafkaTopic, options, time, logger)
    {
        (_dataSource, _group) = (dataSource, group);
        Start(new ConsumerBuilder<string, byte[]>(KafkaConfig.Consumer(options.Kafka, kafkaGroup, options.LeaseTime))
            .SetPartitionsAssignedHandler((_, partitions) => Assigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Revoked([.. partitions.Select(p => p.Partition.Value)]))
            .SetPartitionsLostHandler((_, partitions) => Lost([.. partitions.Select(p => p.Partition.Value)])));
    }

    protected override void Begin() => Consumer.Subscribe(KafkaTopic);

    public async Task<IReadOnlyList<LogEntry>> PollAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRecords, 1);
        _inHand.Polled();
        if (Adrift) await RewindAsync(cancellationToken);
        var deadline = Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);
            var (entries, gap) = await TakeAsync(maxRecords, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
            if (entries.Count > 0) return entries;
            if (gap is { } found && await CrossAsync(found, cancellationToken)) continue;
            if (left <= TimeSpan.Zero) return [];
            // The batch before is still being committed; the gap is crossed when it is.
            if (gap is not null) await Task.Delay(GapPause, Time, cancellationToken);
        }
    }

    public async Task RewindAsync(CancellationToken cancellationToken)
    {
        _inHand.Returned();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _rewinds.Enqueue(done);
        Wake();
        if (_gone) FailRewinds();
        await done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Told to Kafka every now and then, and when the member leaves.</summary>
    public Task AcknowledgeAsync(IReadOnlyList<PartitionOffset> next, CancellationToken cancellationToken)
    {
        foreach (var (partition, offset) in next) _acknowledged[partition] = offset;
        _inHand.Acknowledged(next);
        return Task.CompletedTask;
    }

    protected override void Attend()
    {
        Store();
        while (_seeks.TryDequeue(out var to)) TrySeek(to);
        if (_rewinds.IsEmpty || !Rewound(out var failure)) return;
        while (_rewinds.TryDequeue(out var asked))
            if (failure is null) asked.TrySetResult();
            else asked.TrySetException(failure);
    }

    void Store()
    {
        foreach (var (partition, offset) in _acknowledged.ToArray())
        {
            if (!_acknowledged.TryRemove(new(partition, offset))) continue;
            try
            {
                Consumer.StoreOffset(new TopicPartitionOffset(KafkaTopic, partition, offset));
            }
            catch (KafkaException)
            {
                // The partition has gone to another member, who tells its own.
            }
        }
    }

    /// <summary>
    /// A record that is not the next one. What was left over from before a seek could look like that, so the place is read once more; when
    /// it is still so, the offsets between hold no records, and the stored offset goes over them as well.
    /// </summary>
    /// <returns>False when the batch before the gap is not committed: then the gap stays where it is.</returns>
    async Task<bool> CrossAsync(OffsetGap gap, CancellationToken cancellationToken)
    {
        if (!_suspected.TryGetValue(gap.Partition, out var suspected) || suspected != gap)
        {
            _suspected[gap.Partition] = gap;
            var from = new PartitionOffset(gap.Partition, gap.From);
            WithBuffer(buffer => buffer.Own([from]));
            _seeks.Enqueue(from);
            Wake();
            return true;
        }
        // Only from where the batch before has been committed to: what is still unread stays unread.
        await using var move = _dataSource.CreateCommand("""
            UPDATE ops.consumer_offsets SET next_offset = $5, updated_at = now()
            WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
            """);
        move.Parameters.AddRange(new NpgsqlParameter[] { new() { Value = _group }, new() { Value = Topic }, new() { Value = gap.Partition }, new() { Value = gap.From }, new() { Value = gap.To } });
        if (await move.ExecuteNonQueryAsync(cancellationToken) == 0) return false;
        WithBuffer(buffer => buffer.Skip(gap));
        _suspected.TryRemove(new(gap.Partition, gap));
        return true;
    }

    protected override void Ended()
    {
        _gone = true;
        FailRewinds();
    }

    void FailRewinds()
    {
        while (_rewinds.TryDequeue(out var asked)) asked.TrySetException(new ObjectDisposedException(nameof(KafkaLogConsumer)));
    }

    public async ValueTask DisposeAsync()
    {
        _inHand.Returned();
        LagMeter.Forget(this);
        await StopAsync();
    }
}
