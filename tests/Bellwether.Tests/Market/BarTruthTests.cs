using System.Globalization;
using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Market.Calendars;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

/// <summary>
/// What a bar says and since when, through the commands: running sessions, days without an exchange, splits in the prices or not.
/// </summary>
public sealed class BarTruthTests(TestServer server)
{
    const string Plain = "Date,Open,High,Low,Close,Volume", Yahoo = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bar_of_a_running_session_is_not_taken()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var time = new ManualTime(new(2024, 1, 3, 15, 0, 0, TimeSpan.Zero));
        var file = desk.Write("x.csv", $"{Plain}\n2024-01-02,10,12,9,11,1000\n2024-01-03,11,12,10,11.5,300\n");
        var part = (await RunAsync(desk, time, "market", "import", file, "--symbol", "X", "--json")).Succeeds().Json;
        Assert.Equal((2, 1, 1), (part.GetProperty("read").GetInt32(), part.GetProperty("accepted").GetInt32(), part.GetProperty("rejected")
            .GetInt32()));
        Assert.Contains("not over", part.GetProperty("problems")[0].GetProperty("reason").GetString());
        time.Advance(TimeSpan.FromHours(6.5));
        Assert.DoesNotContain(",2024-01-03,", (await RunAsync(desk, time, "market", "conditions", "X", "--format", "csv")).Succeeds().Out);
        Assert.Equal(1, (await RunAsync(desk, time, "market", "import", file, "--symbol", "X", "--json")).Succeeds()
            .Json.GetProperty("accepted").GetInt32());
    }

    [Fact]
    public async Task What_trades_every_day_ends_its_days_at_midnight()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var file = desk.Write("b.csv", $"{Plain}\n2024-01-02,10,12,9,11,1000\n2024-01-03,11,12,10,11.5,300\n");
        (await desk.RunAsync("market", "import", file, "--symbol", "BTC", "--every-day", "--known-at", "bar-end")).Succeeds();
        var bars = (await desk.RunAsync("market", "bars", "BTC", "--json")).Succeeds().Json;
        Assert.Equal(["2024-01-03T00:00:00.000000Z", "2024-01-04T00:00:00.000000Z"], bars.EnumerateArray()
            .Select(b => b.GetProperty("known_at").GetString()));
        Assert.Equal(["2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z"],
            (await desk.RunAsync("market", "conditions", "BTC", "--json")).Succeeds().Json.EnumerateArray()
            .Select(b => b.GetProperty("timestamp").GetString()));
        var confluence = (await desk.RunAsync("confluence", "BTC", "--as-of", "2024-01-03T23:00:00Z", "--json")).Succeeds().Json;
        Assert.Equal(1, confluence.GetProperty("inputs").GetProperty("technical").GetProperty("bars").GetInt32());
        var matrix = Path.Combine(desk.Folder, "m.parquet");
        (await desk.RunAsync("market", "matrix", "BTC", "--set", "sma_1", "--label", "1", "--delay", "1s", "--out", matrix)).Succeeds();
        Assert.Equal("2024-01-03 00:00:01+00", Scalar($"SELECT min(timestamp)::VARCHAR FROM read_parquet('{matrix}')"));
    }

    [Fact]
    public async Task One_bar_of_a_Saturday_moves_no_row_before_it()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        (await desk.RunAsync("market", "import", desk.Write("x.csv",
            $"{Plain}\n2024-01-04,10,12,9,11,1000\n2024-01-05,11,12,10,11.5,300\n"), "--symbol", "X")).Succeeds();
        var before = (await desk.RunAsync("market", "conditions", "X", "--format", "csv")).Succeeds().Out;
        (await desk.RunAsync("market", "import", desk.Write("y.csv", $"{Plain}\n2024-01-06,10,12,9,11,1000\n"), "--symbol", "X"))
            .Succeeds();
        var after = (await desk.RunAsync("market", "conditions", "X", "--format", "csv")).Succeeds().Out;
        Assert.StartsWith(before.TrimEnd(), after);
        (await desk.RunAsync("market", "refresh")).Succeeds();
        Assert.Equal(3, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM market.market_conditions"));
    }

    [Fact]
    public async Task A_split_after_the_load_of_a_vendor_is_applied_to_its_older_bars()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var old = desk.Write("old.csv", $"{Yahoo}\n2024-02-28,198,202,197,200,1000,0,0\n2024-02-29,200,202,199,200,1000,0,0\n");
        (await desk.RunAsync("market", "import", old, "--symbol", "X", "--known-at", "2024-02-29T22:00:00Z")).Succeeds();
        var newer = desk.Write("new.csv", $"{Yahoo}\n2024-03-01,100,101,99,100,2000,0,2\n2024-03-04,100,101,99,100,2000,0,0\n");
        (await desk.RunAsync("market", "import", newer, "--symbol", "X", "--known-at", "2024-03-04T22:00:00Z")).Succeeds();
        Assert.Equal([100, 100, 100, 100], await ClosesAsync(desk));
        (await desk.RunAsync("market", "matrix", "X", "--set", "roc_2", "--label", "1", "--out", Path.Combine(desk.Folder, "m.parquet")))
            .Succeeds();
        Assert.Equal("[0.0]", Scalar(
            $"SELECT list(DISTINCT forward_return_1)::VARCHAR FROM read_parquet('{desk.Folder}/m.parquet') WHERE forward_return_1 IS NOT NULL"));
        // And a file that was loaded after it carries it.
        var whole = desk.Write("whole.csv",
            $"{Yahoo}\n2024-02-28,99,101,98.5,100,2000,0,0\n2024-02-29,100,101,99.5,100,2000,0,0\n2024-03-01,100,101,99,100,2000,0,2\n");
        (await desk.RunAsync("market", "import", whole, "--symbol", "X", "--known-at", "2024-03-05T22:00:00Z")).Succeeds();
        Assert.Equal([100, 100, 100, 100], await ClosesAsync(desk));
        Assert.Equal([100, 100, 100, 100], await ClosesAsync(desk, "--as-of", "2024-03-05T00:00:00Z"));
    }

    [Fact]
    public async Task Bars_that_a_vendor_adjusted_are_not_divided_again_by_another_vendors_split()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var raw = desk.Write("raw.csv", "timestamp,open,high,low,close,volume,split_coefficient\n"
            + "2024-03-01,100,101,99,100,2000,2.0\n2024-02-29,200,202,199,200,1000,1.0\n");
        (await desk.RunAsync("market", "import", raw, "--symbol", "X")).Succeeds();
        Assert.Equal([100, 100], await ClosesAsync(desk));
        var stooq = desk.Write("stooq.csv", "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
            + "X.US,D,20240229,000000,100,101,99.5,100,2000,0\nX.US,D,20240301,000000,100,101,99,100,2000,0\n");
        (await desk.RunAsync("market", "import", stooq, "--symbol", "X")).Succeeds();
        Assert.Equal([100, 100], await ClosesAsync(desk));
    }

    [Fact]
    public async Task A_dividend_after_the_load_is_taken_off_adjusted_closes_too()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var old = desk.Write("old.csv",
            "Date,Open,High,Low,Close,Adj Close,Volume\n2024-02-28,100,101,99,100,90,1000\n2024-02-29,100,101,99,100,100,1000\n");
        (await desk.RunAsync("market", "import", old, "--symbol", "X", "--known-at", "2024-02-29T22:00:00Z")).Succeeds();
        var newer = desk.Write("new.csv", "Date,Open,High,Low,Close,Adj Close,Volume,Dividends\n2024-03-01,98,99,97,98,98,2000,2\n");
        (await desk.RunAsync("market", "import", newer, "--symbol", "X", "--known-at", "2024-03-01T22:00:00Z")).Succeeds();
        Assert.Equal([88.2, 98, 98], (await ClosesAsync(desk)).Select(c => Math.Round(c, 9)));
    }

    [Fact]
    public async Task A_missing_volume_is_none_and_not_nought()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var days = UnitedStatesCalendar.Sessions(new(2024, 1, 2), new(2024, 3, 1)).ToArray();
        string Row(DateOnly day, bool volume) => $"{day:yyyy-MM-dd},10,12,9,11,{(volume ? "1000" : "")}\n";
        string File(bool all) => desk.Write("x.csv", $"{Plain}\n{string.Concat(days.Select((d, i) => Row(d, all && i < days.Length - 1)))}");
        (await desk.RunAsync("market", "import", File(false), "--symbol", "INDEX", "--known-at", "bar-end")).Succeeds();
        (await desk.RunAsync("market", "import", File(true), "--symbol", "X", "--known-at", "bar-end")).Succeeds();
        foreach (var symbol in (string[])["INDEX", "X"])
        {
            var confluence = (await desk.RunAsync("confluence", symbol, "--as-of", "2024-03-02T00:00:00Z", "--json")).Succeeds().Json;
            Assert.Equal(System.Text.Json.JsonValueKind.Null, confluence.GetProperty("volume_trend").ValueKind);
        }
    }

    [Theory]
    [InlineData("0001-01-01 00:00:00+05:00")]
    [InlineData("9999-12-31 23:59:00-05:00")]
    [InlineData("9999-12-31 23:59:00")]
    public async Task A_time_at_the_end_of_time_rejects_its_row_alone(string time)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var file = desk.Write("x.csv", $"{Plain}\n{time},10,12,9,11,1000\n2024-01-03 10:00:00,11,12,10,11.5,300\n");
        var answer = (await desk.RunAsync("market", "import", file, "--symbol", "X", "--interval", "1m", "--json")).Succeeds().Json;
        Assert.Equal((1, 1), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected").GetInt32()));
    }

    [Fact]
    public async Task A_sector_that_is_stated_today_was_not_known_before()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var file = SharedData.File("prices", "daily", "AAPL.csv");
        (await desk.RunAsync("market", "import", file, "--symbol", "AAPL", "--known-at", "bar-end")).Succeeds();
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "SPY.csv"), "--symbol", "XLK", "--known-at",
            "bar-end")).Succeeds();
        (await desk.RunAsync("market", "sector", "AAPL", "XLK")).Succeeds();
        (await desk.RunAsync("market", "refresh", "AAPL")).Succeeds();
        const string count = "SELECT count(*) FROM market.market_conditions WHERE symbol = 'AAPL' AND sector_correlation IS NOT NULL";
        Assert.Equal(0, await desk.Database.ScalarAsync<long>($"{count} AND known_at < now() - interval '1 day'"));
        Assert.True(await desk.Database.ScalarAsync<long>(count) > 500);
    }

    [Fact]
    public async Task A_correction_behind_a_later_version_is_told_as_hidden()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        (await desk.RunAsync("market", "import", desk.Write("x.csv", $"{Plain}\n2024-01-02,10,12,9,11,1000\n"), "--symbol", "X"))
            .Succeeds();
        var late = desk.Write("y.csv", $"{Plain}\n2024-01-02,10,12,9,11.5,1000\n");
        var answer = (await desk.RunAsync("market", "import", late, "--symbol", "X", "--known-at", "2024-01-03T00:00:00Z", "--json"))
            .Succeeds().Json;
        Assert.Equal((1, 1), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("hidden").GetInt32()));
        Assert.Equal([11], await ClosesAsync(desk));
        Assert.Equal([11.5], await ClosesAsync(desk, "--as-of", "2024-01-04T00:00:00Z"));
    }

    [Fact]
    public async Task The_volatility_index_goes_on_after_the_close()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var file = desk.Write("x.csv", $"{Plain}\n2024-01-02,10,12,9,11,1000\n2024-07-03,11,12,10,11.5,300\n");
        foreach (var symbol in (string[])["X", "VIX"])
            (await desk.RunAsync("market", "import", file, "--symbol", symbol, "--known-at", "bar-end")).Succeeds();
        async Task<string> RowsAsync(params string[] more) =>
            string.Join(' ', (await desk.RunAsync(["market", "conditions", "X", "--json", .. more])).Succeeds().Json.EnumerateArray()
            .Select(r => $"{r.GetProperty("timestamp")} {r.GetProperty("known_at")} {r.GetProperty("vix")}"));
        // On the day before Independence Day the exchanges close at 13:00.
        Assert.Equal("2024-01-02T21:00:00Z 2024-01-02T21:15:00.000000Z 11 2024-07-03T17:00:00Z 2024-07-03T17:15:00.000000Z 11.5",
            await RowsAsync());
        Assert.Equal("2024-01-02T21:00:00Z 2024-01-02T21:00:00.000000Z ", await RowsAsync("--as-of", "2024-01-02T21:14:59Z"));
    }

    [Fact]
    public async Task Hours_are_kept_and_a_change_counts_from_then_on()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var time = new ManualTime(new(2024, 1, 5, 12, 0, 0, TimeSpan.Zero));
        var file = desk.Write("b.csv", $"{Plain}\n2024-01-02,10,12,9,11,1000\n2024-01-03,11,12,10,11.5,300\n");
        (await RunAsync(desk, time, "market", "import", file, "--symbol", "BTC", "--known-at", "bar-end")).Succeeds();
        async Task<string> StampsAsync(params string[] more) =>
            string.Join(' ', (await RunAsync(desk, time, ["market", "conditions", "BTC", "--json", .. more])).Succeeds()
                .Json.EnumerateArray().Select(r => r.GetProperty("timestamp").GetString()));
        const string sessions = "2024-01-02T21:00:00Z 2024-01-03T21:00:00Z", days = "2024-01-03T00:00:00Z 2024-01-04T00:00:00Z";
        Assert.Equal(sessions, await StampsAsync());
        time.Advance(TimeSpan.FromHours(1));
        // The same numbers are those of whole days now.
        Assert.Equal(2, (await RunAsync(desk, time, "market", "import", file, "--symbol", "BTC", "--every-day", "--known-at", "bar-end",
            "--json")).Succeeds().Json.GetProperty("accepted").GetInt32());
        Assert.Equal(days, await StampsAsync());
        Assert.Equal(sessions, await StampsAsync("--as-of", "2024-01-05T12:30:00Z"));
        Assert.Equal(2, (await RunAsync(desk, time, "market", "import", file, "--symbol", "BTC", "--json")).Succeeds()
            .Json.GetProperty("duplicates").GetInt32());
        Assert.Equal(days, await StampsAsync());
        Assert.Contains("two things",
            (await desk.RunAsync("market", "import", file, "--symbol", "BTC", "--every-day", "--hours", "exchange")).Fails(ExitCode.Usage)
            .Error);
        (await desk.RunAsync("market", "import", file, "--symbol", "LATE", "--hours", "exchange-late")).Succeeds();
        Assert.Contains("not known", (await desk.RunAsync("market", "import", file, "--symbol", "BTC", "--hours", "night"))
            .Fails(ExitCode.Usage).Error);
    }

    [Fact]
    public async Task A_file_may_be_said_to_carry_splits()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarTruthTests));
        var file = desk.Write("x.csv", "date,open,high,low,close,split\n2024-02-29,100,101,99,100,0\n2024-03-01,100,101,99,100,2\n");
        (await desk.RunAsync("market", "import", file, "--symbol", "X", "--split-adjusted", "true")).Succeeds();
        Assert.Equal([100, 100], await ClosesAsync(desk));
        (await desk.RunAsync("market", "import", file, "--symbol", "X")).Succeeds();
        Assert.Equal([50, 100], await ClosesAsync(desk));
    }

    static Task<CliResult> RunAsync(CliDesk desk, TimeProvider time, params string[] args) => Cli.RunAsync(desk.Line(args), time, Cancel);

    static async Task<IEnumerable<double>> ClosesAsync(CliDesk desk, params string[] more) =>
        (await desk.RunAsync(["market", "bars", "X", "--adjusted", "--json", .. more])).Succeeds().Json.EnumerateArray()
            .Select(b => Number(b.GetProperty("close"))).ToArray();

    static double Number(System.Text.Json.JsonElement value) =>
        value.ValueKind == System.Text.Json.JsonValueKind.String ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
            : value.GetDouble();

    static object? Scalar(string sql)
    {
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        connection.Execute("SET TimeZone = 'UTC'", Cancel);
        return connection.Scalar(sql);
    }
}
