using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Bellwether.App;
using Bellwether.App.Api;
using Bellwether.App.Workers;
using Bellwether.Diagnostics;
using Bellwether.Storage;
using Bellwether.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>GET /metrics, as a scraper reads it.</summary>
public sealed partial class MetricsTests(TestServer server)
{
    [Fact]
    public async Task The_text_keeps_the_rules_of_the_format_and_has_the_numbers_of_the_pipeline()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MetricsTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"), Event("2", "BETA", "Beta falls"));
        using var response = await desk.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var families = Parse(await response.Content.ReadAsStringAsync(Token));
        Assert.Superset(
            new HashSet<string>
            {
                "bellwether_feed_records_total", "bellwether_events_appended_total", "bellwether_events_scored_total",
                "bellwether_results_committed_total",
                "bellwether_stage_seconds", "bellwether_event_latency_seconds", "bellwether_consumer_lag_records",
                "bellwether_hot_store_entries",
                "process_cpu_seconds_total", "process_resident_memory_bytes", "dotnet_gc_collections_total",
                "http_server_request_duration_seconds", "bellwether_build_info",
            },
            families.Keys.ToHashSet());
        // Other tests count in the same process: at least these two.
        Assert.True(families["bellwether_events_scored_total"].Sum(s => s.Value) >= 2);
        Assert.True(families["process_resident_memory_bytes"].Single().Value > 10_000_000);
        Assert.Contains(families["http_server_request_duration_seconds"], s => s.Labels.Contains("http_route=\"/api/v1/events\""));
        Assert.DoesNotContain(families.SelectMany(f => f.Value), s => s.Labels.Contains("ACME", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_lag_of_the_group_is_told_without_any_worker_by_the_scheduler(bool kafka)
    {
        using var broker = kafka ? await TestKafka.OwnAsync() : null;
        await using var desk = await ServedDesk.StartAsync(server, nameof(MetricsTests), o => o with { Roles = ServeRoles.Api },
            o => broker is null ? o : o with { EventLog = TestKafka.Options("lag", broker.Bootstrap) });
        foreach (var (id, more) in new[] { ("1", ""), ("2", ""), ("3", ",\"priority\":\"high\"") })
            using (var accepted = await desk.Http.PostAsync("/api/v1/events", Lines(Event(id, "ACME", "Acme rises", more: more)), Token))
                Assert.Equal(System.Net.HttpStatusCode.Accepted, accepted.StatusCode);
        string[] inputs = ["hipri-events high 1", "stdpri-events standard 2"];
        Assert.Equal(kafka ? ["analyzed-sentiment none 0", .. inputs] : inputs, await LagAsync(desk.Desk.Desk));

        await using (desk.Desk.Work())
            while (!(await LagAsync(desk.Desk.Desk)).All(l => l.EndsWith(" 0", StringComparison.Ordinal)))
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
    }

    /// <summary>What one desk tells of its lag. Others in this process tell theirs at the same time, under the same names.</summary>
    static async Task<string[]> LagAsync(Desk desk)
    {
        var (mine, told) = (new AsyncLocal<bool> { Value = true }, new List<string>());
        using var listener = new MeterListener { InstrumentPublished = (i, l) => { if (i == Instruments.GroupLag) l.EnableMeasurementEvents(i); } };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (mine.Value) told.Add($"{tags[0].Value} {tags[1].Value} {value}");
        });
        listener.Start();
        await new StateMetricsService(desk, NullLogger<StateMetricsService>.Instance).ReadLagAsync(Token);
        return [.. told.Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_database_that_is_behind_the_program_or_ahead_of_it_is_told_by_how_much()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(MetricsTests));
        Assert.Equal(0, await PendingAsync());
        await desk.Database.ScalarAsync<object?>("DELETE FROM public.bellwether_migrations WHERE revision > 2");
        Assert.Equal(Migration.Shipped.Count - 2, await PendingAsync());
        await desk.Database.ScalarAsync<object?>($"INSERT INTO public.bellwether_migrations (revision, name, checksum) VALUES ({Migration.Shipped.Count + 3}, 'later', '')");
        Assert.Equal(-3, await PendingAsync());

        async Task<long> PendingAsync()
        {
            var (mine, told) = (new AsyncLocal<bool> { Value = true }, new List<long>());
            using var listener = new MeterListener { InstrumentPublished = (i, l) => { if (i == Instruments.SchemaPending) l.EnableMeasurementEvents(i); } };
            listener.SetMeasurementEventCallback<long>((_, value, _, _) => { if (mine.Value) told.Add(value); });
            listener.Start();
            await new StateMetricsService(desk.Desk, NullLogger<StateMetricsService>.Instance).ReadAsync(Token);
            return Assert.Single(told);
        }
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_say()
    {
        var promtool = Programs.Require("promtool", "prometheus");
        await using var desk = await ServedDesk.StartAsync(server, nameof(MetricsTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"));
        var text = await desk.Http.GetStringAsync("/metrics", Token);
        Assert.Contains("\ndb_client_connections{", text);
        using var check = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await check.StandardInput.WriteAsync(text);
        check.StandardInput.Close();
        var said = string.Concat(await Task.WhenAll(check.StandardOutput.ReadToEndAsync(Token), check.StandardError.ReadToEndAsync(Token)));
        await check.WaitForExitAsync(Token);
        Assert.Equal((0, ""), (check.ExitCode, said.Trim()));
    }

    sealed record Sample(string Name, string Labels, double Value);

    /// <summary>Reads the text strictly: one block for each family, HELP and TYPE first, no series twice, complete histograms.</summary>
    static Dictionary<string, List<Sample>> Parse(string text)
    {
        Assert.EndsWith("\n", text);
        var families = new Dictionary<string, List<Sample>>();
        var types = new Dictionary<string, string>();
        string? helped = null, current = null;
        foreach (var line in text.Split('\n')[..^1])
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                helped = line.Split(' ')[2];
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                current = line.Split(' ')[2];
                Assert.Equal(helped, current);
                Assert.True(families.TryAdd(current, []), $"{current} stands in two places");
                types[current] = line.Split(' ')[3];
                Assert.True(types[current] is "counter" or "gauge" or "histogram", line);
            }
            else
            {
                var match = SampleLine().Match(line);
                Assert.True(match.Success, line);
                var sample = new Sample(match.Groups["name"].Value, match.Groups["labels"].Value, Number(match.Groups["value"].Value));
                Assert.True(types[current!] == "histogram"
                    ? sample.Name[(sample.Name.LastIndexOf('_') + 1)..] is "bucket" or "sum" or "count" : sample.Name == current, line);
                Assert.StartsWith(current!, sample.Name);
                Assert.DoesNotContain(families[current!], s => s.Name == sample.Name && s.Labels == sample.Labels);
                families[current!].Add(sample);
            }
        }
        Assert.All(families.Values, Assert.NotEmpty);
        foreach (var (name, samples) in families.Where(f => types[f.Key] == "histogram"))
            foreach (var count in samples.Where(s => s.Name == $"{name}_count"))
            {
                var buckets = samples.Where(s => s.Name == $"{name}_bucket" && WithoutBound(s.Labels) == count.Labels).ToArray();
                Assert.Equal(buckets.Select(b => b.Value).Order(), buckets.Select(b => b.Value));
                Assert.Contains("le=\"+Inf\"", buckets[^1].Labels);
                Assert.Equal(count.Value, buckets[^1].Value);
            }
        Assert.All(families.Where(f => types[f.Key] == "counter"), f => Assert.EndsWith("_total", f.Key));
        return families;
    }

    static double Number(string text) => text == "+Inf" ? double.PositiveInfinity : double.Parse(text, CultureInfo.InvariantCulture);

    static string WithoutBound(string labels) => Bound().Replace(labels, "").TrimEnd(',');

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*",?)*)\})? (?<value>[-+0-9.eE]+|NaN|[+-]Inf)$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("le=\"[^\"]*\"")]
    private static partial Regex Bound();
}
