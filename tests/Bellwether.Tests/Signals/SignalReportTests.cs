using System.Globalization;
using Bellwether.App.Commands;
using Bellwether.Market.Calendars;
using Bellwether.Tests.Analytics.Aggregation;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Signals;

public sealed class SignalReportTests(TestServer server)
{
    static readonly DateOnly[] Sessions = [.. UnitedStatesCalendar.Sessions(new(2021, 1, 4), new(2022, 12, 30))];

    /// <summary>Prices and a signal of the day before each open-to-open return, with a known correlation.</summary>
    static async Task<string> SimulateAsync(CliDesk desk, int symbols, double correlation, string after = "T21:30:00Z")
    {
        var (random, signals) = (new Random(1), new List<string> { "timestamp,symbol,signal" });
        for (var s = 0; s < symbols; s++)
        {
            var (price, rows) = (100.0, new List<string> { "Date,Open,High,Low,Close,Volume" });
            var signal = 0.0;
            for (var day = 0; day < Sessions.Length; day++)
            {
                // What yesterday's signal foretold happens between today's open and the next one.
                var open = price;
                rows.Add(string.Create(CultureInfo.InvariantCulture, $"{Sessions[day]:yyyy-MM-dd},{open},{open * 1.01},{open * 0.99},{open},1000"));
                price *= Math.Exp(0.02 * (correlation * signal + Math.Sqrt(1 - correlation * correlation) * SentimentPoolTests.Normal(random)));
                signal = SentimentPoolTests.Normal(random);
                signals.Add(string.Create(CultureInfo.InvariantCulture, $"{Sessions[day]:yyyy-MM-dd}{after},S{s},{signal:R}"));
            }
            (await desk.RunAsync("market", "import", desk.Write($"s{s}.csv", string.Join('\n', rows) + "\n"), "--symbol", $"S{s}")).Succeeds();
        }
        return desk.Write("mine.csv", string.Join('\n', signals) + "\n");
    }

