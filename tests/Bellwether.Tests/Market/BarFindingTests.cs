using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Market;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

/// <summary>What imports find, by which names tickers go, and since when conditions are known.</summary>
public sealed class BarFindingTests(TestServer server)
{
    const string Plain = "Date,Open,High,Low,Close,Volume";

    [Fact]
    public async Task A_dividend_above_the_price_is_found_and_adjusts_nothing()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFindingTests));
        var file = desk.Write("x.csv", $"{Plain},Dividends\n2024-01-02,10,12,9,11,1,0\n2024-01-03,10,12,9,11,1,50\n2024-01-04,10,12,9,11,1,1.1\n");
        var answer = (await desk.RunAsync("market", "import", file, "--symbol", "X", "--json")).Succeeds().Json;
        Assert.Equal((3, 1), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("actions").GetInt32()));
        var problem = Assert.Single(answer.GetProperty("problems").EnumerateArray());
        Assert.Equal((3, "dividend 50 of 2024-01-03 is not below the close 11 of 2024-01-02 before it: it is not stored, and nothing is adjusted for it"),
            (problem.GetProperty("line").GetInt32(), problem.GetProperty("reason").GetString()));
        var bars = (await desk.RunAsync("market", "bars", "X", "--adjusted", "--json")).Succeeds().Json;
        Assert.Equal([9.9, 9.9, 11], bars.EnumerateArray().Select(b => Math.Round(b.GetProperty("close").GetDouble(), 9)));
        // A file of its own is measured by the bars that are there.
        var later = desk.Write("y.csv", $"{Plain},Dividends\n2024-01-05,10,12,9,11,1,11\n");
        Assert.Contains("dividend 11 of 2024-01-05", (await desk.RunAsync("market", "import", later, "--symbol", "X")).Succeeds().Error);
        Assert.Equal(1, await desk.OneAsync<long>("SELECT count(*) FROM market.corporate_actions"));
    }

    [Theory]
    [InlineData("^VIX", "VIX")]
    [InlineData("^gspc", "GSPC")]
    [InlineData("$SPX", "SPX")]
    [InlineData("BRK.B", "BRK.B")]
    [InlineData("bf-b", "BF-B")]
    [InlineData("BTC-USD", "BTC-USD")]
    [InlineData("ES=F", "ES.F")]
    [InlineData(" NASDAQ:AAPL ", "AAPL")]
    public void Tickers_are_read_as_vendors_spell_them(string text, string expected)
    {
        Assert.True(MarketTicker.TryParse(text, out var ticker));
        Assert.Equal(expected, ticker);
    }

    [Theory]
    [InlineData("")]
    [InlineData("^")]
    [InlineData("^^VIX")]
    [InlineData("x y")]
    [InlineData("AAPL,MSFT")]
    [InlineData("=F")]
    [InlineData("A;DROP")]
    [InlineData("../AAPL")]
    public void What_is_no_ticker_is_refused(string text) => Assert.False(MarketTicker.TryParse(text, out _));

    [Fact]
    public async Task An_index_is_stored_under_its_plain_name_and_feeds_the_conditions()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFindingTests));
        var file = desk.Write("v.csv", $"Symbol,{Plain}\n^VIX,2024-01-02,13,14,12,13.2,0\n^VIX,2024-01-03,13,15,12,14.04,0\n");
        Assert.Equal("VIX", (await desk.RunAsync("market", "import", file, "--symbol", "^VIX", "--json")).Succeeds().Json.GetProperty("symbol").GetString());
        (await desk.RunAsync("market", "import", desk.Write("x.csv", $"{Plain}\n2024-01-02,10,12,9,11,1\n2024-01-03,10,12,9,11,1\n"), "--symbol", "X")).Succeeds();
        var rows = (await desk.RunAsync("market", "conditions", "X", "--json")).Succeeds().Json;
        Assert.Equal([13.2, 14.04], rows.EnumerateArray().Select(r => r.GetProperty("vix").GetDouble()));
        Assert.Equal(2, (await desk.RunAsync("market", "bars", "^vix", "--json")).Succeeds().Json.GetArrayLength());
        Assert.Equal("bellwether: SYMBOL 'x y' is not a ticker. Write 1 to 15 letters, digits, dots and dashes, such as AAPL, BRK.B, BTC-USD or ^VIX.",
            (await desk.RunAsync("market", "bars", "x y")).Fails(ExitCode.Usage).Error.Trim());
    }

    [Fact]
    public async Task Conditions_are_known_since_the_first_version_of_bars_that_says_the_same()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFindingTests));
        var file = desk.Write("x.csv", $"{Plain}\n2020-01-02,10,12,9,11,1\n2020-01-03,10,12,9,11,1\n2020-01-06,10,12,9,11,1\n");
        (await desk.RunAsync("market", "import", file, "--symbol", "X")).Succeeds();
        (await desk.RunAsync("market", "refresh")).Succeeds();
        Assert.Equal(3, await desk.OneAsync<long>("SELECT count(*) FROM market.market_conditions WHERE known_at > '2021-01-01'"));
        (await desk.RunAsync("market", "import", file, "--symbol", "X", "--known-at", "bar-end")).Succeeds();
        (await desk.RunAsync("market", "refresh")).Succeeds();
        Assert.Equal(3, await desk.OneAsync<long>("SELECT count(*) FROM market.market_conditions WHERE known_at = timestamp"));
        // A version between that said something else ends what was known before.
        (await desk.RunAsync("market", "import", desk.Write("y.csv", $"{Plain}\n2020-01-03,10,12,9,11.5,1\n"), "--symbol", "X", "--known-at", "2020-06-01")).Succeeds();
        (await desk.RunAsync("market", "refresh")).Succeeds();
        Assert.Equal(1, await desk.OneAsync<long>("SELECT count(*) FROM market.market_conditions WHERE known_at = timestamp"));
        Assert.Equal(2, await desk.OneAsync<long>("SELECT count(*) FROM market.market_conditions WHERE known_at > '2021-01-01'"));
    }

    [Fact]
    public void A_message_of_DuckDB_is_told_without_its_class_and_the_statement() => Assert.Equal(
        "No magic bytes found at end of file 'x.csv'",
        new DuckDbException("Invalid Input Error: No magic bytes found at end of file 'x.csv'\n\nLINE 1: SELECT * FROM read_parquet($1)\n   ^").Plain);

    [Fact]
    public async Task Folders_and_files_that_are_no_data_are_told_in_one_sentence()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(BarFindingTests));
        string[][] readers =
        [
            ["market", "import", "PATH", "--symbol", "X"], ["options", "import", "PATH"], ["options", "greeks", "--file", "PATH"],
            ["counts", "import", "PATH", "--account", "x"], ["ingest", "PATH"],
        ];
        foreach (var line in readers)
        {
            var folder = (await desk.RunAsync([.. line.Select(a => a == "PATH" ? desk.Folder : a)])).Fails(ExitCode.BadInput).Error;
            Assert.Contains($"{desk.Folder}: is a directory. Name the files in it.", folder);
            var nothing = Path.Combine(desk.Folder, "none.csv");
            Assert.Contains($"{nothing}: does not exist. Check the path.", (await desk.RunAsync([.. line.Select(a => a == "PATH" ? nothing : a)])).Fails(ExitCode.BadInput).Error);
        }
        var broken = desk.Write("broken.parquet", "PAR1 and then nothing");
        Assert.DoesNotContain("LINE 1", (await desk.RunAsync("market", "import", broken, "--symbol", "X")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("A file of quotes begins with a header", (await desk.RunAsync("options", "import", desk.Write("e.csv", ""))).Fails(ExitCode.BadInput).Error);
    }
}
