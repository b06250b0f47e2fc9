using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Bellwether.Events.Kafka;

/// <summary>
/// One consumer of the client library with the thread that it wants: its calls block, so they are kept off the host's threads. The thread
/// fills a bounded buffer; when nobody empties it the partitions are paused, while the thread goes on answering the group's questions.
/// </summary>
abstract partial class KafkaPump
{
    const int BufferRecords = 8_192, ChunkRecords = 1_024;

    // The longest that a command or the end waits for the thread.
    static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    readonly Lock _sync = new();
    readonly KafkaBuffer _buffer = new();
    readonly AutoResetEvent _wake = new(false);
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly KafkaRecords _records;
    readonly List<ConsumeResult<string, byte[]>> _chunk = new(ChunkRecords);
    readonly int _maxBytes;
    TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Exception? _trouble, _failure;
    volatile bool _stopping;
    bool _paused, _joined;

    protected KafkaPump(string topic, string kafkaTopic, EventLogOptions options, TimeProvider time, ILogger logger)
    {
        (Topic, KafkaTopic, Options, Time, Logger, _maxBytes) = (topic, kafkaTopic, options, time, logger, options.MaxPollBytes);
        _records = new(topic, time);
    }

    protected string Topic { get; }
    protected string KafkaTopic { get; }
    protected EventLogOptions Options { get; }
    protected TimeProvider Time { get; }
    protected ILogger Logger { get; }
    protected IConsumer<string, byte[]> Consumer { get; private set; } = null!;

    /// <summary>Records that come while this is true are let fall: the positions are not known.</summary>
    protected bool Adrift { get; set; }

    public long Lag
    {
        get { lock (_sync) return _buffer.Lag; }
    }

    /// <summary>What waits to be handed out: partitions that are read, and bytes of their records.</summary>
    internal (int Partitions, long Bytes) Held
    {
        get { lock (_sync) return (_buffer.Partitions.Length, _buffer.Bytes); }
    }

    protected void Start(ConsumerBuilder<string, byte[]> builder)
    {
        Consumer = builder
            .SetKeyDeserializer(KafkaRecords.Key)
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler((_, line) => KafkaLogging.Write(Logger, line))
            .Build();
        try
        {
            Begin();
        }
        catch
        {
            Consumer.Dispose();
            throw;
        }
        new Thread(Run) { IsBackground = true, Name = $"kafka {Topic}" }.Start();
    }

    /// <summary>Subscribes or assigns.</summary>
    protected abstract void Begin();

    /// <summary>Work for the thread between two reads.</summary>
    protected virtual void Attend() { }

    /// <summary>An error that ends nothing: kept for the next poll to tell.</summary>
    protected void Trouble(Exception error)
    {
        lock (_sync)
        {
            _trouble = error;
            _arrived.TrySetResult();
        }
    }

    void OnError(Error error)
    {
        // A broker that is away is met with reconnecting; what cannot be met ends the next read.
        KafkaLogging.Problem(Logger, KafkaTopic, error.Reason);
    }

    void Run()
    {
        try
        {
            while (!_stopping)
            {
                Attend();
                if (IsFull) WaitForRoom();
                else Read(Idle);
            }
        }
        catch (Exception error)
        {
            // The end of this consumer: told at every poll from now on, and whoever polls joins anew.
            lock (_sync) _failure = error is KafkaException kafka ? KafkaFailure.Of($"reading {KafkaTopic}", Options.Kafka, kafka) : error;
        }
        finally
        {
            Close();
        }
    }

    bool IsFull
    {
        get { lock (_sync) return _buffer.Count >= BufferRecords || _buffer.Bytes >= _maxBytes; }
    }

    /// <summary>Pausing throws away what was fetched ahead, so it is for a buffer that stays full.</summary>
    void WaitForRoom()
    {
        if (!_paused)
        {
            _wake.WaitOne(Patience);
            if (!IsFull || _stopping) return;
            Pause();
        }
        while (IsFull && !_stopping)
        {
            // Partitions that have come meanwhile are not paused, and would bring their whole backlog.
            if (_joined) Pause();
            Attend();
            Read(Idle);
        }
        Consumer.Resume(Consumer.Assignment);
        _paused = false;
    }

