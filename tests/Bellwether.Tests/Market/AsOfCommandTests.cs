using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class AsOfCommandTests(TestServer server)
{
    const string Trades =
        "id,symbol,entry_time\n1,AAPL,2024-01-02T09:00:00Z\n2,AAPL,2024-01-02T10:00:00Z\n3,MSFT,2024-01-02T10:00:00Z\n4,AAPL,2024-01-02T11:30:00Z\n5,,2024-01-02T11:30:00Z\n";

    const string Scores =
        "ticker,timestamp,known_at,score\nAAPL,2024-01-02T09:30:00Z,2024-01-02T09:31:00Z,0.1\nAAPL,2024-01-02T09:30:00Z,2024-01-02T11:00:00Z,0.2\nAAPL,2024-01-02T11:00:00Z,2024-01-02T12:00:00Z,0.9\nMSFT,2024-01-02T10:00:00Z,2024-01-02T10:00:00Z,-0.5\n";

    [Fact]
    public async Task Each_row_sees_the_latest_that_was_known_at_its_time()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var (left, right) = (desk.Write("trades.csv", Trades), desk.Write("scores.csv", Scores));
        var done = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time")).Succeeds();
        Assert.Equal(
            "id,symbol,entry_time,timestamp,known_at,score|1,AAPL,2024-01-02T09:00:00Z,,,|2,AAPL,2024-01-02T10:00:00Z,2024-01-02T09:30:00Z,2024-01-02T09:31:00Z,0.1|3,MSFT,2024-01-02T10:00:00Z,2024-01-02T10:00:00Z,2024-01-02T10:00:00Z,-0.5"
            + "|4,AAPL,2024-01-02T11:30:00Z,2024-01-02T09:30:00Z,2024-01-02T11:00:00Z,0.2|5,,2024-01-02T11:30:00Z,,,",
            done.Out.TrimEnd().ReplaceLineEndings("|"));
        Assert.Contains("3 of 5 rows found one of 4; by symbol = ticker, timestamp at or before entry_time, known_at at or before it",
            done.Error);
        var careless = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--right-known", "none", "--json"))
            .Succeeds().Json;
        Assert.Equal(0.9, careless[3].GetProperty("score").GetDouble());
        var young = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--max-age", "1h", "--json"))
            .Succeeds().Json;
        Assert.Equal(System.Text.Json.JsonValueKind.Null, young[3].GetProperty("score").ValueKind);
    }

    [Fact]
    public async Task Tables_selects_and_Parquet_join_as_files_do()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        (await desk.RunAsync("market", "import", desk.Write(
            "x.csv", "Date,Open,High,Low,Close\n2024-01-02,10,12,9,11\n2024-01-03,11,13,10,12\n"), "--symbol", "X", "--known-at",
            "bar-end")).Succeeds();
        (await desk.RunAsync("market", "import", desk.Write("y.csv", "Date,Open,High,Low,Close\n2024-01-02,10,12,9,11.5\n"), "--symbol",
            "X", "--known-at", "2024-01-04T00:00:00Z")).Succeeds();
        var left = desk.Write(
            "left.csv", "symbol,at\nX,2024-01-02T20:59:59Z\nX,2024-01-02T21:00:00Z\nX,2024-01-03T20:00:00Z\nX,2024-01-05T00:00:00Z\n");
        var parquet = Path.Combine(desk.Folder, "out.parquet");
        (await desk.RunAsync("asof", "join", left, "price_history", "--left-time", "at", "--out", parquet)).Succeeds();
        using (var database = DuckDbTestLibrary.Open())
        using (var connection = database.Connect())
            Assert.Equal("[NULL, 11.0, 11.0, 12.0]", connection.Scalar(
                $"SELECT list(close_price ORDER BY \"at\")::VARCHAR FROM read_parquet('{parquet}')"));
        var some = (await desk.RunAsync("asof", "join", parquet,
            "select ticker as symbol, date, known_at, close_price from price_history where date < '2024-01-03'", "--left-time", "at",
            "--json")).Succeeds().Json;
        Assert.Equal(11.5, some[3].GetProperty("right_close_price").GetDouble());
    }

    [Fact]
    public async Task What_cannot_be_joined_is_named()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var (left, right) = (desk.Write("trades.csv", Trades), desk.Write("scores.csv", Scores));
        async Task<string> Error(params string[] args) => (await desk.RunAsync(["asof", "join", .. args])).Fails(ExitCode.BadInput).Error;
        Assert.Contains("there is no such file", await Error(left, Path.Combine(desk.Folder, "none.csv")));
        Assert.Contains("no column that is a time", await Error(left, right));
        Assert.Contains("has no column 'when'", await Error(left, right, "--left-time", "when"));
        Assert.Contains("symbol 'AAPL' of row 1 is not a time", await Error(left, right, "--left-time", "symbol"));
        Assert.Contains("there is no table nope here", await Error(left, "select * from nope", "--left-time", "entry_time"));
        Assert.Contains("has no symbol", await Error(desk.Write("n.csv", "time\n2024-01-01\n"), right));
    }

    [Fact]
    public async Task Tables_of_the_desk_meet_by_when_their_rows_happened()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var quotes = "date,ticker,underlying_price,expiry,strike,type,bid,ask\n2024-01-02,X,100,2024-06-21,100,call,5,5.2\n2024-01-03,X,101,2024-06-21,100,call,6,6.2\n";
        (await desk.RunAsync("options", "import", desk.Write("o.csv", quotes), "--known-at", "2024-01-02T21:00:00Z")).Succeeds();
        var left = desk.Write("left.csv", "symbol,at\nX,2024-01-03T12:00:00Z\nX,2024-01-04T12:00:00Z\n");
        var rows = (await desk.RunAsync("asof", "join", left, "options_data", "--left-time", "at", "--json")).Succeeds().Json;
        Assert.Equal([5.0, 6.0], rows.EnumerateArray().Select(r => r.GetProperty("bid").GetDouble()));

        (await desk.RunAsync("market", "import", desk.Write(
            "b.csv", "Date,Open,High,Low,Close,Stock Splits\n2024-01-02,10,12,9,11,2\n2024-01-03,11,13,10,12,0\n"), "--symbol", "X",
            "--known-at", "bar-end")).Succeeds();
        var actions = (await desk.RunAsync("asof", "join", left, "market.corporate_actions", "--left-time", "at", "--json"))
            .Succeeds().Json;
        Assert.Equal([2.0, 2.0], actions.EnumerateArray().Select(r => r.GetProperty("value").GetDouble()));
    }

    [Fact]
    public async Task Bars_of_several_lengths_are_not_mixed()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var left = desk.Write("left.csv", "symbol,at\nX,2024-01-02T15:00:00Z\nX,2024-01-03T12:00:00Z\n");
        (await desk.RunAsync("market", "import", desk.Write("d.csv", "Date,Open,High,Low,Close\n2024-01-02,10,12,9,11\n"), "--symbol", "X",
            "--known-at", "bar-end")).Succeeds();
        // As long as there is one length, there is nothing to mix.
        var daily = (await desk.RunAsync("asof", "join", left, "price_history", "--left-time", "at", "--json")).Succeeds().Json;
        Assert.Equal(11, daily[1].GetProperty("close_price").GetDouble());
        (await desk.RunAsync("market", "import", desk.Write("m.csv", "Date,Open,High,Low,Close\n2024-01-02T14:30:00Z,10,12,9,10.5\n"),
            "--symbol", "X", "--interval", "1m", "--known-at", "bar-end")).Succeeds();
        var error = (await desk.RunAsync("asof", "join", left, "price_history", "--left-time", "at")).Fails(ExitCode.BadInput).Error;
        Assert.Contains("holds bars of several lengths (1d, 1m)", error);
        Assert.Contains("bar_interval = '1d'", error);
        var one = (await desk.RunAsync("asof", "join", left, "select * from price_history where bar_interval = '1m'", "--left-time", "at",
            "--json")).Succeeds().Json;
        Assert.Equal(10.5, one[0].GetProperty("close_price").GetDouble());
        // Or the left side says which one it wants.
        var lengths = desk.Write("lengths.csv", "symbol,bar_interval,at\nX,1m,2024-01-02T15:00:00Z\nX,1d,2024-01-03T12:00:00Z\n");
        var by = (await desk.RunAsync("asof", "join", lengths, "select ticker as symbol, * exclude ticker from price_history", "--by",
            "symbol,bar_interval", "--left-time", "at", "--json")).Succeeds().Json;
        Assert.Equal([10.5, 11.0], by.EnumerateArray().Select(r => r.GetProperty("close_price").GetDouble()));
    }

    [Theory]
    [InlineData("T", "")]
    [InlineData("F", "")]
    [InlineData("TRUE", "")]
    [InlineData("0700", "")]
    [InlineData("7203", "--by symbol")]
    public async Task Symbols_stay_what_they_are(string symbol, string more)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var left = desk.Write("left.csv", $"symbol,timestamp,x\n{symbol},2024-01-02T15:00:00Z,1\n");
        var right = desk.Write("right.csv", $"symbol,timestamp,score\n{symbol},2024-01-02T14:00:00Z,0.5\nAAPL,2024-01-02T14:00:00Z,0.7\n");
        var found = (await desk.RunAsync(["asof", "join", left, right, "--json",
            .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).Succeeds().Json[0];
        Assert.Equal((symbol, 0.5), (found.GetProperty("symbol").GetString(), found.GetProperty("score").GetDouble()));
    }

    [Fact]
    public async Task A_time_that_cannot_be_read_is_told_and_stops_nothing()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var left = desk.Write("trades.csv", Trades.Replace("2,AAPL,2024-01-02T10:00:00Z", "2,AAPL,yesterday"));
        var right = desk.Write("scores.csv", Scores.Replace("MSFT,2024-01-02T10:00:00Z,2024-01-02T10:00:00Z", "MSFT,2024-01-02T10:00:00Z,soon"));
        var done = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time")).Succeeds();
        Assert.Equal(["1,AAPL,2024-01-02T09:00:00Z,,,", "2,AAPL,yesterday,,,", "3,MSFT,2024-01-02T10:00:00Z,,,",
            "4,AAPL,2024-01-02T11:30:00Z,2024-01-02T09:30:00Z,2024-01-02T11:00:00Z,0.2", "5,,2024-01-02T11:30:00Z,,,"], done.Out.TrimEnd().ReplaceLineEndings("\n").Split('\n')[1..]);
        Assert.Contains("trades.csv, row 2: entry_time 'yesterday' is not a time that can be read", done.Error);
        Assert.Contains("scores.csv, row 4: known_at 'soon' is not a time", done.Error);
        var answer = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--out", Path.Combine(desk.Folder, "o.csv"), "--json")).Succeeds().Json;
        Assert.Equal((2, 1), (answer.GetProperty("unread").GetInt32(), answer.GetProperty("matched").GetInt32()));
    }

    [Fact]
    public async Task Symbols_are_the_same_in_any_case()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var left = desk.Write("left.csv", "symbol,timestamp\naapl,2024-01-02T10:00:00Z\n");
        var found = (await desk.RunAsync("asof", "join", left, desk.Write("scores.csv", Scores), "--json")).Succeeds().Json[0];
        Assert.Equal(("aapl", 0.1), (found.GetProperty("symbol").GetString(), found.GetProperty("score").GetDouble()));
        // Columns that are named are compared as they are.
        var named = (await desk.RunAsync("asof", "join", left, desk.Write("s.csv", Scores.Replace("ticker", "symbol")), "--by", "symbol", "--json")).Succeeds().Json[0];
        Assert.Equal(System.Text.Json.JsonValueKind.Null, named.GetProperty("score").ValueKind);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told_before_anything_is_joined()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        var (left, right) = (desk.Write("trades.csv", Trades), desk.Write("scores.csv", Scores));
        async Task<string> Error(string place) => (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--out", place)).Fails(ExitCode.Usage).Error;
        Assert.Contains("there is no folder /nowhere", await Error("/nowhere/a.csv"));
        Assert.Contains("the ending of 'a.foo' does not tell", await Error("a.foo"));
        Directory.CreateDirectory(Path.Combine(desk.Folder, "folder.csv"));
        Assert.Contains("it is a folder", await Error(Path.Combine(desk.Folder, "folder.csv")));
        Assert.Contains("--html: '/nowhere/a.html' cannot be written", (await desk.RunAsync("signal", "report", "--html", "/nowhere/a.html")).Fails(ExitCode.Usage).Error);

        // What is asked for as JSON is answered as JSON, and the file is what its name says.
        var file = Path.Combine(desk.Folder, "joined.csv");
        var answer = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--out", file, "--json")).Succeeds().Json;
        Assert.Equal((5, 4, 3, file), (answer.GetProperty("left").GetInt32(), answer.GetProperty("right").GetInt32(), answer.GetProperty("matched").GetInt32(), answer.GetProperty("file").GetString()));
        Assert.StartsWith("id,symbol,entry_time,", File.ReadAllText(file));
        Assert.Empty(Directory.GetFiles(desk.Folder, "*.partial"));
    }
}
