using System.Threading.Channels;
using Bellwether.Feeds;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.App.Api.Push;

/// <summary>
/// Appends the pushes of all clients in one loop: whatever waits when the log is free goes into one transaction. So many small
/// requests cost few transactions, a single one does not wait, and the answer is sent when the log has the events durably.
/// </summary>
sealed partial class PushQueue(Ingestor ingestor, Desk desk, ServeOptions options, ILogger<PushQueue> logger) : BackgroundService
{
    const int MostTogether = 2_000;

    readonly Channel<Push> _waiting = Channel.CreateUnbounded<Push>(new() { SingleReader = true });
    int _events;

    sealed record Push(IReadOnlyList<FeedRecord> Records, IReadOnlyDictionary<string, string>? Headers)
    {
        public TaskCompletionSource<IReadOnlyList<RecordOutcome>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Events that wait for the log, over all clients.</summary>
    public int Waiting => Volatile.Read(ref _events);

    /// <summary>Completes when the log has the records; null at once when too many wait already, or the server is stopping.</summary>
    public Task<IReadOnlyList<RecordOutcome>>? TryAppend(IReadOnlyList<FeedRecord> records, IReadOnlyDictionary<string, string>? headers)
    {
        var waiting = Interlocked.Add(ref _events, records.Count);
        var push = new Push(records, headers);
        // One push that is larger than the bound still goes when nothing else waits.
        if ((waiting <= options.MaxWaitingEvents || waiting == records.Count) && _waiting.Writer.TryWrite(push)) return push.Done.Task;
        Interlocked.Add(ref _events, -records.Count);
        return null;
    }

    // The HTTP server stops before this service and waits for the requests it has, so the channel is empty at the end.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = stoppingToken.Register(() => _waiting.Writer.TryComplete());
        var together = new List<Push>();
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var events = 0;
            while (events < MostTogether && _waiting.Reader.TryPeek(out var next)
                && (events == 0 || events + next.Records.Count <= MostTogether)
                && _waiting.Reader.TryRead(out next))
            {
                together.Add(next);
                events += next.Records.Count;
            }
            await AppendAsync(together);
            Interlocked.Add(ref _events, -events);
            together.Clear();
        }
    }

    async Task AppendAsync(List<Push> pushes)
    {
        var records = pushes.Count == 1 ? pushes[0].Records : [.. pushes.SelectMany(p => p.Records)];
        try
        {
            var headers = pushes.SelectMany(p => Enumerable.Repeat(p.Headers, p.Records.Count)).ToArray();
            var outcomes = await ingestor.AppendEachAsync(records, i => headers[i], CancellationToken.None);
            var done = 0;
            foreach (var push in pushes)
            {
                push.Done.SetResult([.. outcomes.Skip(done).Take(push.Records.Count)]);
                done += push.Records.Count;
            }
        }
        catch (PostgresException error) when (pushes.Count > 1 && error.SqlState.StartsWith("22", StringComparison.Ordinal))
        {
            // Data that the database refuses must not fail its neighbours.
            foreach (var push in pushes) await AppendAsync([push]);
        }
        catch (Exception error)
        {
            // What one connection has met the others of the pool have too, and each would be waited for in its turn.
            if (error is NpgsqlException and not PostgresException) desk.DataSource.Clear();
            AppendFailed(logger, records.Count, error);
            foreach (var push in pushes) push.Done.TrySetException(error);
        }
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error,
        Message = "{Events} pushed events could not be appended; their senders were told")]
    static partial void AppendFailed(ILogger logger, int events, Exception error);
}
