using Bellwether.Events;
using Bellwether.Lake;
using Bellwether.Sentiment.HotStore;
using Bellwether.Storage.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Workers;

/// <summary>Asks every few seconds which jobs are due.</summary>
sealed partial class SchedulerService(Desk desk, WorkerStatus status, ILogger<SchedulerService> logger) : BackgroundService
{
    const string Name = "scheduler";
    static readonly TimeSpan Tick = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var runner = new JobRunner(new JobTable(desk.DataSource), Lease, desk.Time, desk.Loggers.CreateLogger<JobRunner>());
        var jobs = JobsOf(desk, new LogUpkeep(desk.DataSource, [.. new[] { desk.Announcements, desk.Log }.Distinct()], desk.Options.EventLog, desk.Time));
        status.Running(Name);
        using var timer = new PeriodicTimer(Tick, desk.Time);
        try
        {
            do await RunDueAsync(runner, jobs, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // asked to stop
        }
        finally
        {
            status.Ended(Name);
        }
    }

    async Task RunDueAsync(JobRunner runner, IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        (desk.Hot as MemoryHotStore)?.Sweep();
        try
        {
            foreach (var job in jobs) await runner.TryRunAsync(job, cancellationToken);
            status.Running(Name);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            status.Troubled(Name, error.Message);
            Failed(logger, error);
        }
    }

    internal static IReadOnlyList<Job> JobsOf(Desk desk, LogUpkeep log) =>
    [
        new("retry-dead-letters", Tick, async token =>
            $"{await desk.DeadLetterReplay.RetryDueAsync(desk.Options.DeadLetters, token)} records put back"),
        new("trim-event-log", TimeSpan.FromHours(1), async token => $"{await log.TrimAsync(token)} records dropped"),
        new("remove-silent-members", TimeSpan.FromMinutes(10), async token =>
            $"{await log.RemoveSilentMembersAsync(token)} entries removed"),
        new("prepare-tomorrow", TimeSpan.FromHours(1), async token =>
        {
            await log.PrepareTomorrowAsync(token);
            return "partitions are there";
        }),
        .. desk.Options.LakeSealAfter is not { } age ? [] : new Job[] { new("seal-days", TimeSpan.FromHours(1), async token =>
        {
            var today = DateOnly.FromDateTime(desk.Time.GetUtcNow().UtcDateTime);
            var done = await (await desk.LakeSealerAsync(null, token)).SealAsync(today.AddDays(-(int)age.TotalDays), null, token);
            return $"{done.Days} days sealed, {done.Blocked.Count} could not be";
        }) },
        .. desk.Options.LakeViewRefresh is not { } every ? [] : new Job[] { new("refresh-all-sentiment-mv", every, async token =>
            $"refreshed in {(await new SentimentCopy(desk.DataSource, desk.Options.LakeViewDays, desk.Time).RefreshAsync(token)).TotalSeconds:0.0} s") },
        // A worker that dies between its commit and its write to the shared store leaves a gap that nobody else knows of.
        .. desk.CreateCatchUp() is not { } hotStore ? [] : new Job[] { new("level-hot-store", TimeSpan.FromMinutes(10), async token =>
            await hotStore.TryAsync(token) ? "level with the database" : "the hot store is away") },
    ];

    [LoggerMessage(EventId = 3403, Level = LogLevel.Error, Message = "the scheduler could not reach its jobs and tries again")]
    static partial void Failed(ILogger logger, Exception error);
}
