using System.Collections.Concurrent;
using Bellwether.Storage;
using Npgsql;

namespace Bellwether.Events;

/// <summary>
/// Wakes pollers when some process appended to a topic: one connection that listens, whatever the number of consumers.
/// A lost connection only costs latency, since every wait has a limit.
/// </summary>
sealed class LogSignal : IAsyncDisposable
{
    public const string Channel = "bellwether_log";

    readonly ConcurrentDictionary<string, TaskCompletionSource> _waiters = new();
    readonly NotificationListener _listener;

    public LogSignal(NpgsqlDataSource dataSource, TimeProvider time) => _listener = new(dataSource, Channel, Wake, WakeAll, time);

    /// <summary>Take this before looking at the log: it completes on the first append after it was taken.</summary>
    public Task Next(string topic) =>
        _waiters.GetOrAdd(topic, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Wake(string topic)
    {
        if (_waiters.TryRemove(topic, out var waiter)) waiter.TrySetResult();
    }

    void WakeAll()
    {
        foreach (var topic in _waiters.Keys) Wake(topic);
    }

    public ValueTask DisposeAsync() => _listener.DisposeAsync();
}
