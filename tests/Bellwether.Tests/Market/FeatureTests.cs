using Bellwether.Analytics.Indicators;
using Bellwether.App.Commands;
using Bellwether.Engines.DuckDb;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Features;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class FeatureTests(TestServer server)
{

    [Fact]
    public async Task Factors_go_from_the_desk_to_Parquet_as_the_kernel_computes_them()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(FeatureTests));
        foreach (var ticker in (string[])["TSLA", "GME"]) (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", $"{ticker}.csv"), "--symbol", ticker)).Succeeds();
        var answer = (await desk.RunAsync("market", "factors", "--json")).Succeeds().Json;
        var (gme, tsla) = (Analytics.Indicators.IndicatorSeries.Bars("prices", "daily", "GME.csv"), Analytics.Indicators.IndicatorSeries.Bars("prices", "daily", "TSLA.csv"));
        Assert.Equal((gme.Length + tsla.Length, 2), (answer.GetProperty("rows").GetInt32(), answer.GetProperty("symbols").GetInt32()));
        using var database = DuckDbTestLibrary.Open();
        using var connection = database.Connect();
        using var rows = connection.Query($"SELECT ticker, date, {string.Join(", ", FactorSet.Names)} FROM read_parquet('{answer.GetProperty("out").GetString()}')");
        var values = new double[14];
        foreach (var (ticker, bars) in new[] { ("GME", gme), ("TSLA", tsla) })
        {
            var set = new FactorSet();
            foreach (var bar in bars)
            {
                Assert.True(rows.Read());
                Assert.Equal(ticker, rows.GetString(0));
                set.Next(in bar, values);
                Assert.Equal(values, Enumerable.Range(2, 14).Select(i => rows.IsNull(i) ? double.NaN : rows.GetDouble(i)));
            }
        }
        Assert.False(rows.Read());
    }

    [Fact]
    public async Task Bars_in_no_order_are_sorted_and_two_of_one_time_are_refused()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(FeatureTests));
        var (sorted, mixed) = (Path.Combine(desk.Folder, "s.parquet"), Path.Combine(desk.Folder, "m.parquet"));
        using (var database = DuckDbTestLibrary.Open())
        using (var connection = database.Connect())
        {
            connection.Execute("CREATE TABLE b AS SELECT 'S' || (i % 3) AS symbol, DATE '2020-01-01' + CAST(i // 3 AS INTEGER) AS date, 100 + i * 7 % 13 AS close, i * 31 % 17 AS volume FROM range(600) t(i)");
            connection.Execute($"COPY (FROM b ORDER BY symbol, date) TO '{sorted}' (FORMAT parquet); COPY (FROM b ORDER BY hash(symbol, date)) TO '{mixed}' (FORMAT parquet)");
            connection.Execute($"COPY (FROM b UNION ALL FROM b WHERE symbol = 'S1' LIMIT 700) TO '{Path.Combine(desk.Folder, "d.parquet")}' (FORMAT parquet)");
        }
        foreach (var (name, file) in new[] { ("a", sorted), ("b", mixed) }) (await desk.RunAsync("market", "factors", file, "--out", Path.Combine(desk.Folder, $"{name}.out.parquet"))).Succeeds();
        using (var database = DuckDbTestLibrary.Open())
        using (var connection = database.Connect())
            Assert.Equal(0L, connection.Scalar($"SELECT count(*) FROM (FROM read_parquet('{desk.Folder}/a.out.parquet') EXCEPT ALL FROM read_parquet('{desk.Folder}/b.out.parquet'))"));
        Assert.Contains("S1 has two bars of 2020-01-01", (await desk.RunAsync("market", "factors", Path.Combine(desk.Folder, "d.parquet"), "--out", Path.Combine(desk.Folder, "d.out.parquet"))).Fails(ExitCode.BadInput).Error);
        Assert.False(File.Exists(Path.Combine(desk.Folder, "d.out.parquet")));
        Assert.Contains("has no column close", (await desk.RunAsync("market", "factors", Path.Combine(desk.Folder, "a.out.parquet"), "--out", Path.Combine(desk.Folder, "e.out.parquet"))).Fails(ExitCode.BadInput).Error);
        Assert.Contains("No bars", (await desk.RunAsync("market", "factors")).Fails(ExitCode.BadInput).Error);
    }

    /// <summary>Versions at random: late, restated, some known before they were over; splits and dividends, early and late.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_matrix_holds_what_was_known_at_each_moment(int seed)
    {
        var random = new Random(seed);
        var days = UnitedStatesCalendar.Sessions(new(2024, 1, 2), new(2024, 7, 1)).ToArray();
        var versions = new List<StoredBar>();
        foreach (var day in days)
            for (var version = 0; version < 1 + (random.Next(6) == 0 ? random.Next(1, 3) : 0); version++)
            {
                var close = 100 + 10 * random.NextDouble();
                var known = UnitedStatesCalendar.End(day).AddMinutes(version == 0 ? random.Next(5) == 0 ? 60 * 24 * random.Next(5) : random.Next(6) == 0 ? random.Next(-60, 0) : random.Next(10) : 60 * 24 * random.Next(1, 60));
                if (versions.Any(v => DateOnly.FromDateTime(v.Bar.Date) == day && v.KnownAt == known)) continue;
                versions.Add(new(new(day.ToDateTime(default, DateTimeKind.Utc), close, close + 1, close - 1, close, 1_000, null), known, "test"));
            }
        KnownAction[] actions =
        [
            .. days.Skip(5).Where(_ => random.Next(12) == 0).Select(day => new KnownAction(
                random.Next(2) == 0 ? new(day, CorporateActionKind.Split, random.Next(2, 5), false) : new(day, CorporateActionKind.Dividend, 1 + random.NextDouble(), false),
                UnitedStatesCalendar.End(day).AddDays(random.Next(-20, 20)))),
        ];
        string[] names = ["sma_5", "rsi_14", "atr_14"];
        var request = new MatrixRequest(["X"], names, null, null) { Horizon = 3 };
        var history = new SymbolHistory([.. versions.OrderBy(_ => random.Next())], [.. actions.OrderBy(_ => random.Next())], TradingHours.Exchange);
        var rows = FeatureMatrix.Rows(history, IndicatorSet.Parse(names), request).ToArray();
        Assert.True(rows.Length > 100 && actions.Length > 4);
        foreach (var row in rows)
        {
            // By hand: the latest version of each bar that was known when it was over, adjusted, through fresh indicators.
            var bars = Latest(versions.Where(v => v.KnownAt <= row.Moment));
            var factors = Factors(bars, [.. actions.Where(a => a.KnownAt <= row.Moment && a.Action.ExDate <= DateOnly.FromDateTime(row.Moment)).Select(a => a.Action)]);
            var (set, values) = (IndicatorSet.Parse(names), new double[3]);
            for (var i = 0; i < bars.Length; i++)
                set.Next(new Bar(bars[i].Open * factors[i], bars[i].High * factors[i], bars[i].Low * factors[i], bars[i].Close * factors[i], 1_000), values);
            for (var i = 0; i < 3; i++) Assert.Equal(values[i], row.Values[i], 1e-7);
            Assert.Equal((bars[^1].Close, DateOnly.FromDateTime(bars[^1].Date)), (row.Close, row.Date));
            Assert.True(row.KnownAt <= row.Moment);

            // The label as it is known now, and as it was known when it is said to be: the same, and not before.
            var (now, place) = (Latest(versions), Array.FindIndex(Latest(versions), b => DateOnly.FromDateTime(b.Date) == row.Date));
            Assert.Equal(place + 3 >= now.Length, double.IsNaN(row.Label));
            if (row.LabelKnownAt is not { } since) continue;
            Assert.Equal(LabelAt(row.Date, DateTime.MaxValue), row.Label, 9);
            Assert.Equal(row.Label, LabelAt(row.Date, since), 9);
            Assert.NotEqual(row.Label, LabelAt(row.Date, since.AddTicks(-1)), 9);
        }

        PriceBar[] Latest(IEnumerable<StoredBar> some) =>
            [.. some.Where(v => v.KnownAt >= UnitedStatesCalendar.End(DateOnly.FromDateTime(v.Bar.Date))).GroupBy(v => v.Bar.Date).OrderBy(g => g.Key).Select(g => g.MaxBy(v => v.KnownAt).Bar)];

        // Of the bars that the label is between by now, whatever others were known then.
        double LabelAt(DateOnly day, DateTime known)
        {
            var (all, bars) = (Latest(versions), Latest(versions.Where(v => v.KnownAt <= known)));
            var end = all[Array.FindIndex(all, b => DateOnly.FromDateTime(b.Date) == day) + 3].Date;
            var (from, to) = (Array.FindIndex(bars, b => DateOnly.FromDateTime(b.Date) == day), Array.FindIndex(bars, b => b.Date == end));
            if (from < 0 || to < 0) return double.NaN;
            var factors = Factors(bars, [.. actions.Where(a => a.KnownAt <= known).Select(a => a.Action)]);
            return bars[to].Close * factors[to] / (bars[from].Close * factors[from]) - 1;
        }
    }

    /// <summary>By the definition: of every split and dividend behind a bar and not behind the last one.</summary>
    static double[] Factors(PriceBar[] bars, CorporateAction[] actions)
    {
        var factors = bars.Select(_ => 1.0).ToArray();
        foreach (var action in actions)
        {
            var before = Array.FindLastIndex(bars, b => DateOnly.FromDateTime(b.Date) < action.ExDate);
            if (before < 0 || before == bars.Length - 1) continue;
            for (var i = 0; i <= before; i++) factors[i] *= action.IsSplit ? 1 / action.Value : 1 - action.Value / bars[before].Close;
        }
        return factors;
    }

    [Fact]
    public async Task A_matrix_is_written_and_what_was_never_known_is_told()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(FeatureTests));
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "TSLA.csv"), "--symbol", "TSLA", "--known-at", "bar-end")).Succeeds();
        var file = Path.Combine(desk.Folder, "m.parquet");
        var answer = (await desk.RunAsync("market", "matrix", "TSLA", "--set", "rsi_14,macd_line", "--from", "2021-01-01", "--label", "5", "--out", file, "--json")).Succeeds().Json;
        using (var database = DuckDbTestLibrary.Open())
        using (var connection = database.Connect())
        {
            Assert.Equal((long)answer.GetProperty("rows").GetInt32(), connection.Scalar($"SELECT count(*) FROM read_parquet('{file}') WHERE known_at <= timestamp AND rsi_14 IS NOT NULL"));
            Assert.Equal(5L, connection.Scalar($"SELECT count(*) FROM read_parquet('{file}') WHERE forward_return_5 IS NULL"));
            Assert.Equal(0L, connection.Scalar($"SELECT count(*) FROM read_parquet('{file}') WHERE label_known_at <= timestamp"));
        }
        (await desk.RunAsync("market", "import", SharedData.File("prices", "daily", "GME.csv"), "--symbol", "GME")).Succeeds();
        Assert.Contains("No row", (await desk.RunAsync("market", "matrix", "GME", "--set", "rsi_14", "--out", file)).Succeeds().Error);
        Assert.Contains("compare with", (await desk.RunAsync("market", "matrix", "GME", "--set", "beta_60", "--out", file)).Fails(ExitCode.Usage).Error);
        Assert.Contains("no daily bars", (await desk.RunAsync("market", "matrix", "NONE", "--set", "rsi_14", "--out", file)).Fails(ExitCode.BadInput).Error);
    }

    [Fact]
    public async Task Bench_asof_answers_with_its_measures()
    {
        var answer = (await Cli.RunAsync("bench", "asof", "--rows", "5000", "--groups", "7", "--json")).Succeeds().Json;
        Assert.Equal(5_000, answer.GetProperty("left").GetInt32());
        Assert.True(answer.GetProperty("matched").GetInt32() > 4_000);
    }
}
