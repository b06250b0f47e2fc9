using System.Collections.Concurrent;
using Npgsql;

namespace Bellwether.Events;

/// <summary>
/// Wakes pollers when some process appended to a topic: one connection that listens, whatever the number of consumers.
/// A lost connection only costs latency, since every wait has a limit; it is opened again.
/// </summary>
sealed class LogSignal : IAsyncDisposable
{
    public const string Channel = "bellwether_log";
    static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, TaskCompletionSource> _waiters = new();
    readonly NpgsqlDataSource _dataSource;
    readonly TimeProvider _time;
    readonly CancellationTokenSource _stop = new();
    readonly Task _listening;

    public LogSignal(NpgsqlDataSource dataSource, TimeProvider time)
    {
        _dataSource = dataSource;
        _time = time;
        _listening = Task.Run(ListenAsync);
    }

    /// <summary>Take this before looking at the log: it completes on the first append after it was taken.</summary>
    public Task Next(string topic) =>
        _waiters.GetOrAdd(topic, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Wake(string topic)
    {
        if (_waiters.TryRemove(topic, out var waiter)) waiter.TrySetResult();
    }

    async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _dataSource.OpenConnectionAsync(_stop.Token);
                connection.Notification += (_, notice) => Wake(notice.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection)) await listen.ExecuteNonQueryAsync(_stop.Token);
                foreach (var topic in _waiters.Keys) Wake(topic);
                while (true) await connection.WaitAsync(_stop.Token);
            }
            catch (Exception error) when (error is NpgsqlException or OperationCanceledException or IOException or ObjectDisposedException)
            {
                // Pollers go on by their own wait limit; without a server there is nothing to hear.
                if (!_stop.IsCancellationRequested) await Task.Delay(Reconnect, _time, CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listening;
        _stop.Dispose();
    }
}
