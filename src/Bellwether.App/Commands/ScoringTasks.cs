using Bellwether.Events;

namespace Bellwether.App.Commands;

/// <summary>The scoring workers of both input topics and, beside Kafka, the forwarder, in this process, until disposed. A batch in hand at that moment is finished or rolled back.</summary>
sealed class ScoringTasks : IAsyncDisposable
{
    readonly CancellationTokenSource _stop;
    readonly Task[] _tasks;

    public ScoringTasks(Desk desk, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _tasks = [.. new[] { Topics.HighPriority, Topics.StandardPriority }.SelectMany(topic => Enumerable.Repeat(topic, desk.Options.Scoring.Workers))
            .Select(topic => Task.Run(() => desk.CreateWorker().RunAsync(topic, _stop.Token)))];
        if (desk.Forwarder is { } forwarder) _tasks = [.. _tasks, Task.Run(() => forwarder.RunAsync(desk.Options.Scoring.Group, _stop.Token), CancellationToken.None)];
    }

    /// <summary>Waits for work that depends on the workers: should one of them end early, its error is thrown instead of waiting for ever.</summary>
    public async Task<T> GuardAsync<T>(Task<T> work)
    {
        var ended = Task.WhenAny(_tasks);
        if (await Task.WhenAny(work, ended) != work) await await ended;
        return await work;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
        _stop.Dispose();
    }
}
