using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bellwether.Diagnostics;
using Bellwether.Tests.Api;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Deploy;

/// <summary>Alert rules and dashboards, and a real Prometheus that scrapes the program.</summary>
public sealed partial class MonitoringTests(TestServer server)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static string Rules => Repository.File("deploy", "prometheus", "alerts.yml");

    [Fact]
    public async Task Alert_rules_pass_their_own_tests()
    {
        var promtool = Programs.Require("promtool", "prometheus");
        foreach (var arguments in new string[][] { ["check", "rules", Rules], ["test", "rules", Repository.File("deploy", "prometheus", "alerts.test.yml")] })
        {
            var (code, output) = await Programs.RunAsync(promtool, arguments);
            Assert.True(code == 0, output);
        }
    }

    [Fact]
    public async Task Dashboards_are_what_their_definition_says()
    {
        var (code, output) = await Programs.RunAsync("node", Repository.File("deploy", "grafana", "generate"), "--check");
        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task Every_query_names_metrics_that_exist()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MonitoringTests));
        // One request is counted before the metrics are asked for.
        await desk.PushAsync(ServedDesk.Event("1", "ACME", "Acme rises"));
        using var response = await desk.GetAsync("/metrics");
        var known = Exported((await response.Content.ReadAsStringAsync(Token)).Split('\n').Where(l => l.StartsWith("# TYPE", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]));
        var queries = Directory.EnumerateFiles(Repository.File("deploy", "grafana", "dashboards")).SelectMany(File.ReadAllLines)
            .Where(l => l.Contains("\"expr\"", StringComparison.Ordinal))
            .Concat(File.ReadAllLines(Rules).Where(l => l.Contains("expr:", StringComparison.Ordinal))).ToArray();
        Assert.True(queries.Length > 30);
        Assert.All(queries, query => Assert.All(Metric().Matches(query).Select(m => m.Value), name => Assert.True(known.Contains(name), $"{name} in {query}")));
    }

    [Fact]
    public async Task A_real_Prometheus_scrapes_the_program_and_evaluates_the_rules()
    {
        var program = Programs.Require("prometheus", "prometheus");
        await using var desk = await ServedDesk.StartAsync(server, nameof(MonitoringTests));
        await desk.PushAsync(ServedDesk.Event("1", "ACME", "Acme rises"));
        var (folder, port) = (TestFolder.Create("prometheus"), FreePort());
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"),
            (await File.ReadAllTextAsync(Repository.File("deploy", "prometheus", "prometheus.yml"), Token))
                .Replace("localhost:5080", desk.Server.Urls[0]["http://".Length..], StringComparison.Ordinal).Replace("15s", "1s", StringComparison.Ordinal), Token);
        File.Copy(Rules, Path.Combine(folder, "alerts.yml"));
        using var prometheus = Process.Start(new ProcessStartInfo(program,
        [
            $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ]))!;
        try
        {
            using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}/api/v1/") };
            Assert.Equal("1", await ValueAsync(http, "up{job=\"bellwether\"}"));
            Assert.NotEqual("0", await ValueAsync(http, "sum(bellwether_events_scored_total)"));
            Assert.NotNull(await ValueAsync(http, "bellwether_schema_revision"));
            var rules = JsonDocument.Parse(await http.GetStringAsync("rules", Token)).RootElement.GetProperty("data").GetProperty("groups")[0].GetProperty("rules");
            Assert.True(rules.GetArrayLength() >= 8);
            Assert.All(rules.EnumerateArray(), r => Assert.NotEqual("err", r.GetProperty("health").GetString()));
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(Token);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The value of a query that has one sample, once there is one.</summary>
    static async Task<string?> ValueAsync(HttpClient http, string query)
    {
        while (true)
        {
            try
            {
                var answer = JsonDocument.Parse(await http.GetStringAsync($"query?query={Uri.EscapeDataString(query)}", Token)).RootElement.GetProperty("data").GetProperty("result");
                if (answer.GetArrayLength() > 0) return answer[0].GetProperty("value")[1].GetString();
            }
            catch (HttpRequestException)
            {
                // Prometheus is still starting.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Token);
        }
    }

    /// <summary>Names as Prometheus knows them: of all instruments, whether they have counted yet or not, and what the text holds beside.</summary>
    static HashSet<string> Exported(IEnumerable<string> families)
    {
        var names = families.ToHashSet();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Instruments.Name) names.Add(new MetricFamily(instrument, null).Name);
            },
        };
        listener.Start();
        foreach (var name in names.ToArray()) names.UnionWith([$"{name}_bucket", $"{name}_count", $"{name}_sum"]);
        // Prometheus's own, and those of the database driver, which count once a connection was pooled.
        names.UnionWith(["up", "db_client_connections"]);
        return names;
    }

    static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"\b(?:bellwether|http_server|db_client|process|dotnet)_[a-z0-9_]+(?=[\[{)\s]|$|"")|\bup\b")]
    private static partial Regex Metric();
}
