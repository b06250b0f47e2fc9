using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.App.Bench;

sealed record PipelineBenchAnswer(long Events, long Results, double Seconds, double EventsPerSecond, long PeakMb, int Processors);

/// <summary>Headlines from a file until their results are committed, into a fresh desk: reading, log, scoring and database in one run.</summary>
static class PipelineBench
{
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
