using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bellwether.Events.Kafka;

/// <summary>Reads partitions from given offsets, outside any group.</summary>
sealed class KafkaTail : KafkaPump, IAsyncDisposable
{
    readonly PartitionOffset[] _from;

    public KafkaTail(string topic, string kafkaTopic, PartitionOffset[] from, EventLogOptions options, TimeProvider time, ILogger logger)
        : base(topic, kafkaTopic, options, time, logger)
    {
        _from = from;
        var config = KafkaConfig.Consumer(options.Kafka, $"{options.Kafka.TopicPrefix}tail", options.LeaseTime);
        config.EnableAutoCommit = false;
        Start(new(config));
    }

    protected override void Begin()
    {
        WithBuffer(buffer => buffer.Own(_from));
        Consumer.Assign(_from.Select(p => new TopicPartitionOffset(KafkaTopic, p.Partition, p.Offset)));
    }

    /// <exception cref="LogGapException">Records were dropped before this reader came to them.</exception>
    public async Task<IReadOnlyList<LogEntry>> NextAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken)
    {
        var (entries, gap) = await TakeAsync(maxRecords, wait, cancellationToken);
        if (gap is { } found) WithBuffer(buffer => buffer.Skip(found));
        return entries;
    }

    public ValueTask DisposeAsync() => StopAsync();
}
