using Bellwether.Market;
using Bellwether.Market.Prices;

namespace Bellwether.Tests.Market;

public sealed class AdjustmentTests
{
    static PriceBar Bar(int day, double close, double? adjusted = null) => new(new DateTime(2024, 1, day, 0, 0, 0, DateTimeKind.Utc), close - 1, close + 1, close - 2, close, 1_000, adjusted);

    static IReadOnlyList<PriceBar> Apply(IReadOnlyList<PriceBar> bars, params CorporateAction[] actions) => Adjustment.Apply(bars, actions, BarInterval.Day);

    [Fact]
    public void A_split_divides_what_came_before_and_multiplies_its_volume()
    {
        var bars = Apply([Bar(2, 400), Bar(3, 404), Bar(4, 101)], new CorporateAction(new(2024, 1, 4), CorporateActionKind.Split, 4, false));
        Assert.Equal([100, 101, 101], bars.Select(b => b.Close));
        Assert.Equal([99.75, 100.75, 100], bars.Select(b => b.Open));
        Assert.Equal([4_000L, 4_000, 1_000], bars.Select(b => b.Volume!.Value));
    }

    [Fact]
    public void A_split_that_the_prices_carry_already_changes_nothing() =>
        Assert.Equal([100, 101], Apply([Bar(2, 100), Bar(3, 101)], new CorporateAction(new(2024, 1, 3), CorporateActionKind.Split, 4, true)).Select(b => b.Close));

    [Fact]
    public void A_dividend_lowers_what_came_before_by_its_share_of_the_last_close_with_it()
    {
        var bars = Apply([Bar(2, 90), Bar(3, 100), Bar(4, 98)], new CorporateAction(new(2024, 1, 4), CorporateActionKind.Dividend, 2, false));
        Assert.Equal([90 * 0.98, 98, 98], bars.Select(b => b.Close));
        // Held over the ex-date, nothing was won or lost.
        Assert.Equal(1, bars[2].Close / bars[1].Close, 12);
    }

    [Fact]
    public void Actions_behind_the_last_bar_and_on_a_first_day_change_nothing()
    {
        Assert.Equal([100, 101], Apply([Bar(2, 100), Bar(3, 101)], new CorporateAction(new(2024, 1, 9), CorporateActionKind.Split, 4, false)).Select(b => b.Close));
        Assert.Equal([100, 101], Apply([Bar(2, 100), Bar(3, 101)], new CorporateAction(new(2024, 1, 2), CorporateActionKind.Split, 4, false)).Select(b => b.Close));
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
            new CorporateAction(new(2024, 1, 3), CorporateActionKind.Split, 4, false), new CorporateAction(new(2024, 1, 4), CorporateActionKind.Dividend, 1, false),
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
