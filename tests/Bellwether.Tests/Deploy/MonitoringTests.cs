using System.Text.RegularExpressions;
using Bellwether.App.Api;
using Bellwether.App.Commands;
using Bellwether.Events;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Api;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Deploy;

/// <summary>Alert rules and dashboards, and a real Prometheus that scrapes the program.</summary>
public sealed partial class MonitoringTests(TestServer server, TestRedis redis)
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
    public void Every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not()
    {
        var cases = DeployFiles.Documents("prometheus/alerts.test.yml").SelectMany(d => (List<object>)d["tests"])
            .SelectMany(t => (List<object>)((Dictionary<object, object>)t)["alert_rule_test"]).Cast<Dictionary<object, object>>().ToArray();
        string[] Of(bool fires) => [.. cases.Where(c => ((List<object>)c["exp_alerts"]).Count > 0 == fires).Select(c => $"{c["alertname"]}").Distinct().Order()];
        var alerts = DeployFiles.Documents("prometheus/alerts.yml").SelectMany(d => (List<object>)d["groups"]).SelectMany(g => (List<object>)((Dictionary<object, object>)g)["rules"])
            .Select(r => $"{((Dictionary<object, object>)r)["alert"]}").Order().ToArray();
        Assert.Equal(alerts, Of(fires: true));
        Assert.Equal(alerts, Of(fires: false));
    }

    [Fact]
    public void Every_command_that_an_alert_names_is_there()
    {
        var root = CommandLine.Build(new Screen(TextWriter.Null, TextWriter.Null, () => Stream.Null), new());
        var named = MetricQuery.All.SelectMany(q => Named().Matches(q.Words)).Select(m => (m.Groups[1].Value, m.Groups[2].Value)).Distinct().ToArray();
        Assert.True(named.Length >= 4);
        Assert.All(named, n => Assert.Contains(root.Subcommands.Single(c => c.Name == n.Item1).Subcommands, c => c.Name == n.Item2));
    }

    [Fact]
    public async Task Every_query_names_metrics_and_labels_of_a_live_scrape()
    {
        var shared = await redis.OptionsAsync("monitoring");
        await using var desk = await ServedDesk.StartAsync(server, nameof(MonitoringTests), o => o with { Roles = ServeRoles.All },
            o => o with { WatchedTickers = ["ACME"], LakeInterval = TimeSpan.FromSeconds(1), HotStore = new() { Kind = HotStoreKind.Redis, Redis = shared } });
        await using var stream = await EventStream.OpenAsync(desk, "/api/v1/stream");
        var families = await LiveAsync(desk);
        var queries = MetricQuery.All;
        Assert.True(queries.Count > 50);
        Assert.DoesNotContain(queries.Select(q => q.Problem(families)), p => p is not null);
    }

    [Theory]
    [InlineData("sum by (topic) (rate(bellwether_events_scored_totals[5m]))", "{{topic}}", "there is no bellwether_events_scored_totals")]
    [InlineData("sum by (theme) (rate(scored[5m]))", "", "nothing has theme")]
    [InlineData("scored{theme=\"a\",topic=~\"b|c\"}", "", "scored has no theme")]
    [InlineData("max(scored)", "{{ $labels.topic }}", "shows topic")]
    [InlineData("max by (topic) (scored)", "{{instance}}", "shows instance")]
    [InlineData("time() - 5", "", "names no metric")]
    [InlineData("max by (topic) (scored{topic=\"x\"}) > 0.5 unless on (topic) (up == 0 or deriv(scored[5m]) < 1e3)", "{{topic}}", null)]
    public void A_query_is_checked_for_every_name_in_it(string expression, string words, string? problem)
    {
        var found = new MetricQuery("q", expression, words).Problem(new Dictionary<string, HashSet<string>> { ["scored"] = ["topic"], ["up"] = [] });
        if (problem is null) Assert.Null(found);
        else Assert.Contains(problem, found);
    }

    /// <summary>Metrics with the labels that they have, of a desk to which everything happened that is counted.</summary>
    static async Task<Dictionary<string, HashSet<string>>> LiveAsync(ServedDesk desk)
    {
        await desk.PushAsync(ServedDesk.Event("1", "ACME", "Acme rises"), ServedDesk.Event("2", "ACME", "Acme falls", more: ",\"priority\":\"high\""));
        // A batch that fails until its table is back, and a record of the log that is no event.
        await desk.Desk.Database.ScalarAsync<object?>("ALTER TABLE sentiment.ticker_sentiment RENAME TO away");
        using (var accepted = await desk.Http.PostAsync("/api/v1/events", ServedDesk.Lines(ServedDesk.Event("3", "ACME", "Acme rests")), Token))
            Assert.Equal(System.Net.HttpStatusCode.Accepted, accepted.StatusCode);
        await desk.Desk.Desk.Log.AppendAsync(Topics.StandardPriority, [new("ACME", "no event"u8.ToArray())], Token);
        while (!(await TextAsync(desk)).Contains("\nbellwether_batch_failures_total{", StringComparison.Ordinal)) await PauseAsync();
        await desk.Desk.Database.ScalarAsync<object?>("ALTER TABLE sentiment.away RENAME TO ticker_sentiment");
        while (true)
        {
            var text = await TextAsync(desk);
            string[] last = ["bellwether_dead_letters_total{", "bellwether_ticker_age_seconds{", "bellwether_group_lag_records{", "bellwether_lake_rows_written_total "];
            if (last.All(l => text.Contains($"\n{l}", StringComparison.Ordinal))) return Families(text);
            await PauseAsync();
        }
    }

    static Task<string> TextAsync(ServedDesk desk) => desk.Http.GetStringAsync("/metrics", Token);

    static Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Token);

    static Dictionary<string, HashSet<string>> Families(string text)
    {
        // Of every target, by Prometheus itself.
        var families = new Dictionary<string, HashSet<string>> { ["up"] = ["job", "instance"] };
        foreach (Match sample in Sample().Matches(text))
        {
            if (!families.TryGetValue(sample.Groups["name"].Value, out var labels)) families[sample.Groups["name"].Value] = labels = ["job", "instance"];
            labels.UnionWith(sample.Groups["label"].Captures.Select(c => c.Value));
        }
        return families;
    }

    [Fact]
    public async Task A_real_Prometheus_scrapes_the_program_and_evaluates_the_rules()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MonitoringTests));
        await desk.PushAsync(ServedDesk.Event("1", "ACME", "Acme rises"));
        await using var prometheus = new RunningPrometheus((await File.ReadAllTextAsync(DeployFiles.Of("prometheus", "prometheus.yml"), Token))
            .Replace("localhost:5080", desk.Server.Urls[0]["http://".Length..], StringComparison.Ordinal));
        Assert.Equal("1", await prometheus.ValueAsync("up{job=\"bellwether\"}"));
        Assert.NotEqual("0", await prometheus.ValueAsync("sum(bellwether_events_scored_total)"));
        Assert.NotEmpty(await prometheus.ValueAsync("bellwether_schema_revision"));
        while (true)
        {
            var rules = (await prometheus.DataAsync("rules")).GetProperty("groups")[0].GetProperty("rules").EnumerateArray().ToArray();
            Assert.Equal(MetricQuery.All.Count(q => q.Where.StartsWith("Bellwether", StringComparison.Ordinal)), rules.Length);
            Assert.All(rules, r => Assert.NotEqual("err", r.GetProperty("health").GetString()));
            if (rules.All(r => r.GetProperty("health").GetString() == "ok")) break;
            await PauseAsync();
        }
    }

    [GeneratedRegex(@"(?m)^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)(?:\{(?:(?<label>\w+)=""(?:[^""\\]|\\.)*"",?)*\})? ")]
    private static partial Regex Sample();

    [GeneratedRegex(@"\bbellwether ([a-z]+) ([a-z]+)")]
    private static partial Regex Named();
}
