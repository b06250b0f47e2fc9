using System.CommandLine;
using Bellwether.App.Bench;
using Bellwether.Events;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether bench</c>: what this machine gives, measured through the whole program in a folder of its own.</summary>
static class BenchCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var file = new Argument<string?>("FILE") { Description = "Headlines to read [default: generated ones]", Arity = ArgumentArity.ZeroOrOne };
        var events = new Option<int>("--events") { Description = "Headlines to generate", DefaultValueFactory = _ => 100_000, HelpName = "N" };
        var rate = new Option<int>("--rate") { Description = "Requests a second", DefaultValueFactory = _ => 500, HelpName = "N" };
        var seconds = new Option<int>("--seconds") { Description = "Length of the measurement", DefaultValueFactory = _ => 20, HelpName = "N" };
        var log = new Option<EventLogKind?>("--log") { Description = "Event log to measure with: postgres or kafka [default: as in the settings]", HelpName = "KIND" };
        var backlog = new Option<bool>("--backlog") { Description = "Fill the log first, and measure only from the log to committed results" };
        var standard = new Option<int>("--backlog") { Description = "Standard events that wait in the log meanwhile; the measured ones are then high priority", HelpName = "N" };
        var workers = new Option<int>("--workers") { Description = "Worker processes to compare with one", DefaultValueFactory = _ => 2, HelpName = "N" };
        var articles = new Option<int>("--events") { Description = "Articles to generate", DefaultValueFactory = _ => 20_000, HelpName = "N" };
        var characters = new Option<int>("--characters") { Description = "Length of an article", DefaultValueFactory = _ => 4_000, HelpName = "N" };
        return new Verb("bench", "Measure what this machine gives, in a folder of its own", "bench pipeline --json", "bench latency --rate 500 --seconds 20")
        {
            new Verb("pipeline", "From a file of headlines to committed results", "bench pipeline", "bench pipeline headlines.csv --json", "bench pipeline --log kafka --backlog") { file, events, log, backlog }
                .Runs(screen, globals, async (session, cancellationToken) =>
                {
                    var answer = await PipelineBench.RunAsync(
                        session, session.Get(file), session.Get(events), session.Get(log), session.Get(backlog), cancellationToken);
                    if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.PipelineBenchAnswer);
                    else session.Screen.Out.WriteLine(
                        $"{answer.Events:n0} headlines in {answer.Seconds:0.00} s: {answer.EventsPerSecond:n0} events/s, peak {answer.PeakMb} MB, {answer.Processors} processors");
                    return ExitCode.Ok;
                }),
            new Verb("latency", "From an HTTP request to the hot store", "bench latency", "bench latency --rate 500 --json", "bench latency --backlog 100000 --log kafka") { rate, seconds, log, standard }
                .Runs(screen, globals, async (session, cancellationToken) =>
                {
                    var answer = await LatencyBench.RunAsync(session, session.Get(rate), session.Get(seconds), session.Get(log), session.Get(standard), cancellationToken);
                    if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.LatencyBenchAnswer);
                    else session.Screen.Out.WriteLine(
                        $"{answer.Requests:n0} requests at {answer.RequestsPerSecond:n0}/s, {answer.Failed} failed; ms to 202: p50 {answer.AcceptedMs.P50}, p99 {answer.AcceptedMs.P99}; "
                        + $"ms to the hot store: p50 {answer.VisibleMs.P50}, p95 {answer.VisibleMs.P95}, p99 {answer.VisibleMs.P99}, max {answer.VisibleMs.Max}; "
                        + (answer.Backlog > 0 ? $"backlog {answer.Backlog:n0}, {answer.BacklogLeft:n0} of it left; " : "") + $"peak {answer.PeakMb} MB");
                    return answer.Failed == 0 ? ExitCode.Ok : ExitCode.Failure;
                }),
            new Verb("scale", "Scoring of long articles by one worker process and by several", "bench scale", "bench scale --workers 4 --events 40000 --json") { articles, characters, workers }
                .Runs(screen, globals, async (session, cancellationToken) =>
                {
                    var answer = await ScaleBench.RunAsync(session, session.Get(articles), session.Get(characters), session.Get(workers), cancellationToken);
                    if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ScaleBenchAnswer);
                    else
                        session.Screen.Out.WriteLine(
                            string.Join("; ", answer.Steps.Select(s => $"{s.Workers} worker{(s.Workers > 1 ? "s" : "")}: {s.EventsPerSecond:n0} articles/s")) + $"; {answer.Speedup:0.00} times, {answer.Processors} processors");
                    return ExitCode.Ok;
                }),
        };
    }
}
