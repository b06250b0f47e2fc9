using System.Text.Json;
using System.Xml.Linq;
using Bellwether.App.Commands;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Counts;

/// <summary>The commands as scripts use them.</summary>
public sealed class CountsCommandTests(TestServer server)
{
    static async Task<CliDesk> DeskAsync(TestServer server, int days = 100)
    {
        var desk = await CliDesk.OpenAsync(server, nameof(CountsCommandTests));
        var file = desk.Write("posts.csv", CountsLab.Csv(CountsLab.Posts("2024-03-01", days)));
        var result = (await desk.RunAsync("counts", "import", file, "--account", "Ann", "--since", "2024-03-01", "--until", $"{CountsLab.At("2024-03-01").AddDays(days):yyyy-MM-dd}", "--json")).Succeeds().Json;
        Assert.Equal(result.GetProperty("read").GetInt64(), result.GetProperty("accepted").GetInt64());
        Assert.Equal(("ann", 0L), (result.GetProperty("account").GetString(), result.GetProperty("rejected").GetInt64()));
        return desk;
    }

    [Fact]
    public async Task Backtest_answers_with_a_row_for_each_model_and_horizon_and_draws_pit()
    {
        await using var desk = await DeskAsync(server);
        var chart = Path.Combine(desk.Folder, "pit.svg");
        var run = (await desk.RunAsync("counts", "backtest", "--account", "ann", "--from", "2024-05-10", "--to", "2024-05-30", "--horizons", "1h,1d,7d", "--json", "--plot", chart)).Succeeds();
        var rows = run.Json.EnumerateArray().ToArray();
        foreach (var (horizon, n) in new[] { ("1h", 21 * 24), ("1d", 21), ("7d", 15) })
        {
            var models = rows.Where(r => Text(r, "horizon") == horizon).Select(r => Text(r, "model")).ToArray();
            Assert.Superset(new HashSet<string?> { "combined", "reference", "hawkes", "nb-glm", "poisson-glm", "ingarch-nb", "seasonal-naive", "pool", "stack" }, models.ToHashSet());
            foreach (var row in rows.Where(r => Text(r, "horizon") == horizon))
            {
                Assert.Equal(n, row.GetProperty("n").GetInt32());
                foreach (var name in new[] { "crps", "log_score", "mae", "coverage95", "width95" }) Assert.Equal(JsonValueKind.Number, row.GetProperty(name).ValueKind);
            }
        }
        Assert.Contains("backtest: 90 %", run.Error);
        var drawn = XDocument.Load(chart).Descendants().ToArray();
        Assert.Equal(3 * 10, drawn.Count(e => e.Name.LocalName == "rect" && e.Elements().Any(title => title.Name.LocalName == "title")));
        Assert.Contains(drawn, e => e.Name.LocalName == "text" && e.Value.Contains("2024-05-10 to 2024-05-30"));
    }

    [Fact]
    public async Task Forecast_goes_to_the_ledger_and_comes_back_as_of_a_moment()
    {
        await using var desk = await DeskAsync(server, 40);
        var chart = Path.Combine(desk.Folder, "fan.svg");
        var rows = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--json", "--plot", chart)).Succeeds().Json;
        Assert.Equal(32, rows.GetArrayLength());
        Assert.Equal(JsonValueKind.Number, rows[0].GetProperty("lower_bound_95").ValueKind);
        Assert.Equal("svg", XDocument.Load(chart).Root!.Name.LocalName);
        var past = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--as-of", "now", "--from", "2024-04-10", "--json")).Succeeds().Json;
        Assert.Equal(rows.EnumerateArray().Select(Id).Order(), past.GetProperty("items").EnumerateArray().Select(Id).Order());
        Assert.False(past.GetProperty("truncated").GetBoolean());
        var days = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--as-of", "now", "--from", "2024-04-10", "--horizons", "1d,window", "--json")).Succeeds().Json;
        Assert.Equal(Enumerable.Repeat("1d", 7), days.GetProperty("items").EnumerateArray().Select(r => Text(r, "horizon")));
        var cut = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--as-of", "now", "--from", "2024-04-10", "--limit", "5", "--json")).Succeeds();
        Assert.Equal((5, true), (cut.Json.GetProperty("items").GetArrayLength(), cut.Json.GetProperty("truncated").GetBoolean()));
        Assert.Contains("--limit", cut.Error);
        var exact = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--as-of", "now", "--from", "2024-04-10", "--limit", "32", "--json")).Succeeds();
        Assert.False(exact.Json.GetProperty("truncated").GetBoolean());
        Assert.Empty(exact.Error);
        var nothing = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--as-of", "2024-04-01", "--json")).Fails(ExitCode.BadInput).ErrorJson;
        Assert.Equal("nothing_believed", Text(nothing, "kind"));

        static long Id(JsonElement row) => row.GetProperty("id").GetInt64();
    }

