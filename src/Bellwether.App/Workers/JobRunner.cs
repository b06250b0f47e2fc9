using Bellwether.Storage.Jobs;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Workers;

/// <summary>Work that is done every so often, by one process at a time.</summary>
/// <param name="Run">Does it, and tells in a few words what was done. May run twice: a process that was cut off may still be in it.</param>
sealed record Job(string Name, TimeSpan Every, Func<CancellationToken, Task<string>> Run)
{
    /// <summary>May take minutes, and must not hold up what is due every few seconds.</summary>
    public bool Slow { get; init; }

    /// <summary>The first time comes one period after the job was first seen, not at once.</summary>
    public bool Patient { get; init; }
}

/// <summary>Runs jobs that are due under a lease that is renewed while they work, and stops a job whose lease is lost.</summary>
sealed partial class JobRunner(JobTable jobs, TimeSpan lease, TimeProvider time, ILogger<JobRunner> logger)
{
    /// <summary>Puts patient jobs on the schedule.</summary>
    public async Task RegisterAsync(IEnumerable<Job> all, CancellationToken cancellationToken)
    {
        foreach (var job in all.Where(job => job.Patient)) await jobs.RegisterAsync(job.Name, cancellationToken);
    }

    /// <summary>
    /// Runs one job if it is due and free; false when it was not this process's turn, or its result came too late to count.
    /// </summary>
    public async Task<bool> TryRunAsync(Job job, CancellationToken cancellationToken)
    {
        if (await jobs.TryAcquireAsync(job.Name, job.Every, lease, cancellationToken) is not { } held) return false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var renewing = RenewAsync(held, stop);
        var (succeeded, message) = (false, "stopped");
        try
        {
            message = await job.Run(stop.Token);
            succeeded = true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped by the shutdown or by the loss of the lease.
        }
        catch (Exception error)
        {
            message = error.Message;
            Failed(logger, job.Name, error);
        }
        await stop.CancelAsync();
        await renewing;
        var counted = await held.FinishAsync(succeeded, message, CancellationToken.None);
        if (!counted) Late(logger, job.Name, held.Token);
        return counted && succeeded;
    }

    async Task RenewAsync(JobLease held, CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(held.Duration / 3, time, stop.Token);
                if (!await held.RenewAsync(stop.Token)) await stop.CancelAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The job has ended.
        }
        catch (Exception error)
        {
            // Without renewal the lease may pass to another: the job must not go on as if it were alone.
            Failed(logger, held.Name, error);
            await stop.CancelAsync();
        }
    }

    [LoggerMessage(EventId = 3401, Level = LogLevel.Error, Message = "job {Job} failed")]
    static partial void Failed(ILogger logger, string job, Exception error);

    [LoggerMessage(EventId = 3402, Level = LogLevel.Warning,
        Message = "job {Job} ended after its lease (token {Token}) had passed to another; its end was not recorded")]
    static partial void Late(ILogger logger, string job, long token);
}
