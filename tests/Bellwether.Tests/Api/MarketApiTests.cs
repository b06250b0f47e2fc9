using Bellwether.App;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

public sealed class MarketApiTests(TestServer server)
{
    static readonly DateTime First = new(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task Bars_indicators_and_conditions_are_answered_as_they_were_known()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        var bars = Enumerable.Range(0, 40).Select(i => new PriceBar(First.AddDays(i), 10 + i % 5, 14 + i % 5, 9, 11 + i % 4, 1_000, null)).ToArray();
        await new TradingHoursStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time).StateAsync("X", TradingHours.EveryDay, onlyFirst: false, Token);
        await WriteAsync(desk.Desk.Desk, bars, b => b.Date.AddDays(1));
        await WriteAsync(desk.Desk.Desk, [bars[10] with { Close = 10.5 }], b => b.Date.AddDays(20));

        var all = await desk.JsonAsync("/api/v1/market/bars/x");
        Assert.Equal(("X", "1d", 40), (all.GetProperty("symbol").GetString(), all.GetProperty("interval").GetString(), all.GetProperty("items").GetArrayLength()));
        var then = await desk.JsonAsync("/api/v1/market/bars/X?asOf=2024-01-14T00:00:00Z&limit=2");
        Assert.Equal([13.0, 14.0], then.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("close").GetDouble()).Order());
        Assert.Equal(10.5, (await desk.JsonAsync("/api/v1/market/bars/X?from=2024-01-12&to=2024-01-13")).GetProperty("items")[0].GetProperty("close").GetDouble());
        Assert.Equal(13.0, (await desk.JsonAsync("/api/v1/market/bars/X?from=2024-01-12&to=2024-01-13&asOf=2024-01-20")).GetProperty("items")[0].GetProperty("close").GetDouble());

        async Task<double> Sma(string more) => (await desk.JsonAsync($"/api/v1/market/indicators/X?set=sma_5,rsi_14&from=2024-01-14&to=2024-01-15{more}")).GetProperty("items")[0].GetProperty("values").GetProperty("sma_5").GetDouble();
        Assert.Equal(await Sma("") + 0.5, await Sma("&asOf=2024-01-20"), 1e-12);
        var early = (await desk.JsonAsync("/api/v1/market/indicators/X?set=sma_5&to=2024-01-04")).GetProperty("items");
        Assert.Empty(early[0].GetProperty("values").EnumerateObject());

        var conditions = (await desk.JsonAsync("/api/v1/market/conditions/X?from=2024-01-01")).GetProperty("items");
        Assert.Equal(40, conditions.GetArrayLength());
        Assert.True(conditions[39].GetProperty("rsi_14").GetDouble() > 0 && conditions[39].GetProperty("ema_20").GetDouble() > 0);
        Assert.Equal("2024-01-03T00:00:00Z", conditions[0].GetProperty("timestamp").GetString());
        Assert.False(conditions[0].TryGetProperty("detected_regime", out _));
        Assert.Equal(12, (await desk.JsonAsync("/api/v1/market/conditions/X?from=2024-01-01&asOf=2024-01-14")).GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/v1/market/bars/X?interval=fortnight", 400, "the length of a bar")]
    [InlineData("/api/v1/market/bars/X?limit=0", 400, "a limit is")]
    [InlineData("/api/v1/market/bars/X?asof=2024-13-01", 400, "asOf")]
    [InlineData("/api/v1/market/bars/ZZ", 404, "No bars of ZZ")]
    [InlineData("/api/v1/market/indicators/ZZ?set=rsi_14", 404, "No bars of ZZ")]
    [InlineData("/api/v1/market/indicators/X", 400, "no indicator is named")]
    [InlineData("/api/v1/market/indicators/X?set=nope_3", 400, "there is no indicator 'nope_3'")]
    [InlineData("/api/v1/market/indicators/X?set=beta_60", 400, "beta and correlation need")]
    [InlineData("/api/v1/market/indicators/X?set=sma_200000,ichimoku_tenkan_60000", 400, "looks back 260,000 bars in all; at most 250,000")]
    [InlineData("/api/v1/market/indicators/X?set=volatility_20_-5", 400, "bars a year are above 0")]
    [InlineData("/api/v1/market/conditions/ZZ", 404, "No bars of ZZ")]
    [InlineData("/api/v1/market/conditions/X?day=1", 400, "is not a parameter")]
    public async Task What_cannot_be_answered_is_told(string path, int status, string says)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        using var response = await desk.GetAsync(path);
        Assert.Contains(says, (await ProblemAsync(response, status)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_limit_takes_the_last_bars_of_a_range_and_indicators_know_all_before_them()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        var bars = Enumerable.Range(0, 60).Select(i => new PriceBar(First.AddDays(i), 10 + i, 12 + i, 9 + i, 11 + i, 1_000, null)).ToArray();
        await WriteAsync(desk.Desk.Desk, bars, b => b.Date.AddDays(1));
        await new PriceStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time).WriteAsync("Y", BarInterval.Day, "test", bars[..40], b => b.Date.AddDays(1), Token);
        await new ActionStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time)
            .WriteAsync("X", "test", [new(DateOnly.FromDateTime(First.AddDays(50)), CorporateActionKind.Split, 2, false)], _ => First, Token);
        async Task<(string[] Times, double[] Closes)> Bars(string more)
        {
            var items = (await desk.JsonAsync($"/api/v1/market/bars/X?{more}")).GetProperty("items").EnumerateArray().ToArray();
            return ([.. items.Select(i => i.GetProperty("timestamp").GetString()![..10])], [.. items.Select(i => i.GetProperty("close").GetDouble())]);
        }
        async Task Closes(string more, params double[] expected) => Assert.Equal(expected, (await Bars(more)).Closes);
        await Closes("limit=3", 68.0, 69, 70);
        await Closes("to=2024-01-12&limit=2", 19.0, 20);
        await Closes("to=2024-01-04&limit=9", 11.0, 12);
        var between = (await Bars("from=2024-01-10&to=2024-01-12&limit=9")).Times;
        Assert.Equal(["2024-01-10", "2024-01-11"], between);
        Assert.Empty((await Bars("from=2024-05-10&limit=9")).Times);
        // The split comes after the range, and halves what lies before it.
        await Closes("to=2024-01-12&limit=2&adjusted=true", 9.5, 10);
        await Closes("to=2024-02-23&limit=3&adjusted=true", 30.0, 61, 62);

        var rows = (await desk.JsonAsync("/api/v1/market/indicators/X?set=ema_20,obv,correlation_5&benchmark=Y&limit=2&to=2024-02-11")).GetProperty("items");
        Assert.Equal(2, rows.GetArrayLength());
        var set = Bellwether.Analytics.Indicators.IndicatorSet.Parse(["ema_20", "obv"]);
        var (values, inputs) = (new double[80], BarSeries.Inputs(bars[..40], [], BarInterval.Day));
        set.Run(inputs, values);
        Assert.Equal((values[78], values[79]), (rows[1].GetProperty("values").GetProperty("ema_20").GetDouble(), rows[1].GetProperty("values").GetProperty("obv").GetDouble()));
        Assert.Equal(1, rows[1].GetProperty("values").GetProperty("correlation_5").GetDouble(), 9);
        using var missing = await desk.GetAsync("/api/v1/market/indicators/X?set=beta_5&benchmark=ZZ");
        Assert.Contains("No bars of ZZ", (await ProblemAsync(missing, 404)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_limit_takes_the_latest_rows_however_old_they_are()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        // Sessions of long ago, with a hole of three years: no count of days tells where the latest rows begin.
        var bars = Enumerable.Range(0, 900).Select(i => new DateTime(2003, 1, 6, 0, 0, 0, DateTimeKind.Utc).AddDays(i < 500 ? i : i + 1_100))
            .Where(d => Bellwether.Market.Calendars.UnitedStatesCalendar.IsSession(DateOnly.FromDateTime(d)))
            .Select((d, i) => new PriceBar(d, 10 + i % 5, 16, 9, 11 + i % 4, 1_000, null)).ToArray();
        await WriteAsync(desk.Desk.Desk, bars, b => b.Date.AddDays(1));
        foreach (var limit in new[] { 1, 200, 500, 2_000 })
        {
            var expected = Math.Min(limit, bars.Length);
            foreach (var path in new[] { "bars/X?", "indicators/X?set=sma_5&", "indicators/X?set=sma_5&adjusted=true&", "conditions/X?" })
            {
                var items = (await desk.JsonAsync($"/api/v1/market/{path}limit={limit}")).GetProperty("items");
                Assert.Equal(expected, items.GetArrayLength());
                Assert.StartsWith($"{bars[^1].Date:yyyy-MM-dd}", items[expected - 1].GetProperty("timestamp").GetString());
            }
        }
        Assert.Equal(3, (await desk.JsonAsync("/api/v1/market/conditions/X?to=2005-01-01&limit=3")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Bars_that_are_not_over_take_no_place_of_a_limit()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        var bars = Enumerable.Range(0, 60).Select(i => new PriceBar(First.AddMinutes(i), 10, 12, 9, 11, 1, null)).ToArray();
        // The last forty were told of before they were over.
        await new PriceStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time)
            .WriteAsync("M", BarInterval.Minute, "test", bars, b => b.Date.AddSeconds(b.Date < First.AddMinutes(20) ? 60 : 30), Token);
        var items = (await desk.JsonAsync("/api/v1/market/bars/M?interval=1m&limit=5")).GetProperty("items");
        Assert.Equal(["00:15", "00:16", "00:17", "00:18", "00:19"], items.EnumerateArray().Select(i => i.GetProperty("timestamp").GetString()![11..16]));
    }

    [Fact]
    public async Task A_range_without_bars_tells_from_when_until_when_there_are_some()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        await WriteAsync(desk.Desk.Desk, [.. Enumerable.Range(0, 9).Select(i => new PriceBar(First.AddDays(i), 10, 12, 9, 11, 1, null))], b => b.Date.AddDays(1));
        foreach (var path in new[] { "bars/X?", "indicators/X?set=sma_5&", "conditions/X?" })
            foreach (var range in new[] { "from=2024-03-01&to=2024-04-01", "from=now", "to=2023-01-01" })
            {
                var answer = await desk.JsonAsync($"/api/v1/market/{path}{range}");
                Assert.Empty(answer.GetProperty("items").EnumerateArray());
                Assert.Equal(("2024-01-02T00:00:00Z", "2024-01-10T00:00:00Z"),
                    (answer.GetProperty("known").GetProperty("first").GetString(), answer.GetProperty("known").GetProperty("last").GetString()));
            }
        Assert.False((await desk.JsonAsync("/api/v1/market/bars/X")).TryGetProperty("known", out _));
        foreach (var path in new[] { "market/bars/X?", "market/indicators/X?set=sma_5&", "market/conditions/X?", "confluence/X/history?", "sentiment/X/aggregate/history?", "confluence/X/chart?" })
        {
            using var refused = await desk.GetAsync($"/api/v1/{path}from=2024-02-01&to=2024-01-01");
            Assert.Contains("from: is not before 2024-01-01T00:00:00Z", (await ProblemAsync(refused, 400)).GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task Adjusted_bars_of_an_old_range_are_those_of_the_whole_series()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        var (random, store) = (new Random(3), new PriceStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time));
        for (var round = 0; round < 12; round++)
        {
            var (ticker, minutes) = ($"R{round}", round % 2 == 1);
            var interval = minutes ? BarInterval.Minute : BarInterval.Day;
            var bars = Enumerable.Range(0, 300).Where(_ => random.Next(4) > 0)
                .Select(i => new PriceBar(minutes ? First.AddHours(12 + 8 * i) : First.AddDays(i), 100, 120, 90, 91 + random.Next(25), 1_000, round % 3 == 0 ? 50 : null)).ToArray();
            // Half of them from a vendor who had adjusted for what had happened by then.
            var half = bars.Length / 2;
            Func<PriceBar, DateTime> known = b => b.Date.AddDays(1);
            await store.WriteAsync(ticker, interval, "raw", bars[..half], known, Token);
            await store.WriteAsync(ticker, interval, new BarOrigin("vendor") { SplitsInPrices = true, LoadedOn = new(2024, 6, 1) }, bars[half..], known, Token);
            var last = DateOnly.FromDateTime(bars[^1].Date);
            var actions = Enumerable.Range(0, 9).Select(i => DateOnly.FromDateTime(First).AddDays(random.Next(minutes ? 110 : 320)))
                .Append(last.AddDays(round % 4)).Distinct()
                .Select((day, i) => new CorporateAction(day, i % 3 == 0 ? CorporateActionKind.Split : CorporateActionKind.Dividend, i % 3 == 0 ? 2 : 1.5, false)).ToArray();
            await new ActionStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time).WriteAsync(ticker, "test", actions, _ => First, Token);
            var reader = new PriceReader(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time);
            var stored = await reader.BarsAsync(ticker, interval, null, null, null, Token);
            var whole = Adjustment.Apply(stored, await reader.ActionsAsync(ticker, null, Token), interval);
            foreach (var end in new[] { 1, 40, stored.Count / 2, stored.Count - 3, stored.Count })
            {
                var to = end == stored.Count ? DateTime.UtcNow : stored[end].Bar.Date;
                var items = (await desk.JsonAsync($"/api/v1/market/bars/{ticker}?interval={interval}&adjusted=true&to={to:yyyy-MM-ddTHH:mm:ssZ}&limit=1000")).GetProperty("items");
                Assert.Equal(whole.Take(end).Select(b => (b.Close, b.Volume)),
                    items.EnumerateArray().Select(i => (i.GetProperty("close").GetDouble(), (long?)i.GetProperty("volume").GetInt64())));
            }
        }
    }

    [Fact]
    public async Task Indicators_of_regular_hours_are_those_of_the_command()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        await new PriceStore(desk.Desk.Desk.DataSource, desk.Desk.Desk.Time).WriteAsync("M", BarInterval.Minute, "test",
            Enumerable.Range(0, 600).Select(i => new PriceBar(First.AddHours(12).AddMinutes(i), 10, 20, 9, 11 + i % 7, 5, null)).ToArray(), b => b.Date.AddMinutes(1), Token);
        var items = (await desk.JsonAsync("/api/v1/market/indicators/M?interval=1m&set=vwap,sma_3&regular=true&limit=1000")).GetProperty("items");
        var command = (await Commands.Cli.RunAsync("--data", desk.Desk.Folder, "--postgres", desk.Desk.Desk.Options.Postgres!,
            "market", "indicators", "M", "--interval", "1m", "--set", "vwap,sma_3", "--regular", "--json")).Succeeds().Json;
        Assert.Equal(command.EnumerateArray().Select(r => (r.GetProperty("timestamp").GetString(), r.GetProperty("vwap").GetDouble())),
            items.EnumerateArray().Select(i => (i.GetProperty("timestamp").GetString(), i.GetProperty("values").GetProperty("vwap").GetDouble())));
        Assert.Equal("2024-01-02T14:30:00Z", items[0].GetProperty("timestamp").GetString());
    }

    [Fact]
    public async Task Tables_and_selects_join_by_what_was_known()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(MarketApiTests));
        await WriteAsync(desk.Desk.Desk, [new(First, 10, 12, 9, 11, null, null), new(First.AddDays(1), 10, 12, 9, 12, null, null)], b => b.Date.AddHours(22));
        async Task<HttpResponseMessage> Join(string body) => await desk.Http.PostAsync("/api/v1/asof/join", Json(body), Token);
        using var joined = await Join("""{"left":"select 'X' as symbol, timestamptz '2024-01-03 12:00:00+00' as timestamp","right":"price_history","max_age":"5d"}""");
        var answer = await JsonAsync(joined);
        Assert.Equal(1, answer.GetProperty("row_count").GetInt32());
        var close = answer.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()).ToList().IndexOf("close_price");
        Assert.Equal(11, answer.GetProperty("rows")[0][close].GetDouble());
        foreach (var (body, says) in new[]
        {
            ("""{"left":"price_history","right":"/etc/passwd"}""", "neither a table nor a SELECT"), ("""{"left":"price_history"}""", "right: is missing"), ("""{"left":"nothing","right":"price_history"}""", "no table nothing"),
            ("""{"left":"price_history","right":"price_history","left_time":"when"}""", "has no column 'when'"), ("""{"left":"price_history","right":"price_history","max_age":"x"}""", "an interval is"),
            ("""{"left":"select * from read_csv('/etc/passwd')","right":"price_history"}""", "read_csv"),
            ("""{"left":"select now() as timestamp","right":"price_history"}""", "with by, or rename one."), ("""{"left":"select 'X' as symbol","right":"price_history"}""", "Name it with left_time; there are symbol."),
            ("""{"left":"select 'X' as symbol, 'soon' as time","right":"price_history"}""", "time 'soon' of row 1 is not a time that can be read; Write"),
        })
        {
            using var refused = await Join(body);
            var detail = (await ProblemAsync(refused, 400)).GetProperty("detail").GetString()!;
            Assert.Contains(says, detail);
            Assert.DoesNotContain("--", detail);
            Assert.DoesNotContain("..", detail);
        }
    }

    static Task WriteAsync(Desk desk, PriceBar[] bars, Func<PriceBar, DateTime> known) => new PriceStore(desk.DataSource, desk.Time).WriteAsync("X", BarInterval.Day, "test", bars, known, Token);
}
