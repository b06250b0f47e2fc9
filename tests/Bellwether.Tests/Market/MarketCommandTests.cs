using System.Globalization;
using Bellwether.Analytics.Indicators;
using Bellwether.Analytics.Options;
using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Tests.Analytics.Indicators;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class MarketCommandTests(TestServer server)
{
    const string Bars = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,10,12,9,11,5.5,1000\n2024-01-03,11,13,10,12,6,2000\n2024-01-04,12,9,11,12,6,1\n2024-01-03,11,13,10,12,6,2000\n";

    [Fact]
    public async Task Import_answers_with_its_account_and_writes_what_it_did_not_take()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        var file = desk.Write("x.csv", Bars);
        var rejects = Path.Combine(desk.Folder, "rejects.csv");
        var answer = (await desk.RunAsync("market", "import", file, "--symbol", "x", "--rejects", rejects, "--json")).Succeeds().Json;
        Assert.Equal((4, 2, 1, 1), (answer.GetProperty("read").GetInt32(), answer.GetProperty("accepted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.Equal("X", answer.GetProperty("symbol").GetString());
        var lines = File.ReadAllLines(rejects);
        Assert.StartsWith("4,rejected,\"high 9 is below low 11\"", lines[1]);
        Assert.StartsWith("5,duplicate,\"repeats line 3\"", lines[2]);
        var text = (await desk.RunAsync("market", "import", file, "--symbol", "X")).Succeeds();
        Assert.Contains("read     4 = accepted 0 + duplicates 3 + rejected 1", text.Out);
        Assert.Contains("line 4: high 9 is below low 11", text.Error);
    }

    [Fact]
    public async Task Indicators_are_those_of_the_kernel_to_the_last_bit()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "TSLA.csv"), "--symbol", "TSLA")).Succeeds();
        const string set = "rsi_14,atr_14,ema_20,ema_50,bb_upper,bb_lower,macd_line,macd_signal";
        var lines = (await desk.RunAsync("market", "indicators", "TSLA", "--set", set, "--format", "csv")).Succeeds().Out.TrimEnd().Split('\n');
        Assert.Equal($"timestamp,{set}", lines[0]);
        var bars = IndicatorSeries.Bars("prices", "daily", "TSLA.csv");
        Assert.Equal(bars.Length + 1, lines.Length);
        var indicators = IndicatorSet.Parse(set.Split(','));
        var values = new double[8];
        for (var i = 0; i < bars.Length; i++)
        {
            indicators.Next(in bars[i], values);
            var cells = lines[i + 1].Split(',');
            Assert.Equal(values.AsEnumerable(), cells[1..].Select(c => c.Length == 0 ? double.NaN : IndicatorSeries.Number(c)));
        }
        Assert.StartsWith("2010-06-29T00:00:00Z,,,,", lines[1]);
        var some = (await desk.RunAsync("market", "indicators", "TSLA", "--set", "ema_20", "--from", "2022-01-20", "--to", "2022-01-22", "--json")).Succeeds().Json;
        Assert.Equal(["2022-01-20T00:00:00Z", "2022-01-21T00:00:00Z"], some.EnumerateArray().Select(r => r.GetProperty("timestamp").GetString()));
        Assert.Equal(lines.Single(l => l.StartsWith("2022-01-21", StringComparison.Ordinal)).Split(',')[3], some[1].GetProperty("ema_20").GetRawText());
    }

    [Fact]
    public async Task Bars_are_shown_raw_adjusted_and_as_they_were_known()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        (await desk.RunAsync("market", "import", desk.Write("x.csv", Bars), "--symbol", "X", "--known-at", "2024-02-01")).Succeeds();
        (await desk.RunAsync("market", "import", desk.Write("y.csv", "Date,Open,High,Low,Close\n2024-01-02,10,12,9,11.5\n"), "--symbol", "X", "--known-at", "2024-03-01")).Succeeds();
        async Task<string[]> Closes(params string[] more) =>
            [.. (await desk.RunAsync(["market", "bars", "X", "--format", "csv", .. more])).Succeeds().Out.TrimEnd().Split('\n').Skip(1).Select(l => l.Split(',')[4])];
        Assert.Equal(["11.5", "12"], await Closes());
        Assert.Equal(["11", "12"], await Closes("--as-of", "2024-02-10"));
        Assert.Equal(["5.5", "6"], await Closes("--as-of", "2024-02-10", "--adjusted"));
        Assert.Equal(["12"], await Closes("--from", "2024-01-03"));
        Assert.Contains("were known at", (await desk.RunAsync("market", "bars", "X", "--as-of", "2024-01-10")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("No bars of NONE", (await desk.RunAsync("market", "bars", "NONE")).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task A_range_without_bars_is_an_empty_answer_that_tells_what_is_known()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        (await desk.RunAsync("market", "import", desk.Write("x.csv", Bars), "--symbol", "X", "--known-at", "bar-end")).Succeeds();
        foreach (var command in new[] { "bars", "indicators", "conditions" })
            foreach (var range in new[] { "--from 2025-01-01 --to 2025-02-01", "--from now", "--to 2020-01-01", "--from 2025-01-01 --adjusted" })
            {
                if (command == "conditions" && range.EndsWith("adjusted", StringComparison.Ordinal)) continue;
                string[] line = ["market", command, "X", .. range.Split(' '), .. command == "indicators" ? (string[])["--set", "sma_5"] : []];
                var empty = (await desk.RunAsync([.. line, "--json"])).Succeeds();
                Assert.Equal(0, empty.Json.GetArrayLength());
                Assert.Contains("the first that is known is of 2024-01-02, the last of 2024-01-03.", empty.Error);
            }
        foreach (var line in new[] { "bars X", "indicators X --set sma_5", "conditions X", "matrix X --set sma_5 --out m.parquet" })
        {
            var refused = (await desk.RunAsync(["market", .. line.Split(' '), "--from", "2024-02-01", "--to", "2024-01-01"])).Fails(ExitCode.Usage);
            Assert.Contains("--from 2024-02-01 00:00:00Z is not before --to 2024-01-01 00:00:00Z", refused.Error);
            if (!line.StartsWith("matrix", StringComparison.Ordinal)) Assert.Contains("--as-of", (await desk.RunAsync(["market", .. line.Split(' '), "--as-of", "2087-01-01"])).Fails(ExitCode.Usage).Error);
        }
        Assert.Contains("No bars of NONE", (await desk.RunAsync("market", "conditions", "NONE", "--from", "2024-01-01")).Fails(ExitCode.BadInput).Error);
        var sector = (await desk.RunAsync("market", "sector", "X", "NONE")).Succeeds();
        Assert.Contains("No daily bars of NONE are known", sector.Error);
        Assert.DoesNotContain("No daily bars", (await desk.RunAsync("market", "sector", "NONE", "X")).Succeeds().Error);
    }

    [Fact]
    public async Task Parquet_is_read()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        var parquet = Path.Combine(desk.Folder, "x.parquet");
        using (var database = DuckDbTestLibrary.Open())
        using (var connection = database.Connect())
            connection.Execute($"COPY (SELECT TIMESTAMP '2024-01-02' + i * INTERVAL 1 DAY AS date, 10.1 + i AS open, 12.5 + i AS high, 9.0 + i AS low, 0.1 + 0.2 + 10 + i AS close, 100 * i AS volume FROM range(3) AS r(i)) TO '{parquet}' (FORMAT parquet)");
        var answer = (await desk.RunAsync("market", "import", parquet, "--symbol", "X", "--json")).Succeeds().Json;
        Assert.Equal(3, answer.GetProperty("accepted").GetInt32());
        Assert.Equal(3, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM market.price_history WHERE ticker = 'X' AND date BETWEEN '2024-01-02Z' AND '2024-01-04Z'"));
    }

    [Fact]
    public async Task Benchmark_gives_beta_and_the_session_gives_the_vwap()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        foreach (var symbol in (string[])["SPY", "AAPL"]) (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", $"{symbol}.csv"), "--symbol", symbol)).Succeeds();
        var cells = (await desk.RunAsync("market", "indicators", "AAPL", "--set", "beta_250,correlation_250", "--benchmark", "SPY", "--adjusted")).Succeeds().Out.TrimEnd().Split('\n')[^1].Split(',');
        Assert.InRange(IndicatorSeries.Number(cells[1]), 0.8, 1.8);
        Assert.InRange(IndicatorSeries.Number(cells[2]), 0.5, 0.95);
        (await desk.RunAsync("market", "import", SharedData.File("prices", "intraday", "AAPL_1min.csv"), "--symbol", "AAPL", "--interval", "1m")).Succeeds();
        var rows = (await desk.RunAsync("market", "indicators", "AAPL", "--set", "vwap", "--interval", "1m", "--regular")).Succeeds().Out.TrimEnd().Split('\n');
        Assert.StartsWith("2022-03-14T13:30:00Z,", rows[1]);
        var raw = IndicatorSeries.Rows("prices", "intraday", "AAPL_1min.csv").First(r => r["Datetime"] == "2022-03-15 09:30:00-04:00");
        var first = IndicatorSeries.Bar(raw);
        Assert.Equal(first.Typical, IndicatorSeries.Number(rows.Single(r => r.StartsWith("2022-03-15T13:30:00Z", StringComparison.Ordinal)).Split(',')[1]), 9);
    }

    [Theory]
    [InlineData("market indicators X --set nonsense", "there is no indicator 'nonsense'")]
    [InlineData("market indicators X --set beta_20", "--benchmark")]
    [InlineData("market import x.csv --symbol 'NO WAY'", "--symbol")]
    [InlineData("market import x.csv --symbol X --interval 5parsecs", "--interval")]
    [InlineData("market import x.csv --symbol X --known-at yesterday", "--known-at")]
    public async Task Wrong_usage_is_refused_before_a_database_is_started(string line, string says)
    {
        var result = (await Cli.RunAsync(["--data", "/nonexistent/nowhere", .. ShellWords.Split(line)])).Fails(ExitCode.Usage);
        Assert.Contains(says, result.Error);
    }

    [Fact]
    public async Task Greeks_follow_the_rows_of_a_file()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("bellwether-greeks-").FullName, "options.csv");
        File.WriteAllText(file, "spot,strike,rate,yield,years,type,vol\n49,50,0.05,0,0.3846,call,0.2\n100,90,0.1,0.1,0.1,PUT,0.35\n100,90,0.1,0.1,-1,put,0.35\nten,90,0.1,0.1,1,put,0.35\n");
        var result = (await Cli.RunAsync("options", "greeks", "--file", file, "--format", "csv", "--reasons")).Succeeds();
        var lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal("spot,strike,rate,yield,years,type,vol,price,implied_volatility,delta,gamma,vega,theta,rho,reason", lines[0]);
        var greeks = BlackScholes.Greeks(new(OptionType.Call, 49, 50, 0.05, 0, 0.3846), 0.2);
        Assert.Equal(string.Join(',', new[] { greeks.Price, 0.2, greeks.Delta, greeks.Gamma, greeks.Vega, greeks.Theta, greeks.Rho }.Select(v => v.ToString("R", CultureInfo.InvariantCulture))) + ",",
            lines[1]["49,50,0.05,0,0.3846,call,0.2,".Length..]);
        Assert.Contains(",,,,,,", lines[3]);
        Assert.Contains("line 5: spot 'ten' is not a number", result.Error);

        // Back from the price to the volatility, European and American.
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"spot,strike,rate,yield,years,type,price\n49,50,0.05,0,0.3846,call,{greeks.Price:R}\n110,100,0,0,1,call,10\n"));
        foreach (var more in (string[][])[[], ["--american"]])
        {
            var back = await Cli.RunAsync(["options", "greeks", "--file", file, "--json", .. more]);
            Assert.Equal(0.2, back.Succeeds().Json[0].GetProperty("implied_volatility").GetDouble(), 1e-7);
            Assert.Equal(System.Text.Json.JsonValueKind.Null, back.Json[1].GetProperty("implied_volatility").ValueKind);
            Assert.Contains("tells nothing of volatility", back.Error);
        }
        File.WriteAllText(file, "spot,strike,type\n1,1,call\n");
        Assert.Contains("names no rate, yield, years, vol or price", (await Cli.RunAsync("options", "greeks", "--file", file)).Fails(ExitCode.BadInput).Error);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task Another_value_of_a_split_of_the_same_moment_is_refused_and_told()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(MarketCommandTests));
        async Task<System.Text.Json.JsonElement> Import(int ratio, string known) => (await desk.RunAsync("market", "import",
            desk.Write("s.csv", $"Date,Open,High,Low,Close,Stock Splits\n2024-01-02,10,12,9,11,0\n2024-01-03,11,13,10,12,{ratio}\n"), "--symbol", "X", "--known-at", known, "--json")).Succeeds().Json;
        Assert.Equal(1, (await Import(2, "2024-01-04T00:00:00Z")).GetProperty("actions").GetInt32());
        var again = await Import(2, "2024-01-04T00:00:00Z");
        Assert.Equal((0, 0), (again.GetProperty("actions").GetInt32(), again.GetProperty("problems").GetArrayLength()));
        var other = await Import(3, "2024-01-04T00:00:00Z");
        Assert.Equal(0, other.GetProperty("actions").GetInt32());
        Assert.Equal((3, "split of 2024-01-03: another value is known since the very same moment"),
            (other.GetProperty("problems")[0].GetProperty("line").GetInt32(), other.GetProperty("problems")[0].GetProperty("reason").GetString()));
        Assert.Equal(1, (await Import(3, "2024-01-05T00:00:00Z")).GetProperty("actions").GetInt32());
    }

    [Fact]
    public async Task A_cell_is_a_number_where_its_column_is_one()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("bellwether-cells-").FullName, "o.csv");
        await File.WriteAllTextAsync(file, "id,spot,strike,rate,yield,years,type,vol\n0700,100,180,0.02,0,0.1,call,0.2\n1e5,100.50,100,0.02,0,0.5,put,0.3\n", TestContext.Current.CancellationToken);
        var rows = (await Cli.RunAsync("options", "greeks", "--file", file, "--json")).Succeeds().Json;
        Assert.Equal(["0700", "1e5"], rows.EnumerateArray().Select(r => r.GetProperty("id").GetString()));
        Assert.Equal(100.5, rows[1].GetProperty("spot").GetDouble());
        // A price far below a cent is not nothing.
        Assert.InRange(rows[0].GetProperty("price").GetDouble(), 1e-30, 1e-10);
        var table = (await Cli.RunAsync("options", "greeks", "--file", file, "--format", "table")).Succeeds().Out;
        Assert.Contains("0700", table);
        Assert.Matches(@"[1-9](\.\d+)?E-\d+", table);
        // As CSV a row says what it said.
        Assert.Contains("\n1e5,100.50,100,0.02,0,0.5,put,0.3,", (await Cli.RunAsync("options", "greeks", "--file", file)).Succeeds().Out);
    }

    [Theory]
    [InlineData("100,100,0,0,1,call,0.2,15", 7.965567455405804, 0.2, "")]
    [InlineData("100,100,0,0,1,call,0.2,", 7.965567455405804, 0.2, "")]
    [InlineData("100,100,0,0,1,call,,7.965567455405804", 7.965567455405804, 0.2, "")]
    [InlineData("-1,100,0,0,1,call,0.2,", null, null, "spot -1 is not above 0")]
    [InlineData("100,0,0,0,1,call,0.2,", null, null, "strike 0 is not above 0")]
    [InlineData("100,100,0,0,-0.5,call,0.2,", null, null, "years -0.5 is below 0")]
    [InlineData("100,100,0,0,1,call,-0.2,", null, null, "vol -0.2 is not above 0")]
    [InlineData("100,100,0,0,1,call,0,", null, null, "vol 0 is not above 0")]
    [InlineData("100,100,0,0,0,call,0.2,", null, null, "expired")]
    [InlineData("100,100,0,0,0,put,,5", null, null, "expired")]
    [InlineData("Infinity,100,0,0,1,call,0.2,", null, null, "spot Infinity is no number")]
    [InlineData("100,100,0,0,1,call,,-3", null, null, "price -3 is below 0")]
    [InlineData("100,100,NaN,0,1,call,0.2,", null, null, "rate NaN is no number")]
    [InlineData("100,100,0,0,1,call,,", null, null, "price '' is not a number")]
    public async Task A_volatility_counts_before_a_price_and_a_wrong_number_is_named(string row, double? price, double? volatility, string reason)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("bellwether-greeks-").FullName, "o.csv.gz");
        await using (var zipped = new System.IO.Compression.GZipStream(File.Create(file), System.IO.Compression.CompressionMode.Compress))
            await zipped.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"spot,strike,rate,yield,years,type,vol,price\n{row}\n"), TestContext.Current.CancellationToken);
        var found = (await Cli.RunAsync("options", "greeks", "--file", file, "--reasons", "--json")).Succeeds().Json[0];
        double? Value(string name) => found.GetProperty(name) is { ValueKind: System.Text.Json.JsonValueKind.Number } number ? number.GetDouble() : null;
        Assert.Equal(volatility is null, Value("implied_volatility") is null);
        Assert.Equal(reason, found.GetProperty("reason").GetString() ?? "");
        if (volatility is not { } expected) return;
        Assert.Equal(expected, Value("implied_volatility")!.Value, 1e-9);
        Assert.Equal(price!.Value, Value("price")!.Value, 1e-9);
    }

    [Fact]
    public async Task A_long_answer_in_JSON_is_whole()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("bellwether-cells-").FullName, "o.csv");
        var lines = Enumerable.Range(0, 2_000).Select(i => $"é{i:0000},100,{80 + i % 40},0.02,0,0.1,call,0.2");
        await File.WriteAllTextAsync(file, $"id,spot,strike,rate,yield,years,type,vol\n{string.Join('\n', lines)}\n", TestContext.Current.CancellationToken);
        var rows = (await Cli.RunAsync("options", "greeks", "--file", file, "--json")).Succeeds().Json;
        Assert.Equal(Enumerable.Range(0, 2_000).Select(i => $"é{i:0000}"), rows.EnumerateArray().Select(r => r.GetProperty("id").GetString()));
    }
}
