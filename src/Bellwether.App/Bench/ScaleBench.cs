using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.App.Bench;

/// <param name="Seconds">Of the measured part, see <see cref="ScaleBench"/>.</param>
sealed record ScaleStep(int Workers, double Seconds, double EventsPerSecond);

/// <param name="Speedup">Events a second of the last step by those of the first.</param>
sealed record ScaleBenchAnswer(int Events, int Characters, int Passes, IReadOnlyList<ScaleStep> Steps, double Speedup, int Processors);

/// <summary>
/// Long articles read from a full log by one worker process, and by several. One process scores on one processor and lets the database commit on
/// another; so that scoring is most of the work, as with a neural network, each text is read several times.
/// </summary>
static class ScaleBench
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var events = BenchDesk.Number("--events", "Articles to generate", 20_000);
        var characters = BenchDesk.Number("--characters", "Length of an article", 4_000);
        var passes = Passes();
        var workers = BenchDesk.Number("--workers", "Worker processes to compare with one", 2);
        return new Verb("scale", "Scoring of long articles by one worker process and by several", "bench scale", "bench scale --workers 4 --passes 500 --json") { events, characters, passes, workers }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(events), session.Get(characters), session.Get(passes), session.Get(workers), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ScaleBenchAnswer);
                else session.Screen.Out.WriteLine(
                    string.Join("; ", answer.Steps.Select(s => $"{s.Workers} worker{(s.Workers > 1 ? "s" : "")}: {s.EventsPerSecond:n0} articles/s")) + $"; {answer.Speedup:0.00} times, {answer.Processors} processors");
                return ExitCode.Ok;
            });
    }

    /// <summary>The command of the worker processes themselves.</summary>
    public static Verb CreateWorker(Screen screen, GlobalOptions globals)
    {
        var passes = Passes();
        return new Verb("worker", "One of the worker processes of bench scale: scores until it is ended", "bench worker --passes 20") { passes }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                await WorkAsync(session, session.Get(passes), cancellationToken);
                return ExitCode.Ok;
            });
    }

    static Option<int> Passes() => BenchDesk.Number("--passes", "How often each text is read, as if the model cost so many times as much as the built-in one", 100);

    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    public static async Task<ScaleBenchAnswer> RunAsync(Session session, int events, int characters, int passes, int workers, CancellationToken cancellationToken)
    {
        var steps = new List<ScaleStep>();
        foreach (var count in new[] { 1, workers }.Distinct()) steps.Add(await StepAsync(session, events, characters, passes, count, cancellationToken));
        return new(events, characters, passes, steps, Math.Round(steps[^1].EventsPerSecond / steps[0].EventsPerSecond, 2), Environment.ProcessorCount);
    }

    static async Task<ScaleStep> StepAsync(Session session, int events, int characters, int passes, int workers, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, EventLogKind.Postgres));
        var run = await desk.Ingestor.RunAsync(
            [FeedSource.Parse(BenchDesk.WriteArticles(folder, events, characters))], new() { Type = EventType.News }, null, cancellationToken);
        var processes = new List<Process>();
        try
        {
            for (var i = 0; i < workers; i++) processes.Add(Start(folder, passes));
            // Not counted: the start of the programs, the time in which they divide the partitions among them, and their first seconds, when the
            // second processor compiles the code of a worker (of a short run that was a quarter, and it made one worker as fast as one and a half).
            await ShareAsync(desk, workers, cancellationToken);
            var first = await ScoredAsync(desk, run, events / 4, cancellationToken);
            var started = session.Time.GetTimestamp();
            // Nor the end, when one has its partitions done and the other has not: a hash of the tickers does not share them out evenly.
            var last = await ScoredAsync(desk, run, events * 8L / 10, cancellationToken);
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

    /// <summary>One of the worker processes: scores until it is ended.</summary>
    static async Task WorkAsync(Session session, int passes, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken, model: new CostlyModel(new LexiconModel(), passes));
        await using var scoring = new ScoringTasks(desk, cancellationToken);
        await scoring.GuardAsync(ForeverAsync());

        async Task<int> ForeverAsync()
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, session.Time, cancellationToken);
            return 0;
        }
    }

    static Process Start(BenchFolder folder, int passes)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
        // Run by the host program, the first argument is this program.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(ScaleBench).Assembly.Location);
        foreach (var argument in new[] { "--data", folder.Path, "bench", "worker", "--passes", passes.ToString(CultureInfo.InvariantCulture) }) start.ArgumentList.Add(argument);
        // Small batches, so that partitions are shared evenly to the end; nothing that the user's own desk shares with others.
        start.Environment["BELLWETHER__SCORING__BATCHSIZE"] = "250";
        start.Environment["BELLWETHER__EVENTLOG__KIND"] = nameof(EventLogKind.Postgres);
        start.Environment["BELLWETHER__HOTSTORE__KIND"] = "Memory";
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Waits until each worker has partitions of the topic.</summary>
    static async Task ShareAsync(Desk desk, int workers, CancellationToken cancellationToken)
    {
        await using var count = desk.DataSource.CreateCommand(
            "SELECT count(DISTINCT member_id) FROM ops.consumer_leases WHERE topic = $1 AND consumer_group = $2 AND expires_at > now()");
        count.Parameters.Add(new() { Value = Topics.StandardPriority });
        count.Parameters.Add(new() { Value = desk.Options.Scoring.Group });
        while ((long)(await count.ExecuteScalarAsync(cancellationToken))! < workers) await Task.Delay(Look, desk.Time, cancellationToken);
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
