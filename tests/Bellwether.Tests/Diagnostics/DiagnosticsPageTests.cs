using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Bellwether.App.Workers;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Api;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Diagnostics;

/// <summary>The tables of docs/diagnostics.md are what the program has.</summary>
public sealed partial class DiagnosticsPageTests(TestServer server)
{
    static string[] Page => File.ReadAllLines(Repository.File("docs", "diagnostics.md"));

    /// <summary>First cells of the rows of the tables in a section.</summary>
    static IEnumerable<string> Cells(string section) => Page.SkipWhile(l => l != $"## {section}").Skip(1)
        .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal)).Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('|')[1]);

    /// <summary>Metrics of the page with their labels. Those that are told as a group, with a … in their name, are the runtime's.</summary>
    static Dictionary<string, string[]> Documented => Cells("Metrics").SelectMany(c => Metric().Matches(c))
        .ToDictionary(m => m.Groups["name"].Value, m => m.Groups["labels"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public async Task The_page_has_every_metric_of_the_program_and_no_other()
    {
        var names = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Instruments.Name) names.Add(new MetricFamily(instrument, null).Name);
            },
        };
        // Published when they are first touched.
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Instruments).TypeHandle);
        listener.Start();
        Assert.True(names.Count > 30);
        // And those that are written into the text beside the instruments.
        await using var desk = await ServedDesk.StartAsync(server, nameof(DiagnosticsPageTests));
        names.UnionWith(Samples(await desk.Http.GetStringAsync("/metrics", ServedDesk.Token)).Keys.Where(n => n.StartsWith("bellwether_", StringComparison.Ordinal)));
        Assert.Equal(names.Order(), Documented.Keys.Where(n => n.StartsWith("bellwether_", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task Labels_on_the_page_are_those_of_a_scrape()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(DiagnosticsPageTests), desk: o => o with { WatchedTickers = ["ACME"] });
        await desk.PushAsync(ServedDesk.Event("1", "ACME", "Acme rises"));
        Dictionary<string, string[]> live;
        do live = Samples(await desk.Http.GetStringAsync("/metrics", ServedDesk.Token));
        while (!live.ContainsKey("bellwether_ticker_age_seconds") || !live.ContainsKey("http_server_request_duration_seconds"));
        var documented = Documented;
        var both = live.Keys.Intersect(documented.Keys).ToArray();
        Assert.True(both.Length > 25, string.Join(' ', both));
        Assert.All(both, name => Assert.Equal($"{name}: {string.Join(',', live[name])}", $"{name}: {string.Join(',', documented[name])}"));
    }

    [Fact]
    public async Task The_page_has_every_job_and_no_other()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(DiagnosticsPageTests),
            o => o with { LakeSealAfter = TimeSpan.FromDays(30), LakeViewRefresh = TimeSpan.FromHours(1), HotStore = new() { Kind = HotStoreKind.Redis, Redis = new() { Connection = "127.0.0.1:1" } } });
        var jobs = SchedulerService.JobsOf(desk.Desk, new LogUpkeep(desk.Desk.DataSource, [desk.Desk.Log], desk.Desk.Options.EventLog, desk.Desk.Time));
        Assert.Equal(jobs.Select(j => j.Name).Order(), Cells("Jobs").Select(c => c.Trim(' ', '`')).Order());
    }

    /// <summary>Families of a scrape with their labels in alphabetical order.</summary>
    static Dictionary<string, string[]> Samples(string text)
    {
        var histograms = Histogram().Matches(text).Select(m => m.Groups["name"].Value).ToHashSet();
        return Sample().Matches(text)
            .Select(m => (Name: Family(m.Groups["name"].Value), Labels: m.Groups["label"].Captures.Select(c => c.Value).Where(l => l != "le")))
            .GroupBy(s => s.Name, s => s.Labels).ToDictionary(g => g.Key, g => g.SelectMany(l => l).Distinct().Order(StringComparer.Ordinal).ToArray());

        string Family(string sample) => histograms.FirstOrDefault(h => sample == $"{h}_bucket" || sample == $"{h}_sum" || sample == $"{h}_count") ?? sample;
    }

    [GeneratedRegex("`(?<name>[a-z_]+)(?:\\{(?<labels>[a-z_,]*)\\})?`")]
    private static partial Regex Metric();

    [GeneratedRegex("(?m)^# TYPE (?<name>\\w+) histogram$")]
    private static partial Regex Histogram();

    [GeneratedRegex(@"(?m)^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)(?:\{(?:(?<label>\w+)=""(?:[^""\\]|\\.)*"",?)*\})? ")]
    private static partial Regex Sample();
}
