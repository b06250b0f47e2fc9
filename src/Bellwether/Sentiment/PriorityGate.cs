using System.Diagnostics;

namespace Bellwether.Sentiment;

/// <summary>
/// Lets standard work stand back while high-priority work is under way, but never longer than a bound for each batch: standard can be
/// slowed by high, not starved.
/// </summary>
public sealed class PriorityGate(TimeSpan bound, TimeProvider time)
{
    static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    volatile TaskCompletionSource? _high;
    long _entered;

    /// <summary>High priority has a batch in hand.</summary>
    public void EnterHigh()
    {
        Interlocked.Exchange(ref _entered, time.GetTimestamp());
        Interlocked.CompareExchange(ref _high, new(TaskCreationOptions.RunContinuationsAsynchronously), null);
    }

    /// <summary>
    /// High priority had work within the last second, so that more is likely: standard batches should then be small, because what is begun is
    /// not interrupted, and takes processor and database from the high one that comes next.
    /// </summary>
    public bool IsHighExpected => Interlocked.Read(ref _entered) is not 0 and var entered && time.GetElapsedTime(entered) < Memory;

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
