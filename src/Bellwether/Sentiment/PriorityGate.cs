using System.Diagnostics;

namespace Bellwether.Sentiment;

/// <summary>
/// Lets standard work stand back while high-priority work is under way, but never longer than a bound for each batch: standard can be
/// slowed by high, not starved.
/// </summary>
public sealed class PriorityGate(TimeSpan bound, TimeProvider time)
{
    volatile TaskCompletionSource? _high;

    /// <summary>High priority has a batch in hand.</summary>
    public void EnterHigh() => Interlocked.CompareExchange(ref _high, new(TaskCreationOptions.RunContinuationsAsynchronously), null);

    /// <summary>High priority has caught up.</summary>
    public void LeaveHigh() => Interlocked.Exchange(ref _high, null)?.TrySetResult();

    /// <summary>Waits until high priority has caught up or the bound is reached; returns how long.</summary>
    public async ValueTask<TimeSpan> StandBackAsync(CancellationToken cancellationToken)
    {
        if (_high is not { } high || bound <= TimeSpan.Zero) return TimeSpan.Zero;
        var started = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(high.Task, Task.Delay(bound, time, limit.Token));
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return Stopwatch.GetElapsedTime(started);
    }
}
