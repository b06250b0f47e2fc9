using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class AsOfCommandTests(TestServer server)
{
    const string Trades = "id,symbol,entry_time\n1,AAPL,2024-01-02T09:00:00Z\n2,AAPL,2024-01-02T10:00:00Z\n3,MSFT,2024-01-02T10:00:00Z\n4,AAPL,2024-01-02T11:30:00Z\n5,,2024-01-02T11:30:00Z\n";

    const string Scores = "ticker,timestamp,known_at,score\nAAPL,2024-01-02T09:30:00Z,2024-01-02T09:31:00Z,0.1\nAAPL,2024-01-02T09:30:00Z,2024-01-02T11:00:00Z,0.2\nAAPL,2024-01-02T11:00:00Z,2024-01-02T12:00:00Z,0.9\nMSFT,2024-01-02T10:00:00Z,2024-01-02T10:00:00Z,-0.5\n";

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
        Assert.Contains("3 of 5 rows found one of 4; by symbol = ticker, timestamp at or before entry_time, known_at at or before it", done.Error);
        var careless = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--right-known", "none", "--json")).Succeeds().Json;
        Assert.Equal(0.9, careless[3].GetProperty("score").GetDouble());
        var young = (await desk.RunAsync("asof", "join", left, right, "--left-time", "entry_time", "--max-age", "1h", "--json")).Succeeds().Json;
        Assert.Equal(System.Text.Json.JsonValueKind.Null, young[3].GetProperty("score").ValueKind);
    }

    [Fact]
    public async Task Tables_selects_and_Parquet_join_as_files_do()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(AsOfCommandTests));
        (await desk.RunAsync("market", "import", desk.Write("x.csv", "Date,Open,High,Low,Close\n2024-01-02,10,12,9,11\n2024-01-03,11,13,10,12\n"), "--symbol", "X", "--known-at", "bar-end")).Succeeds();
        (await desk.RunAsync("market", "import", desk.Write("y.csv", "Date,Open,High,Low,Close\n2024-01-02,10,12,9,11.5\n"), "--symbol", "X", "--known-at", "2024-01-04T00:00:00Z")).Succeeds();
        var left = desk.Write("left.csv", "symbol,at\nX,2024-01-02T20:59:59Z\nX,2024-01-02T21:00:00Z\nX,2024-01-03T20:00:00Z\nX,2024-01-05T00:00:00Z\n");
        var parquet = Path.Combine(desk.Folder, "out.parquet");
        (await desk.RunAsync("asof", "join", left, "price_history", "--left-time", "at", "--out", parquet)).Succeeds();
        using (var database = DuckDbTestLibrary.Open())
        using (var connection = database.Connect())
            Assert.Equal("[NULL, 11.0, 11.0, 12.0]", connection.Scalar($"SELECT list(close_price ORDER BY \"at\")::VARCHAR FROM read_parquet('{parquet}')"));
        var some = (await desk.RunAsync("asof", "join", parquet, "select ticker as symbol, date, known_at, close_price from price_history where date < '2024-01-03'", "--left-time", "at", "--json")).Succeeds().Json;
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
        Assert.Contains("has no symbol", await Error(desk.Write("n.csv", "time\n2024-01-01\n"), right));
    }
}
