using Bellwether.Market.Calendars;

namespace Bellwether.Market.Prices;

/// <summary>
/// Bars as if splits had always been and dividends been reinvested: prices before an ex-date are multiplied by 1/ratio for a split and by 1
/// − dividend / close before the ex-date for a dividend. What a vendor has adjusted a bar for already, by the day on which the bar was
/// loaded, is not applied to it again; what came after that day is. A dividend of the whole price or more is a slip, and left out.
/// </summary>
public static class Adjustment
{
    /// <summary>Formula of the factors, to be kept beside what is computed from them.</summary>
    public const string Formula = "backward-adjusted-v2";

    /// <param name="Place">Of the last bar before its ex-date.</param>
    readonly record struct Applied(CorporateAction Action, int Place, double Factor);

    /// <param name="bars">In order of time.</param>
    /// <param name="actions">In order of their dates, each once.</param>
    /// <returns>As many bars; volumes are multiplied by the ratios of splits.</returns>
    public static IReadOnlyList<PriceBar> Apply(IReadOnlyList<StoredBar> bars, IReadOnlyList<CorporateAction> actions, BarInterval interval)
    {
        var adjusted = new PriceBar[bars.Count];
        var (applied, next) = (new List<Applied>(), actions.Count - 1);
        for (var i = bars.Count - 1; i >= 0; i--)
        {
            for (var day = DayOf(bars[i], interval); next >= 0 && actions[next].ExDate > day; next--)
                if (Counts(bars, i, actions[next])) applied.Add(Take(bars, i, actions[next]));
            adjusted[i] = Adjust(bars[i], applied);
        }
        return adjusted;
    }

    /// <summary>
    /// Return from the close of one bar to that of another, with splits and dividends, and the places of the bars whose closes are in it
    /// and the actions that are.
    /// </summary>
    public static (double Return, IReadOnlyList<int> Places, IReadOnlyList<CorporateAction> Actions) Return(
        IReadOnlyList<StoredBar> bars, int from, int to, IReadOnlyList<CorporateAction> actions)
    {
        var (applied, next, end) = (new List<Applied>(), actions.Count - 1, 0.0);
        for (var i = bars.Count - 1; i >= from; i--)
        {
            for (var day = DayOf(bars[i], BarInterval.Day); next >= 0 && actions[next].ExDate > day; next--)
                if (Counts(bars, i, actions[next])) applied.Add(Take(bars, i, actions[next]));
            if (i == to) end = Adjust(bars[i], applied).Close;
        }
        // What both bars lie before and neither is adjusted for, or both are, has no say.
        bool IsIn(int bar, Applied a) => a.Place >= bar && !bars[bar].Covers(a.Action);
        Applied[] between = [.. applied.Where(a => IsIn(from, a) != IsIn(to, a))];
        return (end / Adjust(bars[from], applied).Close - 1,
            [from, to, .. between.Where(a => !a.Action.IsSplit).Select(a => a.Place)], [.. between.Select(a => a.Action)]);
    }

    internal static DateOnly DayOf(in StoredBar bar, BarInterval interval) =>
        interval.IsDaily ? DateOnly.FromDateTime(bar.Bar.Date) : UnitedStatesCalendar.DateOf(bar.Bar.Date);

    // What lies behind the last bar changes no price of a series that ends before it, unless some of its bars are in the shares of after a
    // split.
    static bool Counts(IReadOnlyList<StoredBar> bars, int before, CorporateAction action) =>
        before < bars.Count - 1 || action.IsSplit && bars.Any(b => b.Covers(action) || b.IsAfter(action.ExDate));

    static Applied Take(IReadOnlyList<StoredBar> bars, int before, CorporateAction action) =>
        new(action, before, action.IsSplit ? 1 / action.Value
            : DividendCheck.IsPossible(action, bars[before].Bar.Close) ? 1 - action.Value / bars[before].Bar.Close : 1);

    static PriceBar Adjust(in StoredBar stored, List<Applied> applied)
    {
        var (bar, factor, shares) = (stored.Bar, 1.0, 1.0);
        foreach (var (action, _, own) in applied)
        {
            if (!stored.Covers(action)) factor *= own;
            if (action.IsSplit && !stored.IsAfter(action.ExDate)) shares *= action.Value;
        }
        var close = (bar.AdjustedClose ?? bar.Close) * factor;
        if (bar.AdjustedClose is { } vendor) factor *= vendor / bar.Close;
        long? volume = bar.Volume is { } traded ? (long)Math.Round(traded * shares) : null;
        return new(bar.Date, bar.Open * factor, bar.High * factor, bar.Low * factor, close, volume, bar.AdjustedClose);
    }
}