    void Pause()
    {
        (_paused, _joined) = (true, false);
        Consumer.Pause(Consumer.Assignment);
    }

    /// <summary>Other partitions than before are read from now on; on the thread.</summary>
    protected void Joined() => _joined = true;

    void Read(TimeSpan wait)
    {
        var bytes = 0L;
        try
        {
            // Everything that is there already goes over in one piece, as long as it is no more than a poll may bring.
            while (_chunk.Count < ChunkRecords && bytes < _maxBytes && !(_paused && _joined)
                && Consumer.Consume(_chunk.Count == 0 ? wait : TimeSpan.Zero) is { } result)
            {
                _chunk.Add(result);
                bytes += result.Message.Value?.Length ?? 0;
            }
        }
        catch (ConsumeException error) when (!error.Error.IsFatal)
        {
            OnConsume(error);
        }
        Publish();
    }

    protected virtual void OnConsume(ConsumeException error)
    {
        if (error.Error.Code == ErrorCode.Local_AutoOffsetReset) Trouble(new LogGapException(Topic, error.ConsumerRecord.Partition, error.ConsumerRecord.Offset, -1));
        else Trouble(KafkaFailure.Of($"reading {KafkaTopic}", Options.Kafka, error));
    }

    void Publish()
    {
        lock (_sync)
        {
            if (!Adrift)
                foreach (var result in _chunk) _buffer.Add(_records.EntryOf(result));
            foreach (var partition in _buffer.Partitions)
                if (Consumer.GetWatermarkOffsets(new(KafkaTopic, partition)).High is { IsSpecial: false } end) _buffer.End(partition, end);
            if (_buffer.Count > 0) _arrived.TrySetResult();
        }
        _chunk.Clear();
    }

    /// <summary>Takes what is there, or waits for it.</summary>
    protected async Task<(IReadOnlyList<LogEntry> Entries, OffsetGap? Gap)> TakeAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken)
    {
        Task arrived;
        lock (_sync)
        {
            if (TakeNow(maxRecords) is { } ready) return ready;
            if (_arrived.Task.IsCompleted) _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
            arrived = _arrived.Task;
        }
        await Task.WhenAny(arrived, Task.Delay(wait, Time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_sync) return TakeNow(maxRecords) ?? ([], null);
    }

    (IReadOnlyList<LogEntry>, OffsetGap?)? TakeNow(int maxRecords)
    {
        if (_failure is not null) throw _failure;
        if (_trouble is { } trouble)
        {
            _trouble = null;
            throw trouble;
        }
        ObjectDisposedException.ThrowIf(_stopping, this);
        var wasFull = IsFull;
        var entries = _buffer.Take(maxRecords, _maxBytes, out var gap);
        if (wasFull) _wake.Set();
        Handed(entries);
        return entries.Count > 0 || gap is not null ? (entries, gap) : null;
    }

    /// <summary>Told of what is handed out, inside the lock.</summary>
    protected virtual void Handed(IReadOnlyList<LogEntry> entries) { }

    protected internal void WithBuffer(Action<KafkaBuffer> work)
    {
        lock (_sync) work(_buffer);
    }

    /// <summary>Lets fall what was read and is not in the buffer yet; on the thread.</summary>
    protected void DropChunk(Predicate<int> partition) => _chunk.RemoveAll(r => partition(r.Partition));

    protected void Wake() => _wake.Set();

    void Close()
    {
        try
        {
            // Leaves the group, so that others take over at once.
            Consumer.Close();
        }
        catch (Exception error)
        {
            // Nothing is lost by it: the group notices the silence, and what was not committed is read again.
            KafkaLogging.Problem(Logger, KafkaTopic, error.Message);
        }
        Consumer.Dispose();
        Ended();
        _ended.TrySetResult();
        lock (_sync) _arrived.TrySetResult();
    }

    /// <summary>The thread has come to its end: whoever waits for it is told.</summary>
    protected virtual void Ended() { }

    protected async ValueTask StopAsync()
    {
        _stopping = true;
        _wake.Set();
        await _ended.Task;
        _wake.Dispose();
    }
}
