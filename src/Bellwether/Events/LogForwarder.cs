using Bellwether.Diagnostics;
using Bellwether.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

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

    const string Stage = "store";
    const int BatchRecords = 2_000;
    static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    // A process that still appends to the embedded log, in a rolling change, is met at the next look.
    static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    readonly PatientRetry _retry = new(time);

    /// <summary>
    /// Forwards announcements until cancelled. Beside that it moves input that waits in the embedded log, from the time before the desk used
    /// Kafka or from processes that do not use it yet, and looks for more of it every minute.
    /// </summary>
    /// <param name="inputGroup">The group that reads the input topics of the embedded log.</param>
    public async Task RunAsync(string inputGroup, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(
                _retry.RunAsync((progress, token) => MoveAsync(Topics.HighPriority, inputGroup, progress, token), cancellationToken),
                _retry.RunAsync((progress, token) => MoveAsync(Topics.StandardPriority, inputGroup, progress, token), cancellationToken),
                _retry.RunAsync((progress, token) => TryAsync(Topics.AnalyzedSentiment, Group, progress, token), cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    async Task MoveAsync(string topic, string group, Action progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await WaitingAsync(topic, group, cancellationToken) > 0) await TryAsync(topic, group, progress, cancellationToken);
            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    /// <summary>Records of the embedded log that the group has not read; those of a killed member's partitions count, too.</summary>
    async Task<long> WaitingAsync(string topic, string group, CancellationToken cancellationToken)
    {
        await using var count = dataSource.CreateCommand("""
            SELECT coalesce(sum(p.next_offset - coalesce(o.next_offset, p.first_offset)), 0)::bigint
            FROM ops.log_partitions p LEFT JOIN ops.consumer_offsets o ON o.topic = p.topic AND o.partition = p.partition AND o.consumer_group = $2
            WHERE p.topic = $1
            """);
        count.Parameters.Add(new() { Value = topic });
        count.Parameters.Add(new() { Value = group });
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    async Task TryAsync(string topic, string group, Action progress, CancellationToken cancellationToken)
    {
        try
        {
            await using var consumer = await from.JoinAsync(topic, group, cancellationToken);
            await ForwardAsync(consumer, topic, group, progress, cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Failed(logger, topic, error.Message);
            throw;
        }
    }

    /// <summary>Announcements without end; input until none waits in any partition.</summary>
    async Task ForwardAsync(ILogConsumer consumer, string topic, string group, Action progress, CancellationToken cancellationToken)
    {
        var forwarded = 0L;
        while (true)
        {
            var entries = await consumer.PollAsync(BatchRecords, Wait, cancellationToken);
            LagMeter.Record(consumer, topic);
            if (entries.Count == 0)
            {
                if (topic == Topics.AnalyzedSentiment || await WaitingAsync(topic, group, cancellationToken) > 0) continue;
                if (forwarded > 0) Moved(logger, forwarded, topic);
                return;
            }
            var refused = await to.AppendFittingAsync(topic, [.. entries.Select(RecordOf)], cancellationToken);
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await SilenceLimit.BeginAsync(connection, cancellationToken);
            var moves = ConsumerOffsets.MovesOf(entries);
            await ConsumerOffsets.AdvanceAsync(connection, group, topic, moves, cancellationToken);
            await DeadLetter.StoreAsync(connection, [.. refused.Select(r => DeadLetter.From(entries[r.Index] with { Headers = RecordOf(entries[r.Index]).Headers! }, Stage, "TooLarge", r.Reason))], cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            progress();
            await consumer.AcknowledgeAsync([.. moves.Select(m => new PartitionOffset(m.Partition, m.To))], cancellationToken);
            if (refused.Count > 0)
            {
                Instruments.DeadLetters.Add(refused.Count, new KeyValuePair<string, object?>("stage", Stage));
                TooLarge(logger, refused.Count, topic);
            }
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

    [LoggerMessage(EventId = 1403, Level = LogLevel.Error, Message = "{Records} records of {Topic} are larger than Kafka takes, and are put aside as dead letters")]
    static partial void TooLarge(ILogger logger, int records, string topic);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Information, Message = "moved {Records} records of {Topic} from the embedded log to Kafka")]
    static partial void Moved(ILogger logger, long records, string topic);
}
