using Bellwether.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace Bellwether.Events.Kafka;

/// <summary>
/// The producer of this process. Idempotent: what it sends again after a lost answer stands in the log once. After an error that it cannot
/// go on from, the next append makes a new one. When brokers do not take records, a breaker keeps later appends from waiting for them, too.
/// </summary>
sealed class KafkaSender(KafkaOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    static readonly TimeSpan QueueFullPause = TimeSpan.FromMilliseconds(5), LastFlush = TimeSpan.FromSeconds(5);

    // Behind the time limit of the library, which tells of every record; a producer that was given up may not tell any more.
    static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    // A broker that is tried again is first asked a small question.
    static readonly TimeSpan LeftAlone = TimeSpan.FromSeconds(1), Trial = TimeSpan.FromSeconds(2);

    // What a record costs beside its key and value, generously.
    const int Overhead = 512;

    readonly Lock _sync = new();
    readonly SinkBreaker _breaker = new("event_log", options.DeliveryTimeout * 4, LeftAlone, error => error is EventLogException { IsOutage: true }, time);
    IProducer<string, byte[]>? _producer;
    IAdminClient? _admin;
    volatile bool _broken;
    bool _disposed;

    /// <summary>For questions about topics, over the connections of the producer.</summary>
    public IAdminClient Admin
    {
        get
        {
            var producer = Producer();
            lock (_sync) return _admin ??= new DependentAdminClientBuilder(producer.Handle).Build();
        }
    }

    /// <summary>Completes when the brokers have all records safely.</summary>
    /// <exception cref="EventLogException">Some were not acknowledged in time; which, if any, are in the log is not known.</exception>
    public async Task SendAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        foreach (var record in records)
            if (record.Value.Length + record.Key.Length + Overhead > options.MaxMessageBytes)
                throw new EventLogException(
                    $"A record of {record.Value.Length} bytes is too large for topic {topic}: EventLog:Kafka:MaxMessageBytes is {options.MaxMessageBytes}. Nothing was sent.", "MsgSizeTooLarge");
        try
        {
            await _breaker.RunAsync(async (isTrial, token) =>
            {
                if (isTrial) await ProbeAsync(topic, token);
                await ProduceAsync(topic, records, token);
            }, cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            throw KafkaFailure.Of($"appending to {topic}", options, new KafkaException(ErrorCode.Local_AllBrokersDown));
        }
    }

    async Task ProbeAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => Admin.GetMetadata(topic, Trial), cancellationToken);
        }
        catch (KafkaException error)
        {
            throw KafkaFailure.Of($"appending to {topic}", options, error);
        }
    }

    async Task ProduceAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        var sending = new Sending(records.Count);
        var producer = Producer();
        foreach (var record in records)
        {
            var message = KafkaRecords.MessageOf(record);
            while (true)
            {
                try
                {
                    producer.Produce(topic, message, sending.Report);
                    break;
                }
                catch (ProduceException<string, byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
                {
                    // The bound on what waits to be sent: the caller waits with it.
                    await Task.Delay(QueueFullPause, time, cancellationToken);
                }
                catch (KafkaException error)
                {
                    if (error.Error.IsFatal) _broken = true;
                    throw KafkaFailure.Of($"appending to {topic}", options, error);
                }
            }
        }
        try
        {
            await sending.Done.WaitAsync(options.DeliveryTimeout + Slack, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _broken = true;
            throw KafkaFailure.Of($"appending to {topic}", options, new KafkaException(ErrorCode.Local_MsgTimedOut));
        }
        if (sending.Failure is not { } failure) return;
        if (failure.IsFatal) _broken = true;
        throw KafkaFailure.Of($"appending to {topic} ({sending.Failed} of {records.Count} records not acknowledged)", options, failure);
    }

    IProducer<string, byte[]> Producer()
    {
        lock (_sync)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_broken)
            {
                // In the background: appends that it still has must hear of their end first.
                if (_producer is { } old) _ = Task.Run(() => Close(old, _admin));
                (_producer, _admin, _broken) = (null, null, false);
            }
            return _producer ??= new ProducerBuilder<string, byte[]>(KafkaConfig.Producer(options))
                .SetErrorHandler((_, error) =>
                {
                    if (error.IsFatal) _broken = true;
                    KafkaLogging.Problem(logger, "sending", error.Reason);
                })
                .SetLogHandler((_, line) => KafkaLogging.Write(logger, line))
                .Build();
        }
    }

    static void Close(IProducer<string, byte[]> producer, IAdminClient? admin)
    {
        producer.Flush(LastFlush);
        admin?.Dispose();
        producer.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_sync) _disposed = true;
        // The library has this as blocking calls only.
        if (_producer is { } producer) await Task.Run(() => Close(producer, _admin));
    }

    /// <summary>Counts the answers to one append.</summary>
    sealed class Sending
    {
        readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _open, _failed;
        volatile Error? _failure;

        public Sending(int records)
        {
            _open = records;
            Report = OnReport;
            if (records == 0) _done.SetResult();
        }

        public Action<DeliveryReport<string, byte[]>> Report { get; }

        public Task Done => _done.Task;

        public Error? Failure => _failure;

        public int Failed => _failed;

        void OnReport(DeliveryReport<string, byte[]> report)
        {
            if (report.Error.IsError)
            {
                _failure = report.Error;
                Interlocked.Increment(ref _failed);
            }
            if (Interlocked.Decrement(ref _open) == 0) _done.TrySetResult();
        }
    }
}
