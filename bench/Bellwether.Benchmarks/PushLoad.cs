using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Bellwether.App;
using Bellwether.App.Api;
using Bellwether.App.Bench;

namespace Bellwether.Benchmarks;

/// <summary>
/// Events that arrive over HTTP at a steady rate, one a request: time from the moment a request was due until it is answered, and until the
/// hot store shows its event. Server, workers and client share this process, so the figures include the client's own work.
/// </summary>
static class PushLoad
{
    const int Tickers = 200;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    public static async Task<int> RunAsync(int rate, int seconds)
    {
        using var folder = new BenchFolder();
        await using var desk = await Desk.OpenAsync(new() { DataDirectory = folder.Path }, null, CancellationToken.None);
        await using var server = await BellwetherServer.StartAsync(
            desk, new() { Urls = ["http://127.0.0.1:0"], Roles = ServeRoles.Api | ServeRoles.Worker | ServeRoles.Scheduler },
            CancellationToken.None);
        await new Run(desk, server.Urls[0], rate).MeasureAsync(rate * 3, "warm-up");
        await new Run(desk, server.Urls[0], rate).MeasureAsync(rate * seconds, "measured");
        using var process = Process.GetCurrentProcess();
        Console.WriteLine($"peak memory {process.PeakWorkingSet64 >> 20} MiB on {Environment.ProcessorCount} processors");
        return 0;
    }

    sealed class Run(Desk desk, string url, int rate)
    {
        readonly string _name = Guid.NewGuid().ToString("N")[..6].ToUpperInvariant();
        readonly ConcurrentQueue<long>[] _due = [.. Enumerable.Range(0, Tickers).Select(_ => new ConcurrentQueue<long>())];
        readonly List<double> _visible = [];
        readonly ConcurrentBag<double> _answered = [];

        string Ticker(int i) => $"T{_name}{i}";

        public async Task MeasureAsync(int events, string title)
        {
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64 }) { BaseAddress = new(url) };
            var before = Environment.CpuUsage.TotalTime;
            var watching = Task.Run(() => WatchAsync(events));
            var started = Stopwatch.GetTimestamp();
            var requests = new List<Task>(events);
            for (var i = 0; i < events; i++)
            {
                var due = started + (long)(i * (double)Stopwatch.Frequency / rate);
                while (Stopwatch.GetTimestamp() < due) await Task.Delay(Look, TimeProvider.System);
                _due[i % Tickers].Enqueue(due);
                requests.Add(PushAsync(http, i, due));
            }
            await Task.WhenAll(requests);
            await watching;
            var used = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / events;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{title}: {events} requests at {rate}/s, {used:F2} ms of processor each, client included"));
            Console.WriteLine($"  answered {Quantiles(_answered)}");
            Console.WriteLine($"  in the hot store {Quantiles(_visible)}");
        }

        async Task PushAsync(HttpClient http, int i, long due)
        {
            var body = $$"""
                {"event_id":"{{_name}}-{{i}}","timestamp":"2024-05-01T14:30:00Z","tickers":["{{Ticker(i % Tickers)}}"],"source":"load",
                "article_title":"Company {{i}} beats estimates and raises its outlook for the year"}
                """;
            using var response = await http.PostAsync("/api/v1/events", new StringContent(body, Encoding.UTF8, "application/json"));
            if (response.StatusCode != HttpStatusCode.Accepted)
                throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            _answered.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
        }

        /// <summary>Events of one ticker become visible in the order of the log, so the n-th is visible once the count is n.</summary>
        async Task WatchAsync(int events)
        {
            var tickers = Enumerable.Range(0, Tickers).Select(Ticker).ToArray();
            var seen = new long[Tickers];
            while (_visible.Count < events)
            {
                var states = await desk.Hot.GetManyAsync(tickers, CancellationToken.None);
                for (var t = 0; t < Tickers; t++)
                    for (; states[t] is { } state && seen[t] < state.Count && _due[t].TryDequeue(out var due); seen[t]++)
                        _visible.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
                await Task.Delay(Look, TimeProvider.System);
            }
        }

        static string Quantiles(IEnumerable<double> values)
        {
            var sorted = values.Order().ToArray();
            return string.Create(CultureInfo.InvariantCulture,
                $"p50 {sorted[sorted.Length / 2]:F1} ms, p99 {sorted[sorted.Length * 99 / 100]:F1} ms, worst {sorted[^1]:F1} ms");
        }
    }
}
