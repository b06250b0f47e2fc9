using System.Diagnostics;
using Npgsql;

namespace Bellwether.Events;

/// <summary>A group member over the log tables. See <see cref="PostgresLogConsumer.Group"/> for how partitions are shared.</summary>
sealed partial class PostgresLogConsumer(
    NpgsqlDataSource dataSource, EventLogOptions options, TimeProvider time, LogSignal signal, string topic, string group) : ILogConsumer
{
    // Next offset to read of each owned partition.
    readonly SortedDictionary<int, long> _positions = [];

    // Owned only until the batches in hand are done: nothing more is read of them.
    readonly HashSet<int> _leaving = [];
    readonly BatchesInHand _inHand = new();

    public long Lag { get; private set; }

    public async Task<IReadOnlyList<LogEntry>> PollAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRecords, 1);
        _inHand.Polled();
        var deadline = Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            var appended = signal.Next(topic);
            await BalanceAsync(cancellationToken);
            var entries = _positions.Count == _leaving.Count ? [] : await FetchAsync(maxRecords, cancellationToken);
            if (entries.Count > 0) return entries;
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);
            if (left <= TimeSpan.Zero) return [];
            var pause = left < BalanceInterval ? left : BalanceInterval;
            await Task.WhenAny(appended, Task.Delay(pause, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async Task RewindAsync(CancellationToken cancellationToken)
    {
        _inHand.Returned();
        _positions.Clear();
        _leaving.Clear();
        _balancedAt = null;
        await BalanceAsync(cancellationToken);
    }

    // Group positions of this log are the stored ones: only the leases depend on it.
    public Task AcknowledgeAsync(IReadOnlyList<PartitionOffset> next, CancellationToken cancellationToken)
    {
        _inHand.Acknowledged(next);
        return Task.CompletedTask;
    }

    async Task<IReadOnlyList<LogEntry>> FetchAsync(int maxRecords, CancellationToken cancellationToken)
    {
        var positions = new SortedDictionary<int, long>(_positions);
        foreach (var partition in _leaving) positions.Remove(partition);
        var entries = await PostgresLogFetch.ReadAsync(dataSource, topic, positions, maxRecords, options.MaxPollBytes, cancellationToken);
        foreach (var (partition, next) in positions) _positions[partition] = next;
        _inHand.Handed(entries);
        Lag = Math.Max(0, Lag - entries.Count);
        return entries;
    }
}
