using System.CommandLine;
using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.App.Bench;

sealed record PipelineBenchAnswer(long Events, long Results, double Seconds, double EventsPerSecond, long PeakMb, int Processors);

/// <summary>Headlines from a file until their results are committed, into a fresh desk: reading, log, scoring and database in one run.</summary>
static class PipelineBench
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var file = new Argument<string?>("FILE") { Description = "Headlines to read [default: generated ones]", Arity = ArgumentArity.ZeroOrOne };
        var events = BenchDesk.Number("--events", "Headlines to generate", 100_000);
        var log = BenchDesk.Log();
        var backlog = new Option<bool>("--backlog") { Description = "Fill the log first, and measure only from the log to committed results" };
        return new Verb("pipeline", "From a file of headlines to committed results", "bench pipeline", "bench pipeline headlines.csv --json", "bench pipeline --log kafka --backlog") { file, events, log, backlog }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(file), session.Get(events), session.Get(log), session.Get(backlog), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.PipelineBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.Events:n0} headlines in {answer.Seconds:0.00} s: {answer.EventsPerSecond:n0} events/s, peak {answer.PeakMb} MB, {answer.Processors} processors");
                return ExitCode.Ok;
            });
    }

    /// <param name="kind">The log to measure with; null for the one of the settings.</param>
    /// <param name="backlog">Fill the log first, and measure only from there to the committed results.</param>
    public static async Task<PipelineBenchAnswer> RunAsync(
        Session session, string? file, int events, EventLogKind? kind, bool backlog, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        file ??= BenchDesk.WriteHeadlines(folder, events);
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, kind));
        var started = session.Time.GetTimestamp();
        await using var early = backlog ? null : new ScoringTasks(desk, cancellationToken);
        var run = await desk.Ingestor.RunAsync([FeedSource.Parse(file)], new() { Type = EventType.News }, null, cancellationToken);
        if (backlog) started = session.Time.GetTimestamp();
        await using var late = backlog ? new ScoringTasks(desk, cancellationToken) : null;
        var workers = early ?? late!;
        var outcome = await workers.GuardAsync(desk.Ingestor.WaitAsync(run, null, cancellationToken));
        var seconds = session.Time.GetElapsedTime(started).TotalSeconds;
        return new(outcome.Read, outcome.Results, Math.Round(seconds, 3), Math.Round(outcome.Read / seconds), BenchFolder.PeakMegabytes(), Environment.ProcessorCount);
    }
}
