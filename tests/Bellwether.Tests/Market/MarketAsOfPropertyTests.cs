using System.Globalization;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Conditions;
using Bellwether.Market.OptionChains;
using Bellwether.Market.Prices;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Market;

/// <summary>
/// Bars, splits, sectors and quotes come late and restated, at random: what was answered as of a moment is answered for it ever after.
/// </summary>
public sealed class MarketAsOfPropertyTests(TestServer server)
{
    const int Steps = 25;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_answer_about_the_past_ever_changes(int seed)
    {
        await using var database = await server.MigratedAsync(nameof(MarketAsOfPropertyTests));
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var (random, time) = (new Random(seed), new ManualTime(new(2025, 2, 3, 12, 0, 0, TimeSpan.Zero)));
        var days = UnitedStatesCalendar.Sessions(new(2022, 6, 1), new(2025, 1, 31)).ToArray();
        var (prices, conditions, next) = (new PriceStore(source, time), new ConditionReader(source, time), 560);
        foreach (var ticker in (string[])["X", "SPY", "VIX"])
            await prices.WriteAsync(ticker, BarInterval.Day, "test", days[..next].Select(d => Bar(d)).ToArray(), b =>
                UnitedStatesCalendar.End(DateOnly.FromDateTime(b.Date)), Cancel);

        var told = new List<(DateTimeOffset Moment, string Answer)>();
        for (var step = 0; step < Steps; step++)
        {
            time.Advance(TimeSpan.FromMinutes(random.Next(1, 500)));
            if (await ChangeAsync() is { } backdated) told.RemoveAll(t => t.Moment >= backdated);
            var moment = time.GetUtcNow();
            told.Add((moment, await AnswerAsync(moment)));
            // And a moment that lies back before some of the changes.
            var earlier = moment - TimeSpan.FromMinutes(random.Next(1, 300_000));
            told.Add((earlier, await AnswerAsync(earlier)));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.True(told.Select(t => t.Answer).Distinct().Count() > Steps / 2, $"{told.Count} answers are left");
        foreach (var (moment, answer) in told) Assert.Equal(answer, await AnswerAsync(moment));

        // Since when a change is stated to be known, where that lies in the past.
        async Task<DateTimeOffset?> ChangeAsync()
        {
            var ticker = ((string[])["X", "SPY", "VIX"])[random.Next(3)];
            var (now, some) = (time.GetUtcNow(), days[random.Next(next - 30, next)]);
            switch (random.Next(11))
            {
                case 0:
                    var more = days[next..(next += random.Next(1, 5))];
                    await prices.WriteAsync(ticker, BarInterval.Day, "test", more.Select(d => Bar(d)).ToArray(), null, Cancel);
                    break;
                case 1:
                    await prices.WriteAsync(ticker, BarInterval.Day, "test", new[] { Bar(some) }, null, Cancel);
                    break;
                case 5:
                    // Of a vendor who has adjusted for what happened up to some day.
                    var bar = Bar(some);
                    var origin = new BarOrigin("vendor") { LoadedOn = some.AddDays(random.Next(40)), SplitsInPrices = random.Next(2) == 0 };
                    await prices.WriteAsync(ticker, BarInterval.Day, origin,
                        new[] { random.Next(2) == 0 ? bar : bar with { AdjustedClose = bar.Close / 2 } }, null, Cancel);
                    break;
                case 6:
                    await new ActionStore(source, time).WriteAsync(ticker, "test",
                        [random.Next(2) == 0 ? new(some, CorporateActionKind.Dividend, random.NextDouble(), false)
                        : new(some, CorporateActionKind.Split, random.Next(2, 5), true)], null, Cancel);
                    break;
                case 7:
                    // A part of a session that runs, or a Saturday.
                    var today = DateOnly.FromDateTime(now.UtcDateTime);
                    await prices.WriteAsync(ticker, BarInterval.Day, "test",
                        new[] { Bar(random.Next(2) == 0 ? today : today.AddDays(-1 - (int)today.DayOfWeek)) }, null, Cancel);
                    break;
                case 8:
                    var known = now - TimeSpan.FromMinutes(random.Next(1, 2_000));
                    await prices.WriteAsync(ticker, BarInterval.Day, "test", new[] { Bar(some) }, _ => known.UtcDateTime, Cancel);
                    return known;
                case 9:
                    await new TradingHoursStore(source, time).StateAsync(ticker, (TradingHours)random.Next(3), onlyFirst: false, Cancel);
                    break;
                case 2:
                    await new ActionStore(source, time).WriteAsync(ticker, "test",
                        [new(days[random.Next(next)], CorporateActionKind.Split, random.Next(2, 5), false)], null, Cancel);
                    break;
                case 3:
                    await conditions.SetSectorAsync("X", random.Next(2) == 0 ? "SPY" : null, Cancel);
                    break;
                default:
                    var row = new OptionRow("X", Bellwether.Analytics.Options.OptionType.Call, 100,
                        new DateTime(2025, 6, 20, 20, 0, 0, DateTimeKind.Utc),
                        UnitedStatesCalendar.End(days[random.Next(next - 5, next)]))
                    { Spot = 100, Last = 5 + random.NextDouble() };
                    await new OptionStore(source, time)
                        .WriteAsync([new(row, 0.2, Bellwether.Analytics.Options.OptionGreeks.Undefined, null)], new("X", 0, 0), Cancel);
                    break;
            }
            return null;
        }

        async Task<string> AnswerAsync(DateTimeOffset moment)
        {
            var reader = new PriceReader(source, time);
            var bars = await reader.BarsAsync("X", BarInterval.Day, null, null, moment, Cancel);
            Assert.All(bars, b => Assert.True(b.KnownAt <= moment.UtcDateTime));
            var adjusted = Adjustment.Apply(bars, await reader.ActionsAsync("X", moment, Cancel), BarInterval.Day);
            var rows = await conditions.ReadAsync("X", bars.Count > 3 ? bars[^3].Bar.Date : null, null, moment, Cancel);
            Assert.All(rows, r => Assert.True(r.KnownAt <= moment.UtcDateTime && r.Timestamp <= moment.UtcDateTime));
            var versions = await BarVersions.LoadAsync(source, "X", null, moment, moment, time, Cancel);
            var technical = versions.At(moment, moment, 30);
            Assert.All(technical, b => Assert.True(b.KnownAt <= moment.UtcDateTime && versions.EndOf(b.Bar.Date, moment) <= b.KnownAt));
            var chain = await new OptionStore(source, time).ChainAsync("X", moment, Cancel);
            return string.Join('\n', adjusted.TakeLast(40).Select(b => b.ToString())) + string.Join('\n', technical)
                + string.Join('\n', rows) + bars.Count.ToString(CultureInfo.InvariantCulture) + bars.Sum(b => b.Bar.Close)
                .ToString("R", CultureInfo.InvariantCulture)
                + $"{chain?.Quoted:O} {chain?.Market} {string.Join(';', chain?.Quotes ?? [])}";
        }

        PriceBar Bar(DateOnly day)
        {
            var close = 90 + 20 * random.NextDouble();
            return new(day.ToDateTime(default, DateTimeKind.Utc), close, close + 1, close - 1, close, 1_000, null);
        }
    }
}
