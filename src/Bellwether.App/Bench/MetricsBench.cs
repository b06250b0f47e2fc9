using System.CommandLine;
using Bellwether.App.Commands;
using Bellwether.Diagnostics;

namespace Bellwether.App.Bench;

/// <param name="Plain">Events a second without metrics, of each run.</param>
/// <param name="Collected">Events a second with metrics that are collected and read every second, of each run.</param>
/// <param name="OverheadPercent">By how much the median of one lies below that of the other; below 0: lost in the noise.</param>
sealed record MetricsBenchAnswer(int Events, IReadOnlyList<double> Plain, IReadOnlyList<double> Collected, double OverheadPercent, int Processors);

/// <summary>What it costs to collect metrics: the whole pipeline with and without, in turn, so that both have the same machine.</summary>
static class MetricsBench
{
    static readonly TimeSpan Scrape = TimeSpan.FromSeconds(1);

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var events = BenchDesk.Number("--events", "Headlines to generate for each run", 100_000);
        var runs = BenchDesk.Number("--runs", "Runs with and without metrics", 5);
        return new Verb("metrics", "What collecting metrics costs the pipeline", "bench metrics", "bench metrics --runs 9 --json") { events, runs }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(events), session.Get(runs), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.MetricsBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"without metrics {Median(answer.Plain):n0} events/s, with them {Median(answer.Collected):n0}: {answer.OverheadPercent:0.0} % less, {answer.Processors} processors");
                return ExitCode.Ok;
            });
    }

    static async Task<MetricsBenchAnswer> RunAsync(Session session, int events, int runs, CancellationToken cancellationToken)
    {
        var (plain, collected) = (new List<double>(), new List<double>());
        // The first run of a process compiles what the others find ready.
        await OneAsync();
        for (var run = 0; run < runs; run++)
        {
            plain.Add(await OneAsync());
            using var metrics = new PrometheusMetrics(PrometheusMetrics.Defaults);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var reading = ReadAsync(metrics, stop.Token);
            collected.Add(await OneAsync());
            await stop.CancelAsync();
            await reading;
        }
        return new(events, plain, collected, Math.Round(100 * (1 - Median(collected) / Median(plain)), 2), Environment.ProcessorCount);

        async Task<double> OneAsync() => (await PipelineBench.RunAsync(session, null, events, null, false, cancellationToken)).EventsPerSecond;

        async Task ReadAsync(PrometheusMetrics metrics, CancellationToken token)
        {
            while (!token.IsCancellationRequested)
            {
                await Task.Delay(Scrape, session.Time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var page = new PrometheusText();
                metrics.Write(page);
                _ = page.ToString();
            }
        }
    }

    static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);
}
