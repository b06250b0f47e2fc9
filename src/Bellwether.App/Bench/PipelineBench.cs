using System.Text;
using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.App.Bench;

sealed record PipelineBenchAnswer(long Events, long Results, double Seconds, double EventsPerSecond, long PeakMb, int Processors);

/// <summary>Headlines from a file until their results are committed, into a fresh desk: reading, log, scoring and database in one run.</summary>
static class PipelineBench
{
    static readonly string[] Companies = ["Apple", "Microsoft", "Tesla", "Nvidia", "Boeing", "Pfizer", "Costco", "Walmart", "Intel", "Netflix"];
    static readonly string[] Tickers = ["AAPL", "MSFT", "TSLA", "NVDA", "BA", "PFE", "COST", "WMT", "INTC", "NFLX"];
    static readonly string[] News =
    [
        "beats estimates as margins widen", "cuts its full-year outlook", "is upgraded to overweight, target raised to ${0}", "misses on revenue",
        "announces a ${0} million buyback", "recalls a product after complaints", "shares are trading higher after results", "names a new finance chief",
    ];

    /// <param name="kind">The log to measure with; null for the one of the settings.</param>
    /// <param name="backlog">Fill the log first, and measure only from there to the committed results.</param>
    public static async Task<PipelineBenchAnswer> RunAsync(
        Session session, string? file, int events, EventLogKind? kind, bool backlog, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        file ??= Write(Path.Combine(folder.Path, "headlines.csv"), events);
        var options = session.LoadOptions(folder.Path).Passing();
        options = options with { EventLog = options.EventLog with { Kind = kind ?? options.EventLog.Kind } };
        if (options.EventLog.Kind == EventLogKind.Kafka)
        {
            // Topics of its own, because the desk is new: what others have in theirs would be scored too.
            options = options with { EventLog = options.EventLog with { Kafka = options.EventLog.Kafka with { TopicPrefix = $"bench-{$"{Guid.NewGuid():N}"[..8]}." } } };
            session.Note($"Kafka at {options.EventLog.Kafka.BootstrapServers}; the topics {options.EventLog.Kafka.TopicPrefix}* stay there");
        }
        await using var desk = await session.OpenAsync(cancellationToken, options: options);
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

    static string Write(string path, int events)
    {
        using var output = new StreamWriter(path, append: false, new UTF8Encoding(false));
        output.WriteLine("title,date,stock");
        var start = new DateTime(2024, 1, 2, 14, 30, 0, DateTimeKind.Utc);
        for (var i = 0; i < events; i++)
            output.WriteLine($"\"{Companies[i % 10]} {string.Format(null, News[i / 10 % 8], i % 900 + 10)} ({i})\",{start.AddSeconds(i * 7):yyyy-MM-ddTHH:mm:ssZ},{Tickers[i % 10]}");
        return path;
    }
}
