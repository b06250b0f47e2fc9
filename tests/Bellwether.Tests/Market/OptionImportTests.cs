using Bellwether.Analytics.Options;
using Bellwether.App.Commands;
using Bellwether.Tests.Analytics.Indicators;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class OptionImportTests(TestServer server)
{
    const string Header = "date,ticker,underlying_price,expiry,strike,type,bid,ask,last,volume,open_interest,implied_volatility,delta\n";

    [Fact]
    public async Task The_shipped_chain_is_taken_in_and_its_wrong_volatilities_are_found()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionImportTests));
        var path = SharedData.File("options", "chain_2014_2015.csv");
        var answer = (await desk.RunAsync("options", "import", path, "--rate", "0.004", "--json")).Succeeds().Json;
        var rows = IndicatorSeries.Rows("options", "chain_2014_2015.csv");
        long Of(string name) => answer.GetProperty(name).GetInt64();
        Assert.Equal(5_534, Of("read"));
        Assert.Equal(5_534, Of("accepted") + Of("duplicates") + Of("rejected"));
        // Our own volatility is the one that the quotes imply, where the file says which that is.
        var (near, all) = (0, 0);
        await using var source = Npgsql.NpgsqlDataSource.Create(desk.Database.ConnectionString);
        foreach (var row in rows.Where(r => r["iv_consistent"] == "1" && r["iv_from_mid_bs_r0.4pct"].Length > 0).Take(400))
        {
            await using var command = source.CreateCommand("""
                SELECT implied_volatility, vendor_implied_volatility FROM market.options_data
                WHERE ticker = $1 AND expiration_date::date = $2 AND strike_price = $3 AND option_type = $4 AND fetch_timestamp::date = $5
                """);
            object[] values = [row["underlying"], Day(row["expiry"]), IndicatorSeries.Number(row["strike"]), row["right"] == "C" ? "call" : "put", Day(row["date"])];
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await using var found = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            Assert.True(await found.ReadAsync(TestContext.Current.CancellationToken));
            if (found.IsDBNull(0)) continue;
            all++;
            if (Math.Abs(found.GetDouble(0) - found.GetDouble(1)) < 0.03) near++;
        }
        Assert.True(all > 100 && near > 0.95 * all, $"{near} of {all}");
        Assert.True(answer.GetProperty("findings").GetProperty("vendor_volatility_off").GetInt32() > 1_000);
        Assert.Equal(0, (await desk.RunAsync("options", "import", path, "--rate", "0.004", "--json")).Succeeds().Json.GetProperty("accepted").GetInt64());

        var chain = (await desk.RunAsync("options", "chain", "GOOG", "--json")).Succeeds().Json;
        Assert.Equal("2015-12-24", chain.GetProperty("quoted").GetString()![..10]);
        Assert.True(chain.GetProperty("rows").GetInt32() > 500);
        Assert.InRange(chain.GetProperty("flow_sentiment").GetDouble(), -1, 1);
        Assert.True(chain.GetProperty("expiries").GetArrayLength() > 3);

        static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyyMMdd");
    }

    [Theory]
    [InlineData("2024-01-02,X,100,2024-06-21,100,call,5.2,5,,,,,", "bid 5.2 is above ask 5")]
    [InlineData("2024-01-02,X,100,2023-06-21,100,call,5,5.2,,,,,", "expired on 2023-06-21")]
    [InlineData("2024-01-02,X,100,2024-06-21,0,call,5,5.2,,,,,", "strike is missing or 0")]
    [InlineData("2024-01-02,X,100,2024-06-21,100,call,-5,5.2,,,,,", "bid -5 is below 0")]
    [InlineData("2024-01-02,X,100,2024-06-21,100,call,,,,,,,", "neither bid and ask nor a last price")]
    [InlineData("2024-01-02,X,100,2024-06-21,100,straddle,5,5.2,,,,,", "'straddle' is neither call nor put")]
    [InlineData("2024-01-02,X,100,someday,100,call,5,5.2,,,,,", "expiry 'someday' is not a date")]
    [InlineData("2999-01-02,X,100,2999-06-21,100,call,5,5.2,,,,,", "lies in the future")]
    [InlineData("2024-01-02,X,100,2024-06-21,abc,call,5,5.2,,,,,", "strike 'abc' is not a number")]
    [InlineData("2024-01-02,not a ticker,100,2024-06-21,100,call,5,5.2,,,,,", "ticker 'not a ticker' is none")]
    public async Task A_row_that_cannot_be_is_rejected_with_its_reason(string row, string reason)
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionImportTests));
        var answer = (await desk.RunAsync("options", "import", desk.Write("o.csv", Header + row + "\n"), "--json"))
            .Fails(ExitCode.BadInput).Json;
        Assert.Equal((1, 0, 1), (answer.GetProperty("read").GetInt32(), answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.Contains(reason, answer.GetProperty("problems")[0].GetProperty("reason").GetString());
        Assert.Equal(2, answer.GetProperty("problems")[0].GetProperty("line").GetInt32());
    }

    [Fact]
    public async Task Greeks_stand_beside_the_vendors_and_a_restated_quote_is_a_new_version()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionImportTests));
        var quoted = new DateTime(2024, 1, 2, 21, 0, 0, DateTimeKind.Utc);
        var contract = new OptionContract(OptionType.Call, 100, 105, 0.03, 0, (new DateTime(2024, 6, 21, 20, 0, 0) - quoted).TotalDays / 365);
        var price = BlackScholes.Price(in contract, 0.25);
        string Row(double mid) => FormattableString.Invariant($"2024-01-02,X,100,2024-06-21,105,call,{mid - 0.01:R},{mid + 0.01:R},,10,20,0.9,0.5\n");
        (await desk.RunAsync("options", "import", desk.Write("a.csv", Header + Row(price) + Row(price)), "--rate", "0.03", "--known-at", "2024-01-02T21:05:00Z")).Succeeds();
        (await desk.RunAsync("options", "import", desk.Write("b.csv", Header + Row(price + 1)), "--rate", "0.03", "--known-at", "2024-01-03T12:00:00Z")).Succeeds();
        await using var source = Npgsql.NpgsqlDataSource.Create(desk.Database.ConnectionString);
        await using var command = source.CreateCommand("SELECT implied_volatility, delta, vega, theta, rho, vendor_implied_volatility, vendor_delta, findings, greeks_formula FROM market.options_data ORDER BY known_at");
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await row.ReadAsync(TestContext.Current.CancellationToken));
        var greeks = BlackScholes.Greeks(in contract, 0.25);
        double[] expected = [0.25, greeks.Delta, greeks.Vega, greeks.Theta, greeks.Rho, 0.9, 0.5];
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], row.GetDouble(i), 1e-9);
        Assert.StartsWith("vendor_volatility_off: volatility 0.9 where", row.GetString(7));
        Assert.Equal("black-scholes-merton-v1", row.GetString(8));
        Assert.True(await row.ReadAsync(TestContext.Current.CancellationToken));
        Assert.True(row.GetDouble(0) > 0.25);

        async Task<double> AtTheMoney(params string[] more) => (await desk.RunAsync(["options", "chain", "X", "--json", .. more])).Succeeds().Json.GetProperty("premium").GetDouble();
        Assert.Equal(10 * 100 * price, await AtTheMoney("--as-of", "2024-01-03"), 1e-6);
        Assert.Equal(10 * 100 * (price + 1), await AtTheMoney(), 1e-6);
        Assert.Contains("No options of X were known", (await desk.RunAsync("options", "chain", "X", "--as-of", "2024-01-02T21:00:00Z")).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task A_file_without_dates_or_prices_of_the_underlying_gets_them_from_elsewhere()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(OptionImportTests));
        var spx = SharedData.File("options", "lean_universe_spx_20151222.csv");
        Assert.Contains("a ticker, and --symbol names none", (await desk.RunAsync("options", "import", spx)).Fails(ExitCode.BadInput).Error);
        (await desk.RunAsync("market", "import", desk.Write("b.csv", "Date,Open,High,Low,Close\n2015-12-21,2010,2025,2005,2021.15\n"), "--symbol", "SPX")).Succeeds();
        var answer = (await desk.RunAsync("options", "import", spx, "--symbol", "SPX", "--at", "2015-12-21T21:00:00Z", "--rate", "0.005", "--yield", "0.02", "--json")).Succeeds().Json;
        Assert.True(answer.GetProperty("accepted").GetInt32() > 200 && answer.GetProperty("solved").GetInt32() > 100);
        Assert.Equal(2021.15, (await desk.RunAsync("options", "chain", "SPX", "--json")).Succeeds().Json.GetProperty("spot").GetDouble());
    }
}
