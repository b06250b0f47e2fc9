using System.Diagnostics;
using Npgsql;

namespace Bellwether.Events;

/// <summary>A group member over the log tables. See <see cref="PostgresLogConsumer.Group"/> for how partitions are shared.</summary>
sealed partial class PostgresLogConsumer(
    NpgsqlDataSource dataSource, EventLogOptions options, TimeProvider time, LogSignal signal, string topic, string group) : ILogConsumer
{
    // Next offset to read of each owned partition.
    readonly SortedDictionary<int, long> _positions = [];

    public long Lag { get; private set; }

    public async Task<IReadOnlyList<LogEntry>> PollAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRecords, 1);
        var deadline = Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            var appended = signal.Next(topic);
            await BalanceAsync(cancellationToken);
            var entries = _positions.Count == 0 ? [] : await FetchAsync(maxRecords, cancellationToken);
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
        _positions.Clear();
        _balancedAt = null;
        await BalanceAsync(cancellationToken);
    }

    // Group positions of this log are the stored ones: nothing else to tell.
    public Task AcknowledgeAsync(IReadOnlyList<PartitionOffset> next, CancellationToken cancellationToken) => Task.CompletedTask;

    async Task<IReadOnlyList<LogEntry>> FetchAsync(int maxRecords, CancellationToken cancellationToken)
    {
        var entries = await PostgresLogFetch.ReadAsync(dataSource, topic, _positions, maxRecords, options.MaxPollBytes, cancellationToken);
        Lag = Math.Max(0, Lag - entries.Count);
        return entries;
    }
}
