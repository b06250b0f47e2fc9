using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Prices;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Market;

/// <summary>A range of bars is adjusted as in the whole series, by few of the bars behind it.</summary>
public sealed class AdjustedBarsTests(TestServer server)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_range_is_adjusted_as_the_whole_series_also_over_days_of_which_only_parts_are_known()
    {
        await using var database = await server.MigratedAsync(nameof(AdjustedBarsTests));
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var random = new Random(5);
        DateOnly[] days = [.. UnitedStatesCalendar.Sessions(new(2020, 1, 2), new(2021, 12, 31))];
        var bars = days.Select(day =>
        {
            var close = 100 + 20 * random.NextDouble();
            return new PriceBar(day.ToDateTime(default, DateTimeKind.Utc), close, close + 1, close - 1, close, random.Next(1_000, 9_000), null);
        }).ToArray();
        // Ex-dates at random, one after another too, and weeks of parts before some of them.
        var exDates = Enumerable.Range(1, days.Length - 1).Where(i => random.Next(12) == 0 || i is 100 or 101 or 300).ToArray();
        var parts = Enumerable.Range(0, days.Length).Where(i => i is >= 286 and < 300 || random.Next(30) == 0 && i < days.Length - 1)
            .Select(i => bars[i].Date).ToHashSet();
        await new PriceStore(source, TimeProvider.System).WriteAsync("X", BarInterval.Day, "test", bars,
            bar => parts.Contains(bar.Date) ? bar.Date.AddHours(16) : UnitedStatesCalendar.End(DateOnly.FromDateTime(bar.Date)).AddHours(1), Cancel);
        CorporateAction[] actions = [.. exDates.Select(i => new CorporateAction(days[i], i % 5 == 0 ? CorporateActionKind.Split : CorporateActionKind.Dividend,
            i % 5 == 0 ? 2 : 1, false))];
        await new ActionStore(source, TimeProvider.System).WriteAsync("X", "test", actions, null, Cancel);

        var reader = new PriceReader(source, TimeProvider.System);
        var pages = new BarPages(source, reader);
        var all = await reader.BarsAsync("X", BarInterval.Day, null, null, null, Cancel);
        Assert.Equal(days.Length - parts.Count, all.Count);
        var whole = Adjustment.Apply(all, actions, BarInterval.Day);
        foreach (var (from, count) in new[] { (0, 30), (60, 40), (200, 60), (250, 30), (all.Count - 20, 19), (all.Count - 5, 5) })
        {
            var adjusted = await new AdjustedBars(pages, reader).ApplyAsync("X", BarInterval.Day, [.. all.Skip(from).Take(count)], null, Cancel);
            Assert.Equal(whole.Skip(from).Take(count), adjusted);
        }
        // Fewer than asked for are all that there are; parts do not count.
        Assert.Equal(all, await pages.LastAsync("X", BarInterval.Day, null, null, null, 10_000, Cancel));
        Assert.Equal(all.TakeLast(40), await pages.LastAsync("X", BarInterval.Day, null, null, null, 40, Cancel));
        var end = new DateTimeOffset(bars[300].Date);
        Assert.Equal(all.Last(b => b.Bar.Date < bars[286].Date), Assert.Single(await pages.LastAsync("X", BarInterval.Day, null, end, null, 1, Cancel)));
        Assert.Empty(await pages.LastAsync("X", BarInterval.Day, null, new DateTimeOffset(bars[0].Date), null, 1, Cancel));
    }
}
