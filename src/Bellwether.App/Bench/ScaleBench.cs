using System.Diagnostics;
using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.App.Bench;

/// <param name="Seconds">From the start of the first scored batch to the last.</param>
sealed record ScaleStep(int Workers, double Seconds, double EventsPerSecond);

/// <param name="Speedup">Events a second of the last step by those of the first.</param>
sealed record ScaleBenchAnswer(int Events, int Characters, IReadOnlyList<ScaleStep> Steps, double Speedup, int Processors);

/// <summary>Long articles, whose scoring is most of the work, read from a full log by one worker process, and by several.</summary>
static class ScaleBench
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public static async Task<ScaleBenchAnswer> RunAsync(Session session, int events, int characters, int workers, CancellationToken cancellationToken)
    {
        var steps = new List<ScaleStep>();
        foreach (var count in new[] { 1, workers }.Distinct()) steps.Add(await StepAsync(session, events, characters, count, cancellationToken));
        return new(events, characters, steps, Math.Round(steps[^1].EventsPerSecond / steps[0].EventsPerSecond, 2), Environment.ProcessorCount);
    }

    static async Task<ScaleStep> StepAsync(Session session, int events, int characters, int workers, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, EventLogKind.Postgres));
        var run = await desk.Ingestor.RunAsync(
            [FeedSource.Parse(BenchDesk.WriteArticles(folder, events, characters))], new() { Type = EventType.News }, null, cancellationToken);
        var processes = new List<Process>();
        try
        {
            for (var i = 0; i < workers; i++) processes.Add(Start(folder));
            // Not counted: the start of the programs, and the first batch of each.
            var first = await ScoredAsync(desk, run, 1, cancellationToken);
            var started = session.Time.GetTimestamp();
            var last = await ScoredAsync(desk, run, events, cancellationToken);
            var seconds = session.Time.GetElapsedTime(started).TotalSeconds;
            return new(workers, Math.Round(seconds, 2), Math.Round((last - first) / seconds));
        }
        finally
        {
            foreach (var process in processes)
            {
                process.Kill();
                process.WaitForExit();
                process.Dispose();
            }
        }
    }

    static Process Start(BenchFolder folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
        // Run by the host program, the first argument is this program.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(ScaleBench).Assembly.Location);
        foreach (var argument in new[] { "--data", folder.Path, "serve", "--roles", "worker", "--urls", "http://127.0.0.1:0" }) start.ArgumentList.Add(argument);
        // Small batches, so that partitions are shared evenly to the end; nothing that the user's own desk shares with others.
        start.Environment["BELLWETHER__SCORING__BATCHSIZE"] = "250";
        start.Environment["BELLWETHER__EVENTLOG__KIND"] = nameof(EventLogKind.Postgres);
        start.Environment["BELLWETHER__HOTSTORE__KIND"] = "Memory";
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    static async Task<long> ScoredAsync(Desk desk, IngestRun run, long least, CancellationToken cancellationToken)
    {
        while (true)
        {
            if ((await run.OutcomeAsync(cancellationToken)).Scored is var scored && scored >= least) return scored;
            await Task.Delay(Look, desk.Time, cancellationToken);
        }
    }
}