    [Fact]
    public async Task Known_correlation_of_a_file_is_found_in_the_right_session_and_no_other()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalReportTests));
        // Before the close, so that the next open is the first price to act on.
        var file = await SimulateAsync(desk, 8, 0.15, "T15:00:00Z");
        var page = Path.Combine(desk.Folder, "report.html");
        string[] range = ["--from", "2021-01-04", "--to", "2022-12-30"];
        var answer = (await desk.RunAsync(["signal", "report", "--file", file, "--horizons", "1,5", "--html", page, "--json", .. range])).Succeeds().Json;
        Assert.Equal(("predicts", "cross_section", "mine"), (answer.GetProperty("verdict").GetString(), answer.GetProperty("mode").GetString(), answer.GetProperty("signal").GetString()));
        // Both ends are sessions of their dates.
        Assert.Equal(("2021-01-04", "2022-12-30"), (answer.GetProperty("first").GetString(), answer.GetProperty("last").GetString()));
        var ic = answer.GetProperty("horizons")[0].GetProperty("information_coefficient");
        var truth = 6 / Math.PI * Math.Asin(0.15 / 2);
        Assert.InRange(truth, ic.GetProperty("low").GetDouble(), ic.GetProperty("high").GetDouble());
        Assert.All(answer.GetProperty("decay").EnumerateArray().Skip(1), d => Assert.InRange(d.GetProperty("information_coefficient").GetProperty("value").GetDouble(), -0.07, 0.07));
        var html = File.ReadAllText(page);
        Assert.Contains("goes with higher returns", html);
        Assert.True(html.Split("<svg").Length > 6);
        Assert.DoesNotContain("http://", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
        var text = (await desk.RunAsync(["signal", "report", "--file", file, "--horizons", "1,5", .. range])).Succeeds().Out;
        Assert.StartsWith("Over one session a higher mine goes with higher returns", text);

        // A day too late it is worth nothing, and the report says so.
        var late = await SimulateAsync(desk, 8, 0.15, "T23:00:00Z");
        var nothing = (await desk.RunAsync(["signal", "report", "--file", late, "--horizons", "1,5", "--json", .. range])).Succeeds().Json;
        Assert.Equal("no_evidence", nothing.GetProperty("verdict").GetString());
        Assert.StartsWith("There is no evidence", nothing.GetProperty("says").GetString());
    }

    [Fact]
    public async Task Sessions_behind_the_last_bar_count_for_nothing()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalReportTests));
        var file = await SimulateAsync(desk, 8, 0.15, "T15:00:00Z");
        // Signals go on where prices do not.
        var lines = File.ReadAllLines(file).ToList();
        var symbols = Enumerable.Range(0, 8).Select(i => $"S{i}").ToArray();
        lines.AddRange(Bellwether.Market.Calendars.UnitedStatesCalendar.Sessions(new(2024, 1, 2), new(2024, 6, 28))
            .SelectMany(day => symbols.Select((symbol, i) => $"{day:yyyy-MM-dd}T15:00:00Z,{symbol},{i}")));
        var longer = desk.Write("longer.csv", string.Join('\n', lines) + "\n");
        async Task<System.Text.Json.JsonElement> Report(string path, params string[] more) =>
            (await desk.RunAsync(["signal", "report", "--file", path, "--horizons", "1", "--json", .. more])).Succeeds().Json;
        var (own, with) = (await Report(file), await Report(longer));
        foreach (var name in (string[])["first", "last", "turnover"]) Assert.Equal(own.GetProperty(name).ToString(), with.GetProperty(name).ToString());
        var asked = await Report(longer, "--from", own.GetProperty("first").GetString()!, "--to", "2024-06-28");
        Assert.Equal(own.GetProperty("last").GetString(), asked.GetProperty("last").GetString());
        Assert.Equal(own.GetProperty("turnover").GetDouble(), asked.GetProperty("turnover").GetDouble(), 1e-12);
    }

    [Fact]
    public async Task The_window_goes_by_the_data_and_what_has_no_bars_is_an_error()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalReportTests));
        var file = await SimulateAsync(desk, 5, 0.15, "T15:00:00Z");
        // Bars go on for years behind the last signal, with prices that stand still.
        var later = UnitedStatesCalendar.Sessions(new(2023, 1, 3), new(2024, 6, 28)).Select(d => $"{d:yyyy-MM-dd},50,51,49,50,1000");
        for (var s = 0; s < 5; s++)
            (await desk.RunAsync("market", "import", desk.Write($"later{s}.csv", $"Date,Open,High,Low,Close,Volume\n{string.Join('\n', later)}\n"), "--symbol", $"S{s}")).Succeeds();
        var answer = (await desk.RunAsync("signal", "report", "--file", file, "--horizons", "1", "--quantiles", "5", "--json")).Succeeds().Json;
        Assert.Equal(("2021-01-04", "2022-12-30"), (answer.GetProperty("first").GetString(), answer.GetProperty("last").GetString()));
        Assert.Equal((2, 5), (answer.GetProperty("quantiles").GetInt32(), answer.GetProperty("quantiles_asked").GetInt32()));
        Assert.All(answer.GetProperty("horizons")[0].GetProperty("by_date").EnumerateArray(), d => Assert.InRange(d.GetProperty("ic").GetDouble(), -1, 1));
        var text = (await desk.RunAsync("signal", "report", "--file", file, "--horizons", "1", "--quantiles", "5")).Succeeds().Out;
        Assert.Contains("Signals are split into 2 parts in place of 5", text);
        Assert.DoesNotContain("in place of", (await desk.RunAsync("signal", "report", "--file", file, "--horizons", "1", "--quantiles", "2")).Succeeds().Out);
        // One symbol is compared with itself over time: a session has no correlation of its own.
        var own = (await desk.RunAsync("signal", "report", "--file", file, "--symbols", "S1", "--horizons", "1", "--json")).Succeeds().Json.GetProperty("horizons")[0];
        var products = own.GetProperty("by_date").EnumerateArray().Select(d => d.GetProperty("product").GetDouble()).ToArray();
        Assert.Equal(own.GetProperty("information_coefficient").GetProperty("value").GetDouble(), products.Average(), 1e-12);
        Assert.All(own.GetProperty("by_date").EnumerateArray(), d => Assert.Equal(System.Text.Json.JsonValueKind.Null, d.GetProperty("ic").ValueKind));

        Assert.Contains("No daily bars of NOPE were known", (await desk.RunAsync("signal", "report", "--symbols", "NOPE")).Fails(ExitCode.BadInput).Error);
        Assert.Contains("without NOPE", (await desk.RunAsync("signal", "report", "--file", file, "--symbols", "S1,NOPE", "--horizons", "1")).Succeeds().Out);
        var future = desk.Write("future.csv", "timestamp,symbol,signal\n2025-01-02,S1,1\n");
        Assert.Contains("the last daily bar of 2024-06-28: no signal has a return", (await desk.RunAsync("signal", "report", "--file", future)).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task Rows_of_a_file_that_make_no_sense_are_told_and_left_out()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalReportTests));
        await SimulateAsync(desk, 1, 0);
        var file = desk.Write("bad.csv", "symbol;date;value\nS0;2021-02-01;0.5\nS0;soon;0.5\nS 0 x y z;2021-02-02;1\nS0;2021-02-03;high\nNONE;2021-02-03;1\n");
        var result = (await desk.RunAsync("signal", "report", "--file", file, "--from", "2021-01-04", "--to", "2022-12-30", "--json")).Succeeds();
        Assert.Contains("line 3: timestamp", result.Error);
        Assert.Contains("line 4: symbol 'S 0 x y z'", result.Error);
        Assert.Contains("line 5: signal 'high' is not a number", result.Error);
        Assert.Contains("3 of 5 rows were left out", result.Error);
        Assert.Equal("too_little_data", result.Json.GetProperty("verdict").GetString());
        Assert.Contains("no daily bars", result.Json.GetProperty("without").GetProperty("NONE").GetString());
        Assert.Contains("no signal", (await desk.RunAsync("signal", "report", "--file", desk.Write("none.csv", "symbol,date\nS0,2021-02-01\n"))).Fails(ExitCode.BadInput).Error);
        Assert.Contains("No symbol has both", (await desk.RunAsync("signal", "report")).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task Real_tweets_need_hindsight_here_and_the_report_says_what_they_are_worth()
    {
        var tweets = SharedData.File("news", "stock_tweets_2014_2015H1.csv.gz");
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalReportTests));
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "AAPL.csv"), "--symbol", "AAPL")).Succeeds();
        // A hundred days of them.
        var some = desk.Write("tweets.csv", await FirstAsync(tweets, line => string.CompareOrdinal(line[..10], "2014-05-30") < 0));
        (await desk.RunAsync("ingest", some, "--wait", "--type", "tweet", "--map", "timestamp=created_at_utc,tickers=ticker,event_id=tweet_id")).Succeeds();
        string[] asked = ["signal", "report", "--signal", "twitter", "--symbols", "AAPL", "--from", "2014-01-02", "--to", "2014-05-30", "--horizons", "1,5", "--json"];
        var strict = (await desk.RunAsync(asked)).Succeeds().Json;
        Assert.Equal("too_little_data", strict.GetProperty("verdict").GetString());
        Assert.Contains("no signal was known", strict.GetProperty("without").GetProperty("AAPL").GetString());
        var hindsight = (await desk.RunAsync([.. asked, "--hindsight"])).Succeeds().Json;
        Assert.True(hindsight.GetProperty("hindsight").GetBoolean());
        Assert.Equal("time_series", hindsight.GetProperty("mode").GetString());
        Assert.InRange(hindsight.GetProperty("horizons")[0].GetProperty("dates").GetInt32(), 80, 110);
        Assert.NotEqual("too_little_data", hindsight.GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Knowledge_of_each_close_gives_what_hindsight_gives_where_nothing_came_late()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(SignalReportTests));
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "AAPL.csv"), "--symbol", "AAPL", "--known-at", "bar-end")).Succeeds();
        async Task<System.Text.Json.JsonElement> AskAsync(string to, params string[] more) =>
            (await desk.RunAsync(["signal", "report", "--signal", "technical", "--symbols", "AAPL", "--from", "2020-01-02", "--to", to, "--horizons", "1,5", "--json", .. more])).Succeeds().Json;
        var (strict, hindsight) = (await AskAsync("2021-12-31"), await AskAsync("2021-12-31", "--hindsight"));
        Assert.InRange(strict.GetProperty("horizons")[0].GetProperty("dates").GetInt32(), 495, 505);
        Assert.Equal(strict.GetProperty("horizons").GetRawText(), hindsight.GetProperty("horizons").GetRawText());
        // A close that is told otherwise a month later moves hindsight alone.
        (await desk.RunAsync("market", "import", desk.Write("late.csv", "Date,Open,High,Low,Close,Volume\n2020-07-01,91,190,90,180,1000\n"), "--symbol", "AAPL", "--known-at", "2020-08-03")).Succeeds();
        Assert.NotEqual((await AskAsync("2020-07-31")).GetProperty("horizons").GetRawText(), (await AskAsync("2020-07-31", "--hindsight")).GetProperty("horizons").GetRawText());
    }

    static async Task<string> FirstAsync(string path, Func<string, bool> wanted)
    {
        await using var file = File.OpenRead(path);
        await using var unpacked = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);
        var lines = new List<string> { (await reader.ReadLineAsync(TestContext.Current.CancellationToken))! };
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (line.Contains(",AAPL,", StringComparison.Ordinal) && wanted(line)) lines.Add(line);
        return string.Join('\n', lines) + "\n";
    }
}
