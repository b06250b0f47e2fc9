using Bellwether.Analytics.Indicators;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Conditions;
using Bellwether.Market.Prices;
using Bellwether.Retention;
using Bellwether.Tests.Analytics.Indicators;
using Bellwether.Tests.Retention;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Market;

public sealed class ConditionTests(TestServer server) : IAsyncLifetime
{
    static readonly DateTime Start = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    TestDatabase _database = null!;
    NpgsqlDataSource _source = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    ConditionReader Reader => new(_source, TimeProvider.System);

    ConditionStore Store => new(_source, TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        _database = await server.MigratedAsync(nameof(ConditionTests));
        _source = NpgsqlDataSource.Create(_database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public void Every_column_is_that_of_its_kernel_on_real_bars()
    {
        var (own, market, vix) = (Real("AAPL"), Real("SPY"), Real("VIX"));
        var rows = ConditionCalculator.Compute("AAPL", own, market, vix, market);
        Assert.Equal(own.Bars.Count, rows.Count);
        var set = IndicatorSet.Parse(["atr_14", "rsi_14", "ema_20", "ema_50", "bb_upper", "bb_lower", "macd_line", "macd_signal", "volatility_20"]);
        var (values, closes, beta) = (new double[9], market.Bars.ToDictionary(b => b.Bar.Date, b => b.Bar.Close), new RollingBeta(60));
        Span<double> pair = stackalloc double[2];
        for (var i = 0; i < rows.Count; i++)
        {
            var (bar, row) = (own.Bars[i].Bar, rows[i]);
            var input = new Bar(bar.Open, bar.High, bar.Low, bar.Close, bar.Volume ?? double.NaN);
            set.Next(in input, values);
            Assert.Equal(values, (double[])[row.Atr14 ?? double.NaN, row.Rsi14 ?? double.NaN, row.Ema20 ?? double.NaN, row.Ema50 ?? double.NaN, row.BbUpper ?? double.NaN, row.BbLower ?? double.NaN,
                row.MacdLine ?? double.NaN, row.MacdSignal ?? double.NaN, row.Volatility20d ?? double.NaN]);
            if (!closes.TryGetValue(bar.Date, out var close)) continue;
            beta.Next(input with { Benchmark = close }, pair);
            Assert.Equal(pair[1], row.SpyCorrelation ?? double.NaN);
            Assert.Equal(row.SpyCorrelation, row.SectorCorrelation);
        }
        var last = rows[^1];
        Assert.Equal((29.55, 161.85, new DateTime(2022, 1, 25, 21, 0, 0)), (last.Vix, last.Close, last.Timestamp));
        Assert.NotNull(last.DetectedRegime);
        Assert.NotNull(last.ReferenceRegime);
        Assert.InRange(last.RegimeConfidence!.Value, 0.25, 1);
        Assert.Contains(rows, r => r.DetectedRegime == "trending_up");
        Assert.Null(rows[0].DetectedRegime);
    }

    [Fact]
    public void Rows_that_are_asked_for_alone_are_those_of_the_whole_history()
    {
        var (own, market, vix) = (Real("GME"), Real("SPY"), Real("VIX"));
        var whole = ConditionCalculator.Compute("GME", own, market, vix, ConditionSeries.Empty);
        foreach (var place in (int[])[300, 777, 2_500, whole.Count - 3])
        {
            var part = ConditionCalculator.Compute("GME", own, market, vix, ConditionSeries.Empty, whole[place].Timestamp, whole[place + 3 < whole.Count ? place + 3 : place].Timestamp);
            Assert.Equal(whole.Skip(place).Take(part.Count), part);
            Assert.Equal(place + 3 < whole.Count ? 3 : 0, part.Count);
        }
    }

    [Fact]
    public void A_split_changes_no_row_before_it_and_breaks_none_after_it()
    {
        var plain = Walk(600, 1);
        // Two new for one old on day 400: the vendor's raw prices halve.
        StoredBar[] raw = [.. plain.Select((b, i) => i < 400 ? b : b with { Bar = b.Bar with { Open = b.Bar.Open / 2, High = b.Bar.High / 2, Low = b.Bar.Low / 2, Close = b.Bar.Close / 2 } })];
        var split = new KnownSplit(DateOnly.FromDateTime(raw[400].Bar.Date), 2, raw[400].KnownAt.AddHours(-6));
        ConditionSeries none = ConditionSeries.Empty;
        var (before, after) = (ConditionCalculator.Compute("X", new(plain, []), none, none, none), ConditionCalculator.Compute("X", new(raw, [split]), none, none, none));
        Assert.Equal(before.Take(400), after.Take(400));
        for (var i = 400; i < 600; i++)
        {
            Assert.Equal((before[i].Ema50 / 2, before[i].Atr14 / 2, before[i].MacdSignal / 2, before[i].Rsi14, before[i].DetectedRegime, before[i].Volatility20d),
                (after[i].Ema50, after[i].Atr14, after[i].MacdSignal, after[i].Rsi14, after[i].DetectedRegime, after[i].Volatility20d));
        }
    }

    [Fact]
    public void Bars_of_vendors_and_raw_ones_go_together_over_a_split()
    {
        var (plain, none) = (Walk(600, 1), ConditionSeries.Empty);
        DateOnly Day(int i) => DateOnly.FromDateTime(plain[i].Bar.Date);
        StoredBar Halved(StoredBar b) =>
            b with { Bar = b.Bar with { Open = b.Bar.Open / 2, High = b.Bar.High / 2, Low = b.Bar.Low / 2, Close = b.Bar.Close / 2 } };
        BarOrigin Loaded(int day) => new("yahoo") { LoadedOn = Day(day), SplitsInPrices = true };
        var split = new KnownSplit(Day(400), 2, plain[450].KnownAt);
        StoredBar[] raw = [.. plain.Select((b, i) => i < 400 ? b : Halved(b))];
        var expected = ConditionCalculator.Compute("X", new(raw, [split]), none, none, none);

        // The old bars were loaded before the split, the new ones after it.
        StoredBar[] mixed = [.. raw.Select((b, i) => b with { Origin = Loaded(i < 400 ? 399 : 599) })];
        Assert.Equal(expected, ConditionCalculator.Compute("X", new(mixed, [split]), none, none, none));
        Assert.Equal(plain[450].KnownAt, expected[400].KnownAt);

        // All were loaded after it: they say nothing of it, and it is not needed.
        StoredBar[] after = [.. plain.Select(b => Halved(b) with { Origin = Loaded(599) })];
        var carried = ConditionCalculator.Compute("X", new(after, [split]), none, none, none);
        Assert.Equal(carried, ConditionCalculator.Compute("X", new(after, []), none, none, none));
        Assert.Equal(expected.Skip(400).Select(r => (r.Ema50, r.Atr14, r.Rsi14)), carried.Skip(400).Select(r => (r.Ema50, r.Atr14, r.Rsi14)));

        // One bar restated by a vendor in the midst of raw ones.
        StoredBar[] one = [.. raw.Select((b, i) => i == 200 ? Halved(b) with { Origin = Loaded(599) } : b)];
        Assert.Equal(expected.Select(r => r.Rsi14), ConditionCalculator.Compute("X", new(one, [split]), none, none, none).Select(r => r.Rsi14));
    }

    [Fact]
    public void A_day_that_ends_later_than_the_row_is_in_the_next_one()
    {
        var (own, other) = (Walk(300, 13), Walk(300, 14));
        var (same, late) = (new ConditionSeries(other, []), new ConditionSeries([.. other.Select(b => b with { KnownAt = b.Bar.Date.AddDays(1) })], []) { Hours = TradingHours.EveryDay });
        var expected = ConditionCalculator.Compute("X", new(own, []), same, ConditionSeries.Empty, same);
        var rows = ConditionCalculator.Compute("X", new(own, []), late, ConditionSeries.Empty, late);
        Assert.Null(rows[60].SpyCorrelation);
        for (var i = 61; i < 300; i++) Assert.Equal((expected[i - 1].SpyCorrelation, expected[i - 1].SectorCorrelation), (rows[i].SpyCorrelation, rows[i].SectorCorrelation));
        Assert.All(rows, r => Assert.True(r.KnownAt < r.Timestamp.AddHours(2)));
        // The other way round nothing waits: each of its days has one that was over before it.
        var round = ConditionCalculator.Compute("X", late, new(own, []), ConditionSeries.Empty, ConditionSeries.Empty);
        Assert.Equal(expected.Select(r => r.Timestamp.Date.AddDays(1)), round.Select(r => r.Timestamp));
        Assert.NotNull(round[60].SpyCorrelation);
    }

    [Theory]
    [InlineData(TradingHours.Exchange)]
    [InlineData(TradingHours.ExchangeLate)]
    [InlineData(TradingHours.EveryDay)]
    public void A_day_without_a_session_moves_no_row_before_it(TradingHours hours)
    {
        var own = Walk(300, 15);
        var saturday = own[^1].Bar.Date.AddDays(6 - (int)own[^1].Bar.Date.DayOfWeek);
        StoredBar[] more = [.. own, own[^1] with { Bar = own[^1].Bar with { Date = saturday } }];
        var none = ConditionSeries.Empty;
        var before = ConditionCalculator.Compute("X", new(own, []) { Hours = hours }, none, none, none);
        Assert.Equal(before, ConditionCalculator.Compute("X", new(more, []) { Hours = hours }, none, none, none).Take(300));
    }

    [Fact]
    public void No_row_depends_on_what_comes_after_it()
    {
        var (own, market) = (Walk(500, 2), Walk(500, 3));
        var whole = ConditionCalculator.Compute("X", new(own, []), new(market, []), new(market, []), new(market, []));
        foreach (var count in (int[])[100, 351, 499])
            Assert.Equal(whole.Take(count), ConditionCalculator.Compute("X", new(own[..count], []), new(market[..count], []), new(market[..count], []), new(market[..count], [])));
    }

    [Fact]
    public void Old_readings_of_the_volatility_index_do_not_count()
    {
        var own = Walk(40, 4);
        var vix = own[..20];
        var rows = ConditionCalculator.Compute("X", new(own, []), ConditionSeries.Empty, new(vix, []), ConditionSeries.Empty);
        Assert.Equal(vix[19].Bar.Close, rows[20].Vix);
        Assert.Null(rows[30].Vix);
        // Sessions are missing on one side only: what both have is paired.
        StoredBar[] gappy = [.. Walk(400, 5).Where((_, i) => i % 7 != 3)];
        var paired = ConditionCalculator.Compute("X", new(Walk(400, 5), []), new(gappy, []), ConditionSeries.Empty, ConditionSeries.Empty);
        Assert.Null(paired[3 + 7 * 40].SpyCorrelation);
        Assert.Equal(1, paired[4 + 7 * 40].SpyCorrelation!.Value, 1e-9);
    }

    [Fact]
    public async Task The_table_is_what_is_computed_and_follows_the_bars()
    {
        await WriteAsync("SPY", Walk(700, 6));
        await WriteAsync("VIX", Walk(700, 7));
        var bars = Walk(700, 8);
        await WriteAsync("X", bars[..698]);
        Assert.Equal((3, 0), await RefreshAsync());
        await EqualAsync("X", 698);
        Assert.Equal((0, 3), await RefreshAsync());

        await WriteAsync("X", bars[698..]);
        Assert.Equal((1, 2), await RefreshAsync());
        await EqualAsync("X", 700);

        // Restated in the midst, and in the index.
        await WriteAsync("X", [bars[500] with { Bar = bars[500].Bar with { Close = bars[500].Bar.Low } }], now: true);
        await WriteAsync("SPY", [Walk(700, 6)[600] with { Bar = Walk(700, 9)[600].Bar }], now: true);
        Assert.Equal((3, 0), await RefreshAsync());
        await EqualAsync("X", 700);
        Assert.Equal(500, await ScalarAsync<long>("SELECT count(*) FROM market.market_conditions WHERE symbol = 'X' AND known_at < now() - interval '1 day'"));

        await Reader.SetSectorAsync("X", "SPY", Cancel);
        Assert.Equal("SPY", await Reader.SectorAsync("X", null, Cancel));
        Assert.Equal((1, 2), await RefreshAsync());
        await EqualAsync("X", 700);
        Assert.True(await ScalarAsync<long>("SELECT count(sector_correlation) FROM market.market_conditions WHERE symbol = 'X'") > 600);
    }

    [Fact]
    public async Task A_read_as_of_a_moment_sees_only_what_was_known_then()
    {
        var bars = Walk(400, 10);
        await WriteAsync("X", bars);
        await WriteAsync("SPY", Walk(400, 11));
        var moment = new DateTimeOffset(bars[350].KnownAt);
        var then = await Reader.ReadAsync("X", null, null, moment, Cancel);
        Assert.Equal(351, then.Count);
        Assert.All(then, r => Assert.True(r.KnownAt <= moment.UtcDateTime));
        await WriteAsync("X", [bars[100] with { Bar = bars[100].Bar with { High = bars[100].Bar.High + 5 } }], now: true);
        Assert.Equal(then, await Reader.ReadAsync("X", null, null, moment, Cancel));
        var now = await Reader.ReadAsync("X", null, null, null, Cancel);
        Assert.NotEqual(then[350].Atr14, now[350].Atr14);
        Assert.True(now[350].KnownAt > moment.UtcDateTime);
    }

    [Fact]
    public async Task A_file_that_comes_again_with_a_dividend_leaves_conditions_known_since_their_bars()
    {
        StoredBar[] bars = [.. Walk(400, 21).Select(b => b with { Bar = b.Bar with { AdjustedClose = b.Bar.Close * 0.98 } })];
        await WriteAsync("X", bars);
        await WriteAsync("SPY", Walk(400, 22));
        await RefreshAsync();
        var before = await Reader.ReadAsync("X", null, null, null, Cancel);
        // A dividend that is known now, and by it other adjusted closes of all bars.
        await new ActionStore(_source, TimeProvider.System).WriteAsync("X", "test",
            [new(DateOnly.FromDateTime(bars[^1].Bar.Date).AddDays(-5), CorporateActionKind.Dividend, 1, false)], null, [], Cancel);
        await WriteAsync("X", [.. bars.Select(b => b with { Bar = b.Bar with { AdjustedClose = b.Bar.Close * 0.97 } })], now: true);
        Assert.Equal(2 * bars.Length, await ScalarAsync<long>("SELECT count(*) FROM market.price_history WHERE ticker = 'X'"));
        Assert.Equal(before, await Reader.ReadAsync("X", null, null, null, Cancel));
        await RefreshAsync();
        await EqualAsync("X", 400);
        Assert.Equal(400, await ScalarAsync<long>("SELECT count(*) FROM market.market_conditions WHERE symbol = 'X' AND known_at < now() - interval '1 day'"));
        // Another volume is another bar.
        await WriteAsync("X", [bars[399] with { Bar = bars[399].Bar with { Volume = 7 } }], now: true);
        Assert.Equal(399, (await Reader.ReadAsync("X", null, null, null, Cancel)).Count(r => r.KnownAt < DateTime.UtcNow.AddDays(-1)));
    }

    [Fact]
    public async Task Rows_that_retention_summed_up_do_not_come_back()
    {
        await using var lab = await RetentionLab.CreateAsync(server, nameof(ConditionTests));
        var first = new DateTime(2023, 6, 1, 0, 0, 0, DateTimeKind.Utc);
        StoredBar[] bars = [.. Walk(500, 12, first)];
        var store = new ConditionStore(lab.Source, TimeProvider.System);
        async Task Write(StoredBar[] some) => await new PriceStore(lab.Source, TimeProvider.System).WriteAsync("X", BarInterval.Day, "test", some.Select(b => b.Bar).ToArray(), null, Cancel);
        await Write(bars);
        await store.RefreshAsync(null, null, Cancel);
        var all = await lab.ScalarAsync<long>("SELECT count(*) FROM market.market_conditions");
        var done = await lab.RunAsync("market_conditions");
        Assert.Equal("downsample_drop", done.Action);
        Assert.InRange(done.Rows, 100, 400);
        Assert.Equal(done.Rows, await lab.ScalarAsync<long>("SELECT sum(samples)::bigint FROM market.market_conditions_daily"));
        await Write([bars[3] with { Bar = bars[3].Bar with { Close = bars[3].Bar.Low } }]);
        Assert.Equal(1, (await store.RefreshAsync(null, null, Cancel)).Symbols);
        Assert.Equal(all - done.Rows, await lab.ScalarAsync<long>("SELECT count(*) FROM market.market_conditions"));
    }

    async Task<(int Symbols, int UpToDate)> RefreshAsync()
    {
        var done = await Store.RefreshAsync(null, null, Cancel);
        return (done.Symbols, done.UpToDate);
    }

    async Task EqualAsync(string symbol, int count)
    {
        var rows = await Reader.ReadAsync(symbol, null, null, null, Cancel);
        Assert.Equal(count, rows.Count);
        await using var command = _source.CreateCommand("""
            SELECT timestamp, known_at, close, ema_50, rsi_14, vix, detected_regime, regime_confidence, reference_regime, spy_correlation, sector_correlation, formula
            FROM market.market_conditions WHERE symbol = $1 ORDER BY timestamp
            """);
        command.Parameters.Add(new() { Value = symbol });
        await using var row = await command.ExecuteReaderAsync(Cancel);
        foreach (var r in rows)
        {
            Assert.True(await row.ReadAsync(Cancel));
            object?[] expected = [r.Timestamp, r.KnownAt, r.Close, r.Ema50, r.Rsi14, r.Vix, r.DetectedRegime, r.RegimeConfidence, r.ReferenceRegime, r.SpyCorrelation, r.SectorCorrelation, r.Formula];
            Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(i => row.IsDBNull(i) ? null : row.GetValue(i)));
        }
        Assert.False(await row.ReadAsync(Cancel));
    }

    async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancel))!;
    }

    Task WriteAsync(string ticker, StoredBar[] bars, bool now = false)
    {
        var known = bars.ToDictionary(b => b.Bar.Date, b => b.KnownAt);
        return new PriceStore(_source, TimeProvider.System).WriteAsync(ticker, BarInterval.Day, "test", bars.Select(b => b.Bar).ToArray(), now ? null : b => known[b.Date], Cancel);
    }

    static ConditionSeries Real(string ticker) => new(
        [.. IndicatorSeries.Rows("prices", "daily", $"{ticker}.csv").Select(row =>
        {
            var (bar, date) = (IndicatorSeries.Bar(row), DateTime.SpecifyKind(DateTime.ParseExact(row["Date"], "yyyy-MM-dd", null), DateTimeKind.Utc));
            return new StoredBar(new(date, bar.Open, bar.High, bar.Low, bar.Close, (long)bar.Volume, null), date.AddHours(22), "yahoo");
        })], []);

    /// <summary>Sessions of a random walk, known an hour after their close.</summary>
    static StoredBar[] Walk(int count, int seed, DateTime? start = null)
    {
        var (random, price) = (new Random(seed), 100.0);
        return [.. Bellwether.Market.Calendars.UnitedStatesCalendar.Sessions(DateOnly.FromDateTime(start ?? Start), new(2035, 1, 1)).Take(count).Select(day =>
        {
            var open = price;
            price *= 1 + 0.03 * (random.NextDouble() - 0.49);
            var bar = new PriceBar(day.ToDateTime(default, DateTimeKind.Utc), open, Math.Max(open, price) * 1.01, Math.Min(open, price) * 0.99, price, random.Next(1_000, 100_000), null);
            return new StoredBar(bar, Bellwether.Market.Calendars.UnitedStatesCalendar.End(day).AddHours(1), "test");
        })];
    }
}