    [Fact]
    public async Task Pipeline_runs_by_commands()
    {
        await using var desk = await DeskAsync(server, 40);
        Assert.Equal(40, (await desk.RunAsync("counts", "buckets", "--account", "ann", "--json")).Succeeds().Json.GetProperty("days").GetInt32());
        var windows = (await desk.RunAsync("counts", "buckets", "--account", "ann", "--from", "2024-03-09 12:00", "--to", "2024-03-11 12:00", "--tz", "America/New_York", "--json")).Succeeds().Json;
        Assert.Equal([23.0, 24.0], windows.EnumerateArray().Select(w => w.GetProperty("hours").GetDouble()));
        var events = desk.Write("events.csv", "name,event_start,event_end,intensity\nlaunch,2024-03-20 10:00,2024-03-20 12:00,0.5\n");
        Assert.Equal(1, (await desk.RunAsync("counts", "events", "import", events, "--account", "ann", "--json")).Succeeds().Json.GetProperty("added").GetInt32());
        (await desk.RunAsync("counts", "events", "add", "--account", "ann", "--name", "x", "--from", "2024-03-21", "--intensity", "2")).Fails(ExitCode.Usage);
        Assert.Equal("launch", Text((await desk.RunAsync("counts", "events", "list", "--account", "ann", "--from", "2024-03-20 11:00", "--json")).Succeeds().Json[0], "name"));
        (await desk.RunAsync("counts", "features", "--account", "ann")).Succeeds();
        var row = (await desk.RunAsync("counts", "features", "--account", "ann", "--from", "2024-03-20 13:00", "--to", "2024-03-20 14:00", "--json")).Succeeds().Json[0];
        Assert.Equal(0.5, row.GetProperty("event_intensity").GetDouble());
        Assert.Equal(JsonValueKind.Number, row.GetProperty("lag_7d").ValueKind);
        Assert.Equal(1, (await desk.RunAsync("counts", "gaps", "add", "--account", "ann", "--from", "2024-03-25", "--to", "2024-03-26", "--json")).Succeeds().Json.GetProperty("added").GetInt32());
        var observed = new[] { "counts", "gaps", "observed", "--account", "ann", "--from", "2024-03-27", "--to", "2024-03-28", "--json" };
        Assert.True((await desk.RunAsync(observed)).Succeeds().Json.GetProperty("added").GetBoolean());
        Assert.False((await desk.RunAsync(observed)).Succeeds().Json.GetProperty("added").GetBoolean());
        (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--model-version", "none")).Fails(ExitCode.BadInput);
        var status = (await desk.RunAsync("counts", "status", "--account", "ann", "--json")).Succeeds().Json;
        Assert.Equal((1, true), (status.GetProperty("gaps").GetInt32(), status.GetProperty("features_current").GetBoolean()));
        var window = (await desk.RunAsync("counts", "window", "--account", "ann", "--model", "reference", "--from", "2024-04-05 12:00", "--to", "2024-04-12 12:00", "--buckets", "0-99,100+", "--json")).Succeeds().Json;
        Assert.Equal(1, window.GetProperty("ranges").EnumerateArray().Sum(r => r.GetProperty("probability").GetDouble()), 1e-9);
        Assert.Equal(window.GetProperty("id").GetInt64(), await desk.Database.ScalarAsync<long>("SELECT id FROM counts.forecasts WHERE horizon = 'window'"));
        Assert.Contains("0 silences that look like outages and are not recorded", (await desk.RunAsync("counts", "status", "--account", "ann")).Succeeds().Out);
    }

    [Fact]
    public async Task Times_are_shown_in_the_zone_that_was_asked_for()
    {
        await using var desk = await DeskAsync(server, 40);
        var (fan, chart) = (Path.Combine(desk.Folder, "fan.svg"), Path.Combine(desk.Folder, "window.svg"));
        // The end of what was observed, 2024-04-10 00:00 UTC, is nine hours into that day of Tokyo.
        var days = (await desk.RunAsync("counts", "forecast", "--account", "ann", "--model", "reference", "--horizons", "1d", "--tz", "Asia/Tokyo", "--dry-run", "--plot", fan)).Succeeds();
        Assert.Contains("2024-04-10 00:00:00+09:00  2024-04-11 00:00:00+09:00", days.Out);
        Assert.DoesNotContain("2024-04-09", days.Out);
        Assert.Contains(Texts(fan), t => t == "Wed 2024-04-10");
        Assert.DoesNotContain(Texts(fan), t => t.Contains("2024-04-09"));
        var over = (await desk.RunAsync("counts", "window", "--account", "ann", "--model", "reference", "--from", "2024-03-29 12:00", "--to", "2024-04-05 12:00", "--tz", "America/New_York",
            "--ranges", "0-99,100-199,200+", "--prices", "2,3,5", "--plot", chart)).Succeeds();
        Assert.Contains("window   2024-03-29 12:00:00-04:00 to 2024-04-05 12:00:00-04:00, 168 hours", over.Out);
        Assert.Contains("before 2024-03-29 12:00:00-04:00", over.Out);
        var said = Texts(chart);
        Assert.Contains(said, t => t == "market");
        Assert.Contains(said, t => t.StartsWith("came: "));
        Assert.Contains(said, t => t.Contains("America/New_York"));
        Assert.Contains(XDocument.Load(chart).Descendants(), e => e.Name.LocalName == "title" && e.Value == "100-199, market: 0.3");
    }

    [Fact]
    public async Task Input_without_a_post_or_with_rubbish_is_told_and_not_drawn()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(CountsCommandTests));
        foreach (var content in new[] { "", "tweet_id,created_at\n", "[]" })
        {
            var nothing = (await desk.RunAsync("counts", "import", desk.Write("empty.csv", content), "--account", "ann", "--json")).Fails(ExitCode.BadInput);
            Assert.Equal("nothing_read", Text(nothing.ErrorJson, "kind"));
        }
        // With the word up to when the collector looked, an empty file is an answer.
        var quiet = (await desk.RunAsync("counts", "import", desk.Write("empty.csv", ""), "--account", "ann", "--since", "2024-03-01", "--until", "2024-03-02", "--json")).Succeeds().Json;
        Assert.Equal("2024-03-02T00:00:00Z", Text(quiet, "observed_until"));
        var rubbish = (await desk.RunAsync("counts", "import", desk.Write("rubbish.csv", "\u001b]0;owned\u0007,\u0001\u009bx\nfoo,bar\n"), "--account", "ann")).Fails(ExitCode.BadInput);
        Assert.Contains("owned", rubbish.Error);
        Assert.DoesNotContain(rubbish.Error, c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public async Task All_models_are_all_whatever_else_is_named()
    {
        await using var desk = await DeskAsync(server, 20);
        var versions = (await desk.RunAsync("counts", "train", "--account", "ann", "--models", "hawkes,all", "--evaluate-days", "0", "--json")).Succeeds().Json;
        Assert.Equal(Bellwether.Counts.Registry.ModelCatalog.Names, versions.EnumerateArray().Select(v => Text(v, "model_name")!));
    }

    [Fact]
    public async Task Backtest_without_a_complete_target_says_why()
    {
        var folder = TestFolder.Create("counts-targets");
        var early = (await Cli.RunAsync("--data", folder, "counts", "backtest", "--account", "ann", "--from", "2024-05-01", "--to", "2024-05-10", "--horizons", "60d", "--json")).Fails(ExitCode.BadInput);
        Assert.Equal("not_enough_data", Text(early.ErrorJson, "kind"));
        Assert.Contains("60 days at least", Text(early.ErrorJson, "message"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Directory.Delete(folder);
        await using var desk = await DeskAsync(server, 20);
        // The dates are long enough, but what was observed ends before.
        var late = (await desk.RunAsync("counts", "backtest", "--account", "ann", "--from", "2024-03-15", "--to", "2024-04-30", "--horizons", "10d", "--quick", "--json")).Fails(ExitCode.BadInput);
        Assert.Contains("ends after what was observed", Text(late.ErrorJson, "message"));
        var some = (await desk.RunAsync("counts", "backtest", "--account", "ann", "--from", "2024-03-15", "--to", "2024-03-17", "--quick", "--json")).Succeeds();
        Assert.Contains("7d: no complete target", some.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task Work_that_does_not_look_at_its_token_is_left_alone_when_the_end_is_asked_for()
    {
        using var stop = new CancellationTokenSource();
        var endless = new TaskCompletionSource<int>();
        var waiting = endless.Task.PromptlyAsync(TimeProvider.System, stop.Token);
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(7, await Task.FromResult(7).PromptlyAsync(TimeProvider.System, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("counts import", "FILE")]
    [InlineData("counts backtest --from yesterday --to 2024-05-01", "yesterday")]
    [InlineData("counts backtest --from 2024-05-02 --to 2024-05-01", "before")]
    [InlineData("counts forecast --model oracle", "oracle")]
    [InlineData("counts forecast --horizons 1y", "1y")]
    [InlineData("counts forecast --plot fan.gif", "svg")]
    [InlineData("counts forecast --plot /nonexistent/x.svg", "/nonexistent")]
    [InlineData("counts backtest --from 2024-05-01 --to 2024-05-02 --plot /nonexistent/x.svg", "/nonexistent")]
    [InlineData("counts forecast --limit 5", "--as-of")]
    [InlineData("counts forecast --horizons window", "window")]
    [InlineData("counts forecast --as-of now --horizons 1y", "1y")]
    [InlineData("counts backtest --from 0001-01-01 --to 9999-12-31", "1900")]
    [InlineData("counts buckets --from 0001-01-01 --tz Asia/Tokyo", "1900")]
    [InlineData("counts buckets --from 2024-05-01 --to 9999-12-31 --every 10000mo", "1900")]
    [InlineData("counts buckets --from 2024-05-01 --every 1y", "1y")]
    [InlineData("counts buckets --from 06-07-2024", "no time")]
    [InlineData("counts forecast --at 12:00:00-05", "no time")]
    [InlineData("counts window --from 2024-05-01 --to 2024-05-02 --ranges 0-9,10+ --prices 0,0", "--prices")]
    [InlineData("counts window --from 2024-05-01 --to 2024-05-02 --tz Mars/Olympus", "Mars")]
    [InlineData("counts window --from 2024-05-01 --to 2024-05-02 --ranges 0-9,11+", "11")]
    [InlineData("counts buckets --count poems", "poems")]
    public async Task Wrong_values_are_refused_before_a_database_is_started(string line, string says)
    {
        var folder = TestFolder.Create("counts-usage");
        var result = (await Cli.RunAsync(["--data", folder, .. ShellWords.Split(line), "--account", "ann"])).Fails(ExitCode.Usage);
        Assert.Contains(says, result.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Unknown_account_is_told_with_what_mends_it()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(CountsCommandTests));
        var error = (await desk.RunAsync("counts", "buckets", "--account", "nobody", "--json")).Fails(ExitCode.BadInput).ErrorJson;
        Assert.Equal("unknown", Text(error, "kind"));
        Assert.Contains("counts import", Text(error, "mend"));
    }

    static string[] Texts(string chart) => [.. XDocument.Load(chart).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];

    static string? Text(JsonElement value, string name) => value.GetProperty(name).GetString();
}
