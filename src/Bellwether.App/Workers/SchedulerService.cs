using Bellwether.Events;
using Bellwether.Lake;
using Bellwether.Market.Conditions;
using Bellwether.Market.Providers;
using Bellwether.Retention;
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
    const int FilesVerifiedADay = 200;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var runner = new JobRunner(new JobTable(desk.DataSource), Lease, desk.Time, desk.Loggers.CreateLogger<JobRunner>());
        var jobs = JobsOf(desk, new LogUpkeep(desk.DataSource, [.. new[] { desk.Announcements, desk.Log }.Distinct()], desk.Options.EventLog, desk.Time));
        status.Running(Name);
        try
        {
            await Task.WhenAll(jobs.GroupBy(job => job.Slow).Select(lane => LoopAsync(runner, [.. lane], stoppingToken)));
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

    async Task LoopAsync(JobRunner runner, IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick, desk.Time);
        do await RunDueAsync(runner, jobs, cancellationToken);
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    async Task RunDueAsync(JobRunner runner, IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        (desk.Hot as MemoryHotStore)?.Sweep();
        try
        {
            await runner.RegisterAsync(jobs, cancellationToken);
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
        .. desk.DeadLetterTopics is not { } letters ? [] : new Job[] { new("publish-dead-letters", Tick, async token =>
            $"{await letters.PublishAsync(token)} dead letters copied to the brokers") },
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
        }) { Slow = true } },
        .. desk.Options.LakeViewRefresh is not { } every ? [] : new Job[] { new("refresh-all-sentiment-mv", every, async token =>
            $"refreshed in {(await new SentimentCopy(desk.DataSource, desk.Options.LakeViewDays, desk.Time).RefreshAsync(token)).TotalSeconds:0.0} s") { Slow = true } },
        // A worker that dies between its commit and its write to the shared store leaves a gap that nobody else knows of.
        .. desk.CreateCatchUp() is not { } hotStore ? [] : new Job[] { new("level-hot-store", TimeSpan.FromMinutes(10), async token =>
            await hotStore.TryAsync(token) ? "level with the database" : "the hot store is away") },
        .. desk.Options.Aggregation.SaveEvery is not { } saveEvery ? [] : new Job[] { new("save-confluence", saveEvery, async token =>
            $"{await desk.ConfluenceSaver.SaveAsync(desk.Time.GetUtcNow(), token)} symbols saved") { Slow = true, Patient = true } },
        .. desk.Options.Market.RefreshConditions is not { Ticks: > 0 } often ? [] : new Job[] { new("refresh-market-conditions", often, async token =>
        {
            var done = await new ConditionStore(desk.DataSource, desk.Time, desk.Options.Market.Tickers)
                .RefreshAsync(null, null, token);
            return $"{done.Symbols} symbols computed, {done.Rows} rows changed";
        }) { Slow = true } },
        new("clean-market-cache", TimeSpan.FromHours(1), async token => $"{await new MarketCache(desk.DataSource, desk.Time).CleanAsync(token)} expired answers removed"),
        .. RetentionJobs(desk),
    ];

    // Whoever starts a desk over old data has a period's time to look at what would be moved.
    static IEnumerable<Job> RetentionJobs(Desk desk)
    {
        var options = desk.Options.Retention;
        if (options.EnableCleanup)
            yield return new(RetentionStatus.Job, TimeSpan.FromHours(options.CleanupScheduleHours), async token =>
            {
                var done = await (await desk.RetentionEngineAsync(null, token)).RunAsync(RetentionCause.Schedule, null, token);
                done.ThrowIfFailed();
                return $"{done.Items.Sum(item => item.Rows)} rows of {done.Items.Count(item => item.Rows > 0)} tables";
            })
            { Slow = true, Patient = true };
        yield return new("verify-archive", TimeSpan.FromHours(24), async token =>
        {
            var found = await (await desk.ArchiveVerifierAsync(null, token)).VerifyAsync(FilesVerifiedADay, null, token);
            if (found.Bad.Count > 0) throw new RetentionException($"{found.Bad.Count} of {found.Files} archive files are not as they should be, the first is {found.Bad[0].Path}: {found.Bad[0].Reason}");
            return $"{found.Ok} files are as they should be";
        })
        { Slow = true, Patient = true };
        if (options.DrillScheduleHours > 0)
            yield return new("archive-drill", TimeSpan.FromHours(options.DrillScheduleHours), async token =>
            {
                var done = await (await desk.ArchiveDrillAsync(null, token)).RunAsync(token);
                return done.Succeeded ? done.Table is null ? "the archive is empty" : $"{done.Rows} rows of {done.Table} came back equal" : throw new RetentionException(done.Message!);
            })
            { Slow = true, Patient = true };
    }

    [LoggerMessage(EventId = 3403, Level = LogLevel.Error, Message = "the scheduler could not reach its jobs and tries again")]
    static partial void Failed(ILogger logger, Exception error);
}
