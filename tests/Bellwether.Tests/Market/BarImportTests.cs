using System.Globalization;
using System.IO.Compression;
using Bellwether.Feeds;
using Bellwether.Market;
using Bellwether.Market.Import;
using Bellwether.Market.Prices;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Market;

public sealed class BarImportTests(TestServer server) : IAsyncLifetime
{
    static readonly DateTime Start = new(2026, 3, 2, 12, 0, 0, DateTimeKind.Utc);

    readonly ManualTime _time = new(new DateTimeOffset(Start));
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-bars-").FullName;
    TestDatabase _database = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await server.MigratedAsync(nameof(BarImportTests));

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("yahoo", "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,10,12,9,11,10.5,1000\n2024-01-03,11,13,10,12,11.5,2000\n")]
    [InlineData("stooq", "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\nX.US,D,20240102,000000,10,12,9,11,1000,0\nX.US,D,20240103,000000,11,13,10,12,2000,0\n")]
    [InlineData("csv", "Date,Open,High,Low,Close,Volume\n2024-01-02,10,12,9,11,1000\n2024-01-03,11,13,10,12,2000\n")]
    [InlineData("alpha_vantage", "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n2024-01-03,11,13,10,12,11.5,2000,0.0000,1.0\n2024-01-02,10,12,9,11,10.5,1000,0.0000,1.0\n")]
    [InlineData("csv", "date;open;high;low;close;volume\n2-Jan-2024;10;12;9;11;1000.0\n03-JAN-2024;11;13;10;12;2000.0\n")]
    [InlineData("csv", ",Open,High,Low,Close,Volume\n2024-01-02,10,12,9,11,1000\n2024-01-03,11,13,10,12,2000\n")]
    public async Task Layouts_of_all_vendors_give_the_same_bars(string source, string text)
    {
        var result = await ImportAsync(text);
        Assert.Equal((2, 2, 0, 0, source), (result.Read, result.Accepted, result.Duplicates, result.Rejected, result.Source));
        var bars = await BarsAsync();
        Assert.Equal([10, 11], bars.Select(b => b.Bar.Open));
        Assert.Equal([(11.0, 1000L), (12, 2000)], bars.Select(b => (b.Bar.Close, b.Bar.Volume!.Value)));
        Assert.Equal([new(2024, 1, 2), new(2024, 1, 3)], bars.Select(b => DateOnly.FromDateTime(b.Bar.Date)));
        Assert.All(bars, b => Assert.Equal((source, Start, TimeSpan.Zero), (b.Source, b.KnownAt, b.Bar.Date.TimeOfDay)));
    }

    [Theory]
    [InlineData("2022-03-14 04:00:00-04:00", "2022-03-14T08:00:00Z")]
    [InlineData("2022-03-14T04:00:00Z", "2022-03-14T04:00:00Z")]
    [InlineData("2022-03-14 09:30", "2022-03-14T13:30:00Z")]
    [InlineData("2022-03-11 09:30:00", "2022-03-11T14:30:00Z")]
    [InlineData("3/14/2022 9:30:00 AM", "2022-03-14T13:30:00Z")]
    [InlineData("2022-03-14 15:00:00+0530", "2022-03-14T09:30:00Z")]
    public async Task Times_are_taken_by_their_offset_else_in_New_York(string text, string utc)
    {
        await ImportAsync($"Datetime,Open,High,Low,Close\n{text},10,12,9,11\n", BarInterval.Minute);
        var bar = Assert.Single(await BarsAsync(BarInterval.Minute)).Bar;
        Assert.Equal(DateTime.Parse(utc, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal), bar.Date);
        Assert.Null(bar.Volume);
    }

    [Theory]
    [InlineData("2024-01-02,10,9,9,9,1,1", "high 9 is below open 10")]
    [InlineData("2024-01-02,10,12,11,10.5,1,1", "low 11 is above open 10")]
    [InlineData("2024-01-02,10,9,12,10,1,1", "high 9 is below low 12")]
    [InlineData("2024-01-02,-10,12,9,10,1,1", "open -10 is not above 0")]
    [InlineData("2024-01-02,10,12,0,10,1,1", "low 0 is not above 0")]
    [InlineData("2024-01-02,10,12,9,,1,1", "close is missing")]
    [InlineData("2024-01-02,10,12,9,null,1,1", "close is missing")]
    [InlineData("2024-01-02,10,12,9,ten,1,1", "close 'ten' is not a number")]
    [InlineData("2024-01-02,10,12,9,11,-1,1", "adjusted close -1 is not above 0")]
    [InlineData("2024-01-02,10,12,9,11,1,-5", "volume -5 is below 0")]
    [InlineData("2024-13-02,10,12,9,11,1,1", "time '2024-13-02' is not one that can be read")]
    [InlineData("2027-01-02,10,12,9,11,1,1", "lies in the future")]
    [InlineData(",10,12,9,11,1,1", "the time is missing")]
    [InlineData("2024-01-02,10", "row has 2 columns")]
    [InlineData("2024-01-02,10,12,9,11,10.5,1,234", "row has 8 columns where the header names 7")]
    public async Task A_broken_row_is_kept_out_with_line_and_reason(string row, string reason)
    {
        var result = await ImportAsync($"Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-03,10,12,9,11,10,1\n{row}\n2024-01-04,10,12,9,11,10,1\n");
        Assert.Equal((3, 2, 0, 1), (result.Read, result.Accepted, result.Duplicates, result.Rejected));
        var problem = Assert.Single(result.Problems);
        Assert.Equal(3, problem.Line);
        Assert.Contains(reason, problem.Reason);
        Assert.Equal(row, problem.Row);
        Assert.Equal(2, (await BarsAsync()).Count);
    }

    [Fact]
    public async Task Rows_of_another_symbol_are_kept_out()
    {
        var result = await ImportAsync("date,symbol,open,high,low,close\n2024-01-02,X,10,12,9,11\n2024-01-03,META,10,12,9,11\n");
        Assert.Equal("the row is of META, not of X", Assert.Single(result.Problems).Reason);
    }

    [Fact]
    public async Task A_real_file_with_repeated_times_and_an_empty_row_adds_up()
    {
        var importer = new BarImporter(_database.DataSource, _time);
        var path = SharedData.File("prices", "intraday", "SPY_1min_with_duplicates.csv");
        var result = await importer.ImportAsync(path, new("SPY", BarInterval.Minute), Cancel);
        Assert.Equal((13_435, 8_360, 5_074, 1), (result.Read, result.Accepted, result.Duplicates, result.Rejected));
        Assert.Equal(17, result.Problems.Count(p => p.Reason.Contains("other values", StringComparison.Ordinal)));
        var empty = Assert.Single(result.Problems, p => !p.IsDuplicate);
        Assert.Equal((1_940L, "open is missing"), (empty.Line, empty.Reason));
        // The row without prices tells of the dividend all the same.
        var dividend = Assert.Single(await new PriceReader(_database.DataSource, _time).ActionsAsync("SPY", null, Cancel));
        Assert.Equal((new DateOnly(2019, 12, 20), CorporateActionKind.Dividend, 1.57), (dividend.ExDate, dividend.Kind, dividend.Value));

        var again = await importer.ImportAsync(path, new("SPY", BarInterval.Minute), Cancel);
        Assert.Equal((13_435, 0, 13_434, 1, 0), (again.Read, again.Accepted, again.Duplicates, again.Rejected, again.Actions));
        Assert.Equal(8_360, await _database.ScalarAsync<long>("SELECT count(*) FROM market.price_history"));
    }

    [Fact]
    public async Task A_restated_bar_is_a_new_version_and_the_past_keeps_the_old_one()
    {
        await ImportAsync("date,open,high,low,close,volume\n2024-01-02,10,12,9,11,5\n2024-01-03,11,13,10,12,5\n");
        _time.Advance(TimeSpan.FromHours(1));
        var result = await ImportAsync("date,open,high,low,close,volume\n2024-01-02,10,12,9,11,5\n2024-01-03,11,13,10,12.5,5\n2024-01-04,12,14,11,13,5\n");
        Assert.Equal((2, 1, 1), (result.Accepted, result.Restated, result.Duplicates));
        Assert.Equal([11, 12.5, 13], (await BarsAsync()).Select(b => b.Bar.Close));
        Assert.Equal([11, 12], (await BarsAsync(asOf: Start.AddMinutes(59))).Select(b => b.Bar.Close));
        Assert.Empty(await BarsAsync(asOf: Start.AddSeconds(-1)));
        var versions = await new PriceReader(_database.DataSource, _time).VersionsAsync("X", BarInterval.Day, new(2024, 1, 3, 0, 0, 0, TimeSpan.Zero), Cancel);
        Assert.Equal([12, 12.5], versions.Select(v => v.Bar.Close));
    }

    [Fact]
    public async Task Knowledge_may_be_the_end_of_each_bar_or_stated()
    {
        await ImportAsync("date,open,high,low,close\n2024-11-27,10,12,9,11\n2024-11-29,11,13,10,12\n", options: o => o with { Knowledge = BarKnowledge.BarEnd });
        Assert.Equal([new DateTime(2024, 11, 27, 21, 0, 0), new DateTime(2024, 11, 29, 18, 0, 0)], (await BarsAsync()).Select(b => b.KnownAt));
        Assert.Equal([11], (await BarsAsync(asOf: new(2024, 11, 29, 17, 59, 59, DateTimeKind.Utc))).Select(b => b.Bar.Close));
        await ImportAsync("date,open,high,low,close\n2024-11-29,11,13,10,12.5\n", options: o => o with { Knowledge = BarKnowledge.Stated, KnownAt = new(2024, 12, 2, 0, 0, 0, TimeSpan.Zero) });
        Assert.Equal([11, 12], (await BarsAsync(asOf: new(2024, 12, 1, 0, 0, 0, DateTimeKind.Utc))).Select(b => b.Bar.Close));
        Assert.Equal([11, 12.5], (await BarsAsync()).Select(b => b.Bar.Close));
        // Two truths since one moment cannot be.
        var clash = await ImportAsync("date,open,high,low,close\n2024-11-29,11,13,10,12.75\n", options: o => o with { Knowledge = BarKnowledge.Stated, KnownAt = new(2024, 12, 2, 0, 0, 0, TimeSpan.Zero) });
        Assert.Equal((0, 0, 1), (clash.Accepted, clash.Duplicates, clash.Rejected));
        Assert.Contains("very same moment", Assert.Single(clash.Problems).Reason);
    }

    [Fact]
    public async Task Late_and_restated_bars_change_no_read_before_they_were_known()
    {
        var random = new Random(4);
        var store = new PriceStore(_database.DataSource, _time);
        var seen = new List<(DateTime AsOf, (DateTime, double)[] Bars)>();
        for (var round = 0; round < 40; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(1 + random.Next(1_000)));
            var bars = Enumerable.Range(0, 60).Where(_ => random.Next(4) == 0)
                .Select(day => new PriceBar(new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(day), 10, 20, 5, 10 + random.Next(4), null, null)).ToArray();
            await store.WriteAsync("X", BarInterval.Day, "test", bars, null, Cancel);
            var now = _time.GetUtcNow().UtcDateTime;
            seen.Add((now, await ReadAsync(now)));
            var (asOf, expected) = seen[random.Next(seen.Count)];
            Assert.Equal(expected, await ReadAsync(asOf));
        }
        foreach (var (asOf, expected) in seen) Assert.Equal(expected, await ReadAsync(asOf));
        Assert.Equal(seen[^1].Bars.AsEnumerable(), (await BarsAsync()).Select(b => (b.Bar.Date, b.Bar.Close)));

        async Task<(DateTime, double)[]> ReadAsync(DateTime asOf) => [.. (await BarsAsync(asOf: asOf)).Select(b => (b.Bar.Date, b.Bar.Close))];
    }

    [Fact]
    public async Task Two_imports_at_once_store_each_bar_once()
    {
        var bars = Enumerable.Range(0, 500).Select(i => new PriceBar(new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(i), 10, 20, 5, 15, i, null)).ToArray();
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => new PriceStore(_database.DataSource, _time).WriteAsync("X", BarInterval.Day, "test", bars, null, Cancel)));
        Assert.Equal((500, 1_500), (results.Sum(r => r.Added), results.Sum(r => r.Unchanged)));
        Assert.Equal(500, await _database.ScalarAsync<long>("SELECT count(*) FROM market.price_history"));
    }

    [Fact]
    public async Task Months_have_their_partitions_and_older_bars_share_one()
    {
        await ImportAsync("date,open,high,low,close\n1999-01-04,10,12,9,11\n2005-01-04,10,12,9,11\n2026-01-05,10,12,9,11\n2026-02-02,10,12,9,11\n2026-02-03,10,12,9,11\n");
        Assert.Equal("price_history_202601,price_history_202602,price_history_history", await _database.ScalarAsync<string>(
            "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'market.price_history'::regclass"));
        Assert.Equal(2, await _database.ScalarAsync<long>("SELECT count(*) FROM market.price_history_history"));
    }

    [Fact]
    public async Task Sessions_without_a_bar_are_counted()
    {
        var result = await ImportAsync("date,open,high,low,close\n2024-01-02,10,12,9,11\n2024-01-05,10,12,9,11\n2024-01-06,10,12,9,11\n");
        Assert.Equal((2, 1), (result.Gaps, result.OffSession));
    }

    [Fact]
    public async Task Compressed_files_are_read_and_cut_off_ones_are_not()
    {
        var path = Path.Combine(_folder, "bars.csv.gz");
        await using (var file = File.Create(path))
        await using (var zip = new GZipStream(file, CompressionLevel.Fastest)) zip.Write("date,open,high,low,close\n2024-01-02,10,12,9,11\n"u8);
        Assert.Equal(1, (await new BarImporter(_database.DataSource, _time).ImportAsync(path, new("X", BarInterval.Day), Cancel)).Accepted);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^12]);
        await Assert.ThrowsAsync<FeedException>(() => new BarImporter(_database.DataSource, _time).ImportAsync(path, new("X", BarInterval.Day), Cancel));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("date,open,high,low\n2024-01-02,1,1,1\n", "the header names no column for close")]
    public async Task A_file_without_bars_is_refused(string text, string expected) =>
        Assert.Contains(expected, (await Assert.ThrowsAsync<FeedException>(() => ImportAsync(text))).Message);

    async Task<BarImportResult> ImportAsync(string text, BarInterval? interval = null, Func<BarImportOptions, BarImportOptions>? options = null)
    {
        var path = Path.Combine(_folder, "bars.csv");
        File.WriteAllText(path, text);
        var plain = new BarImportOptions("X", interval ?? BarInterval.Day);
        return await new BarImporter(_database.DataSource, _time).ImportAsync(path, options?.Invoke(plain) ?? plain, Cancel);
    }

    Task<IReadOnlyList<StoredBar>> BarsAsync(BarInterval? interval = null, DateTime? asOf = null) =>
        new PriceReader(_database.DataSource, _time).BarsAsync("X", interval ?? BarInterval.Day, null, null, asOf, Cancel);
}
