using Bellwether.Market;
using Bellwether.Market.Prices;

namespace Bellwether.Tests.Market;

public sealed class AdjustmentTests
{
    static readonly DateTime Known = new(2024, 2, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <param name="loaded">Day of January on which a vendor that carries splits said so; null for raw prices.</param>
    static StoredBar Bar(int day, double close, double? adjusted = null, int? loaded = null) => new(
        new(new DateTime(2024, 1, day, 0, 0, 0, DateTimeKind.Utc), close - 1, close + 1, close - 2, close, 1_000, adjusted), Known,
        new("test") { LoadedOn = loaded is { } on ? new(2024, 1, on) : null, SplitsInPrices = loaded is not null && adjusted is null });

    static IReadOnlyList<PriceBar> Apply(IReadOnlyList<StoredBar> bars, params CorporateAction[] actions) =>
        Adjustment.Apply(bars, actions, BarInterval.Day);

    static CorporateAction Split(int day, double ratio) => new(new(2024, 1, day), CorporateActionKind.Split, ratio, true);

    static CorporateAction Dividend(int day, double value) => new(new(2024, 1, day), CorporateActionKind.Dividend, value, false);

    [Fact]
    public void A_split_divides_what_came_before_and_multiplies_its_volume()
    {
        var bars = Apply([Bar(2, 400), Bar(3, 404), Bar(4, 101)], new CorporateAction(new(2024, 1, 4), CorporateActionKind.Split, 4,
            false));
        Assert.Equal([100, 101, 101], bars.Select(b => b.Close));
        Assert.Equal([99.75, 100.75, 100], bars.Select(b => b.Open));
        Assert.Equal([4_000L, 4_000, 1_000], bars.Select(b => b.Volume!.Value));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(150)]
    public void A_dividend_of_the_whole_price_changes_nothing(double value) =>
        Assert.Equal([100, 101, 102], Apply([Bar(2, 100), Bar(3, 101), Bar(4, 102)], Dividend(3, value)).Select(b => b.Close));

    [Fact]
    public void A_split_that_the_prices_carry_already_changes_nothing() =>
        Assert.Equal([100, 101], Apply([Bar(2, 100, loaded: 3), Bar(3, 101, loaded: 3)], Split(3, 4)).Select(b => b.Close));

    [Fact]
    public void A_split_after_the_day_on_which_a_vendor_adjusted_is_applied_to_its_bars_alone()
    {
        var bars = Apply([Bar(2, 400, loaded: 3), Bar(3, 101, loaded: 4), Bar(4, 101, loaded: 4), Bar(5, 102)], Split(4, 4));
        Assert.Equal([100, 101, 101, 102], bars.Select(b => b.Close));
        Assert.Equal([4_000L, 1_000, 1_000, 1_000], bars.Select(b => b.Volume!.Value));
    }

    [Fact]
    public void A_split_behind_the_last_bar_tells_bars_apart_of_which_some_carry_it() =>
        Assert.Equal([100, 101], Apply([Bar(2, 400, loaded: 3), Bar(3, 101, loaded: 9)], Split(8, 4)).Select(b => b.Close));

    [Fact]
    public void What_came_after_a_vendors_adjusted_close_is_taken_off_it()
    {
        var bars = Apply([Bar(2, 100, 90, loaded: 3), Bar(3, 100, 100, loaded: 3), Bar(4, 49, 49, loaded: 4)], Dividend(3, 10),
            Dividend(4, 2), Split(4, 2));
        Assert.Equal(90 * 0.98 / 2, bars[0].Close, 12);
        Assert.Equal(100 * 0.98 / 2, bars[1].Close, 12);
        Assert.Equal(49, bars[2].Close);
    }

    [Fact]
    public void A_return_tells_what_it_is_made_of()
    {
        var (bars, actions) = (new[] { Bar(2, 100), Bar(3, 100), Bar(4, 49), Bar(5, 50) },
            new[] { Dividend(3, 1), Split(4, 2), Dividend(5, 3) });
        var (value, places, between) = Adjustment.Return(bars, 1, 2, actions);
        Assert.Equal((-0.02, 1), (Math.Round(value, 12), between.Count));
        Assert.Equal([1, 2], places);
        (value, places, between) = Adjustment.Return(bars, 0, 3, actions);
        Assert.Equal(50 / (100 / 2.0 * 0.99 * (1 - 3 / 49.0)) - 1, value, 12);
        Assert.Equal([0, 2, 3], places.Distinct().Order());
        Assert.Equal(actions.AsEnumerable().Reverse(), between);
    }

    [Fact]
    public void A_dividend_lowers_what_came_before_by_its_share_of_the_last_close_with_it()
    {
        var bars = Apply([Bar(2, 90), Bar(3, 100), Bar(4, 98)], new CorporateAction(new(2024, 1, 4), CorporateActionKind.Dividend, 2,
            false));
        Assert.Equal([90 * 0.98, 98, 98], bars.Select(b => b.Close));
        // Held over the ex-date, nothing was won or lost.
        Assert.Equal(1, bars[2].Close / bars[1].Close, 12);
    }

    [Fact]
    public void Actions_behind_the_last_bar_and_on_a_first_day_change_nothing()
    {
        Assert.Equal([100, 101], Apply([Bar(2, 100), Bar(3, 101)], new CorporateAction(new(2024, 1, 9), CorporateActionKind.Split, 4,
            false)).Select(b => b.Close));
        Assert.Equal([100, 101], Apply([Bar(2, 100), Bar(3, 101)], new CorporateAction(new(2024, 1, 2), CorporateActionKind.Split, 4,
            false)).Select(b => b.Close));
    }

    [Fact]
    public void An_action_on_a_day_without_a_bar_counts_from_the_next()
    {
        var bars = Apply([Bar(2, 200), Bar(5, 100)], new CorporateAction(new(2024, 1, 4), CorporateActionKind.Split, 2, false));
        Assert.Equal([100, 100], bars.Select(b => b.Close));
    }

    [Fact]
    public void Several_actions_multiply()
    {
        var bars = Apply([Bar(2, 400), Bar(3, 100), Bar(4, 49)],
            new CorporateAction(new(2024, 1, 3), CorporateActionKind.Split, 4, false),
            new CorporateAction(new(2024, 1, 4), CorporateActionKind.Dividend, 1, false),
            new CorporateAction(new(2024, 1, 4), CorporateActionKind.Split, 2, false));
        Assert.Equal(400 / 8.0 * 0.99, bars[0].Close, 12);
        Assert.Equal(100 / 2.0 * 0.99, bars[1].Close, 12);
    }

    [Fact]
    public void The_vendors_adjusted_close_wins()
    {
        var bars = Apply([Bar(2, 100, 80), Bar(3, 100, 100)], new CorporateAction(new(2024, 1, 3), CorporateActionKind.Dividend, 5, false));
        Assert.Equal((80.0, 99 * 0.8, 101 * 0.8, 98 * 0.8), (bars[0].Close, bars[0].Open, bars[0].High, bars[0].Low));
    }
}
