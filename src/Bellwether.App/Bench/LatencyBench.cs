using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Text;
using Bellwether.App.Api;
using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Feeds;

namespace Bellwether.App.Bench;

/// <param name="AcceptedMs">From the start of a request to its 202.</param>
/// <param name="VisibleMs">From the start of a request until its ticker can be read in the hot store.</param>
/// <param name="Backlog">Standard events that waited when the first request was sent.</param>
/// <param name="BacklogLeft">Those that still waited when the last was answered.</param>
sealed record LatencyBenchAnswer(
    int Requests, int Failed, double RequestsPerSecond, Percentiles AcceptedMs, Percentiles VisibleMs, int Backlog, long BacklogLeft, long PeakMb, int Processors);

sealed record Percentiles(double P50, double P95, double P99, double Max)
{
    public static Percentiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        double At(double p) => sorted.Length == 0 ? double.NaN : Math.Round(sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(p * sorted.Length) - 1)], 2);
        return new(At(0.50), At(0.95), At(0.99), At(1));
    }
}

/// <summary>
/// Single events over HTTP at a steady rate, each for a ticker of its own, so that the moment in which its result is in the hot store can be
/// seen. Requests start by the clock, whether or not the ones before have ended: a stall shows in the figures.
/// </summary>
static class LatencyBench
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var rate = BenchDesk.Number("--rate", "Requests a second", 500);
        var seconds = BenchDesk.Number("--seconds", "Length of the measurement", 20);
        var log = BenchDesk.Log();
        var backlog = new Option<int>("--backlog") { Description = "Standard events that wait in the log meanwhile; the measured ones are then high priority", HelpName = "N" };
        return new Verb("latency", "From an HTTP request to the hot store", "bench latency", "bench latency --rate 500 --json", "bench latency --backlog 100000 --log kafka") { rate, seconds, log, backlog }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(rate), session.Get(seconds), session.Get(log), session.Get(backlog), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.LatencyBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.Requests:n0} requests at {answer.RequestsPerSecond:n0}/s, {answer.Failed} failed; ms to 202: p50 {answer.AcceptedMs.P50}, p99 {answer.AcceptedMs.P99}; "
                    + $"ms to the hot store: p50 {answer.VisibleMs.P50}, p95 {answer.VisibleMs.P95}, p99 {answer.VisibleMs.P99}, max {answer.VisibleMs.Max}; "
                    + (answer.Backlog > 0 ? $"backlog {answer.Backlog:n0}, {answer.BacklogLeft:n0} of it left; " : "") + $"peak {answer.PeakMb} MB");
                return answer.Failed == 0 ? ExitCode.Ok : ExitCode.Failure;
            });
    }

    /// <param name="kind">The log to measure with; null for the one of the settings.</param>
    /// <param name="backlog">Standard events to put into the log first. The measured ones are then high priority.</param>
    public static async Task<LatencyBenchAnswer> RunAsync(
        Session session, int rate, int seconds, EventLogKind? kind, int backlog, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder();
        await using var desk = await session.OpenAsync(cancellationToken, options: BenchDesk.Options(session, folder, kind));
        if (backlog > 0) await desk.Ingestor.RunAsync([FeedSource.Parse(BenchDesk.WriteHeadlines(folder, backlog))], new() { Type = EventType.News }, null, cancellationToken);
        await using var server = await BellwetherServer.StartAsync(
            desk, new() { Urls = ["http://127.0.0.1:0"], RequestsPerSecond = Math.Max(5_000, rate * 2) }, cancellationToken);
        using var client = new HttpClient { BaseAddress = new(server.Urls[0]) };
        var priority = backlog > 0 ? "high" : "standard";
        await SendAsync(client, "WARM", priority, cancellationToken);

        var total = rate * seconds;
        var pending = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var (accepted, visible) = (new ConcurrentBag<double>(), new ConcurrentBag<double>());
        var failed = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(desk, session.Time, pending, visible, stop.Token);
        var requests = new List<Task>(total);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < total; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / rate) - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.FromMilliseconds(1)) await Task.Delay(due, session.Time, cancellationToken);
            requests.Add(OneAsync($"B{i}"));
        }
        await Task.WhenAll(requests);
        var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var group = desk.Options.EventLog.StoredGroup(desk.Options.Scoring.Group);
        var left = backlog == 0 ? 0 : (await GroupLag.OfAsync(desk.DataSource, desk.Log, Topics.StandardPriority, group, cancellationToken)).Records;
        for (var wait = 0; !pending.IsEmpty && wait < 3_000; wait++) await Task.Delay(TimeSpan.FromMilliseconds(10), session.Time, cancellationToken);
        await stop.CancelAsync();
        await watching;
        return new(total, failed + pending.Count, Math.Round(total / elapsed, 1), Percentiles.Of(accepted), Percentiles.Of(visible), backlog, left,
            BenchFolder.PeakMegabytes(), Environment.ProcessorCount);

        async Task OneAsync(string ticker)
        {
            var start = Stopwatch.GetTimestamp();
            pending[ticker] = start;
            if (await SendAsync(client, ticker, priority, cancellationToken))
            {
                accepted.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                return;
            }
            Interlocked.Increment(ref failed);
            pending.TryRemove(ticker, out _);
        }
    }

    static async Task<bool> SendAsync(HttpClient client, string ticker, string priority, CancellationToken cancellationToken)
    {
        using var body = new StringContent(
            $$"""{"id":"{{ticker}}","source":"bench","tickers":["{{ticker}}"],"priority":"{{priority}}","timestamp":"2024-05-06T14:30:00Z","text":"Shares rise after the company beats estimates and raises guidance"}""",
            Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/api/v1/events", body, cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    static async Task WatchAsync(
        Desk desk, TimeProvider time, ConcurrentDictionary<string, long> pending, ConcurrentBag<double> visible, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var tickers = pending.Keys.ToArray();
            var found = await desk.Hot.GetManyAsync(tickers, CancellationToken.None);
            for (var i = 0; i < tickers.Length; i++)
                if (found[i] is not null && pending.TryRemove(tickers[i], out var start))
                    visible.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(1), time, cancellationToken));
        }
    }
}
