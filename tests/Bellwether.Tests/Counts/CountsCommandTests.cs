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
        Assert.Equal(3 * 10, XDocument.Load(chart).Descendants().Count(e => e.Name.LocalName == "rect") - 1);
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
        Assert.Equal(rows.EnumerateArray().Select(Id).Order(), past.EnumerateArray().Select(Id).Order());
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
        var status = (await desk.RunAsync("counts", "status", "--account", "ann", "--json")).Succeeds().Json;
        Assert.Equal((1, true), (status.GetProperty("gaps").GetInt32(), status.GetProperty("features_current").GetBoolean()));
        var window = (await desk.RunAsync("counts", "window", "--account", "ann", "--model", "reference", "--from", "2024-04-05 12:00", "--to", "2024-04-12 12:00", "--buckets", "0-99,100+", "--json")).Succeeds().Json;
        Assert.Equal(1, window.GetProperty("ranges").EnumerateArray().Sum(r => r.GetProperty("probability").GetDouble()), 1e-9);
    }

    [Theory]
    [InlineData("counts import", "FILE")]
    [InlineData("counts backtest --from yesterday --to 2024-05-01", "yesterday")]
    [InlineData("counts backtest --from 2024-05-02 --to 2024-05-01", "before")]
    [InlineData("counts forecast --model oracle", "oracle")]
    [InlineData("counts forecast --horizons 1y", "1y")]
    [InlineData("counts forecast --plot fan.gif", "svg")]
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

    static string? Text(JsonElement value, string name) => value.GetProperty(name).GetString();
}
