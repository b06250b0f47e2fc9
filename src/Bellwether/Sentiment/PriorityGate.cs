using System.Diagnostics;

namespace Bellwether.Sentiment;

/// <summary>
/// Lets standard work stand back while high-priority work is under way, but never longer than a bound for each batch: standard can be
/// slowed by high, not starved.
/// </summary>
public sealed class PriorityGate(TimeSpan bound, TimeProvider time)
{
    static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    readonly HashSet<object> _inside = [];
    volatile TaskCompletionSource? _high;
    long _entered;

    /// <summary>A loop of high priority has a batch in hand.</summary>
    public void EnterHigh(object loop)
    {
        Interlocked.Exchange(ref _entered, time.GetTimestamp());
        lock (_inside)
            if (_inside.Add(loop)) _high ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>
    /// High priority had work within the last second, so that more is likely: standard batches should then be small, because what is begun is
    /// not interrupted, and takes processor and database from the high one that comes next.
    /// </summary>
    public bool IsHighExpected => Interlocked.Read(ref _entered) is not 0 and var entered && time.GetElapsedTime(entered) < Memory;

    /// <summary>A loop of high priority has caught up; with the last of them high priority has.</summary>
    public void LeaveHigh(object loop)
    {
        TaskCompletionSource? left = null;
        lock (_inside)
            if (_inside.Remove(loop) && _inside.Count == 0) (left, _high) = (_high, null);
        left?.TrySetResult();
    }

    /// <summary>Waits until high priority has caught up or the bound is reached; returns how long.</summary>
    /// <param name="before">How long the same batch has stood back already.</param>
    public async ValueTask<TimeSpan> StandBackAsync(TimeSpan before, CancellationToken cancellationToken)
    {
        var left = bound - before;
        if (_high is not { } high || left <= TimeSpan.Zero) return TimeSpan.Zero;
        var started = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(high.Task, Task.Delay(left, time, limit.Token));
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return Stopwatch.GetElapsedTime(started);
    }
}
