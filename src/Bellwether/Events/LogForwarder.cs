using Bellwether.Diagnostics;
using Bellwether.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;

namespace Bellwether.Events;

/// <summary>
/// Carries records of the embedded log over to Kafka, each partition in its order. Results are announced in the embedded log by the
/// transaction that stores them, so an announcement is there exactly when its result is; from there it reaches Kafka at least once, with
/// an id by which a second coming is told. Several processes share the partitions.
/// </summary>
public sealed partial class LogForwarder(
    NpgsqlDataSource dataSource, PostgresEventLog from, IEventLog to, TimeProvider time, ILogger<LogForwarder> logger)
{
    /// <summary>Group under which announcements are read.</summary>
    public const string Group = "forwarder";

    /// <summary>Header that names the record in the embedded log, <c>topic/partition@offset</c>: the same for every copy of it.</summary>
    public const string IdHeader = "bellwether-id";

    const int BatchRecords = 2_000;
    static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(e => e is not OperationCanceledException),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(50),
            MaxDelay = TimeSpan.FromSeconds(5),
        })
        .Build();

    /// <summary>
    /// Moves input that still waits in the embedded log, from the time before the desk used Kafka; then forwards announcements until cancelled.
    /// </summary>
    /// <param name="inputGroup">The group that reads the input topics of the embedded log.</param>
    public async Task RunAsync(string inputGroup, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var topic in new[] { Topics.HighPriority, Topics.StandardPriority })
                await _retry.ExecuteAsync(async token => await MoveWaitingAsync(topic, inputGroup, token), cancellationToken);
            await _retry.ExecuteAsync(async token => await TryAsync(Topics.AnalyzedSentiment, Group, untilEmpty: false, token), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    async Task<long> MoveWaitingAsync(string topic, string group, CancellationToken cancellationToken)
    {
        await using var count = dataSource.CreateCommand("""
            SELECT coalesce(sum(p.next_offset - coalesce(o.next_offset, p.first_offset)), 0)::bigint
            FROM ops.log_partitions p LEFT JOIN ops.consumer_offsets o ON o.topic = p.topic AND o.partition = p.partition AND o.consumer_group = $2
            WHERE p.topic = $1
            """);
        count.Parameters.Add(new() { Value = topic });
        count.Parameters.Add(new() { Value = group });
        if ((long)(await count.ExecuteScalarAsync(cancellationToken))! == 0) return 0;
        var moved = await TryAsync(topic, group, untilEmpty: true, cancellationToken);
        if (moved > 0) Moved(logger, moved, topic);
        return moved;
    }

    async Task<long> TryAsync(string topic, string group, bool untilEmpty, CancellationToken cancellationToken)
    {
        try
        {
            await using var consumer = await from.JoinAsync(topic, group, cancellationToken);
            return await ForwardAsync(consumer, topic, group, untilEmpty, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Failed(logger, topic, error.Message);
            throw;
        }
    }

    async Task<long> ForwardAsync(ILogConsumer consumer, string topic, string group, bool untilEmpty, CancellationToken cancellationToken)
    {
        var forwarded = 0L;
        while (true)
        {
            var entries = await consumer.PollAsync(BatchRecords, Wait, cancellationToken);
            Instruments.ConsumerLag.Record(consumer.Lag, new KeyValuePair<string, object?>("topic", topic));
            if (entries.Count == 0 && untilEmpty) return forwarded;
            if (entries.Count == 0) continue;
            await to.AppendAsync(topic, [.. entries.Select(RecordOf)], cancellationToken);
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
            await ConsumerOffsets.AdvanceAsync(connection, group, topic, ConsumerOffsets.MovesOf(entries), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            forwarded += entries.Count;
        }
    }

    static LogRecord RecordOf(LogEntry entry) => new(entry.Key, entry.Value, new Dictionary<string, string>(entry.Headers)
    {
        [IdHeader] = $"{entry.Topic}/{entry.Partition}@{entry.Offset}",
        [LogHeaders.SchemaVersion] = entry.Headers.GetValueOrDefault(LogHeaders.SchemaVersion, "1"),
    });

    [LoggerMessage(EventId = 1401, Level = LogLevel.Warning, Message = "forwarding {Topic} to Kafka failed and is tried again: {Reason}")]
    static partial void Failed(ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Information, Message = "moved {Records} records of {Topic} from the embedded log to Kafka")]
    static partial void Moved(ILogger logger, long records, string topic);
}
