using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.OptionChains;
using Bellwether.Market.Prices;
using Bellwether.Tests.Support;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Market;

/// <summary>Files of quotes and bars of their underlying come late, restated and for any past moment, at random.</summary>
public sealed class OptionNoLookAheadTests(TestServer server)
{
    const int Steps = 40;

    sealed record Row(DateTime Quoted, DateTime Known, double Spot, double Bid);

    sealed record Version(DateTime Date, DateTime Known, double Close);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_quote_knows_a_price_before_its_session_ended_or_before_it_was_known(int seed)
    {
        await using var database = await server.MigratedAsync(nameof(OptionNoLookAheadTests));
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var (random, time) = (new Random(seed), new ManualTime(new(2025, 2, 3, 12, 0, 0, TimeSpan.Zero)));
        var (prices, importer, file) = (new PriceStore(source, time), new OptionImporter(source, time), Path.GetTempFileName());
        var (told, last, accepted) = (new List<(string Ticker, DateTimeOffset Moment, string Answer)>(), time.GetUtcNow(), 0L);
        for (var step = 0; step < Steps; step++)
        {
            time.Advance(TimeSpan.FromMinutes(random.Next(30, 900)));
            // Of a new one no bar is known before those of now.
            var ticker = $"X{step / 4}";
            // Bars of the last sessions, new or restated; now and then one is still to come when quotes of its day are read.
            foreach (var day in UnitedStatesCalendar.Sessions(Day(-9), Day(0))
                .Where(d => UnitedStatesCalendar.End(d) <= time.GetUtcNow() && random.Next(4) == 0))
            {
                var close = 90 + 20 * random.NextDouble();
                await prices.WriteAsync(ticker, BarInterval.Day, "test",
                    new[] { new PriceBar(day.ToDateTime(default, DateTimeKind.Utc), close, close, close, close, 1, null) }, null, Cancel);
            }
            time.Advance(TimeSpan.FromMinutes(random.Next(1, 30)));
            // A file states since when it is known, but not for moments of which was told already.
            DateTimeOffset? known = random.Next(2) == 0 ? null : last + random.NextDouble() * (time.GetUtcNow() - last);
            await File.WriteAllLinesAsync(file, ["date,expiry,strike,type,bid,ask,last,volume",
                .. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Quote())], Cancel);
            accepted += (await importer.ImportAsync(file, new(ticker, 0.01, 0) { KnownAt = known }, Cancel)).Accepted;
            last = time.GetUtcNow();
            foreach (var moment in (DateTimeOffset[])[last, last - random.NextDouble() * TimeSpan.FromDays(4)])
                told.Add((ticker, moment, await AnswerAsync(ticker, moment)));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        File.Delete(file);
        foreach (var (ticker, moment, answer) in told) Assert.Equal(answer, await AnswerAsync(ticker, moment));
        Assert.True(accepted > Steps && told.Select(t => t.Answer).Distinct().Count() > Steps / 2);

        await using var connection = await source.OpenConnectionAsync(Cancel);
        var versions = (await connection.QueryAsync<Version>(
            "SELECT date, known_at AS known, close_price AS close FROM market.price_history")).ToArray();
        var rows = (await connection.QueryAsync<Row>("SELECT fetch_timestamp AS quoted, known_at AS known, underlying_price AS spot, bid "
            + "FROM market.options_data WHERE underlying_price IS NOT NULL")).ToArray();
        Assert.True(rows.Length > Steps);
        foreach (var row in rows)
        {
            Assert.True(row.Known >= row.Quoted);
            var from = Assert.Single(versions, v => v.Close == row.Spot);
            Assert.True(UnitedStatesCalendar.End(DateOnly.FromDateTime(from.Date)) <= row.Quoted,
                $"{row} of a session that had not ended: {from}");
            Assert.True(from.Known <= row.Known, $"{row} of a price that was known later: {from}");
        }
        // Some rest on what was known at the quote, others wait for what they rest on.
        Assert.Contains(rows, r => versions.Single(v => v.Close == r.Spot).Known == r.Known);
        Assert.Contains(rows, r => versions.Single(v => v.Close == r.Spot).Known < r.Quoted);

        DateOnly Day(int days) => UnitedStatesCalendar.DateOf(time.GetUtcNow().UtcDateTime).AddDays(days);

        string Quote()
        {
            var at = time.GetUtcNow() - random.NextDouble() * TimeSpan.FromDays(random.Next(1, 6));
            var text = random.Next(3) switch
            {
                0 => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null),
                1 => TimeZoneInfo.ConvertTime(at, UnitedStatesCalendar.TimeZone).ToString("yyyy-MM-dd HH:mm:ss", null),
                _ => UnitedStatesCalendar.DateOf(at.UtcDateTime).AddDays(-1).ToString("yyyy-MM-dd", null),
            };
            var mid = 2 + 10 * random.NextDouble();
            return FormattableString.Invariant(
                $"{text},2025-12-19,{95 + random.Next(4)},{(random.Next(2) == 0 ? "call" : "put")},{mid - 0.1:0.00},{mid + 0.1:0.00},{mid:0.00},{random.Next(1, 99)}");
        }

        async Task<string> AnswerAsync(string ticker, DateTimeOffset moment)
        {
            var chain = await new OptionStore(source, time).ChainAsync(ticker, moment, Cancel);
            Assert.False(chain?.KnownAt > moment.UtcDateTime || chain?.Quoted > moment.UtcDateTime);
            await using var command = source.CreateCommand("""
                SELECT coalesce(string_agg(concat_ws(' ', fetch_timestamp, strike_price, option_type, bid, underlying_price, delta), E'\n'
                    ORDER BY fetch_timestamp, strike_price, option_type, known_at), '') FROM market.options_data WHERE known_at <= $1 AND ticker = $2
                """);
            command.Parameters.Add(new() { Value = moment });
            command.Parameters.Add(new() { Value = ticker });
            return $"{chain?.Quoted:O} {chain?.KnownAt:O} {chain?.Market} {string.Join(';', chain?.Quotes ?? [])}\n{await command.ExecuteScalarAsync(Cancel)}";
        }
    }
}
