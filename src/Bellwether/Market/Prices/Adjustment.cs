using Bellwether.Market.Calendars;

namespace Bellwether.Market.Prices;

/// <summary>
/// Bars as if splits had always been and dividends been reinvested: prices before an ex-date are multiplied by 1/ratio for a split and by
/// 1 − dividend / close before the ex-date for a dividend. Where the vendor states an adjusted close, its factor is taken instead.
/// </summary>
public static class Adjustment
{
    /// <summary>Formula of the factors, to be kept beside what is computed from them.</summary>
    public const string Formula = "backward-adjusted-v1";

    /// <param name="bars">In order of time.</param>
    /// <returns>As many bars; volumes are multiplied by the ratios of splits.</returns>
    public static IReadOnlyList<PriceBar> Apply(IReadOnlyList<PriceBar> bars, IReadOnlyList<CorporateAction> actions, BarInterval interval)
    {
        var adjusted = new PriceBar[bars.Count];
        var (factor, shares, next) = (1.0, 1.0, actions.Count - 1);
        for (var i = bars.Count - 1; i >= 0; i--)
        {
            var bar = bars[i];
            var day = interval.IsDaily ? DateOnly.FromDateTime(bar.Date) : UnitedStatesCalendar.DateOf(bar.Date);
            // Actions between this bar and the one after it: this bar's close is the last before them.
            for (; next >= 0 && actions[next].ExDate > day; next--)
            {
                var action = actions[next];
                // What lies behind the last bar changes no price of a series that ends before it.
                if (i == bars.Count - 1) continue;
                if (action.Kind == CorporateActionKind.Dividend) factor *= Math.Max(0, 1 - action.Value / bar.Close);
                else if (!action.InPrices) (factor, shares) = (factor / action.Value, shares * action.Value);
            }
            var own = bar.AdjustedClose is { } vendor ? vendor / bar.Close : factor;
            var volume = bar.AdjustedClose is null && bar.Volume is { } traded ? (long)Math.Round(traded * shares) : bar.Volume;
            adjusted[i] = new(bar.Date, bar.Open * own, bar.High * own, bar.Low * own, bar.AdjustedClose ?? bar.Close * own, volume, bar.AdjustedClose);
        }
        return adjusted;
    }
}
