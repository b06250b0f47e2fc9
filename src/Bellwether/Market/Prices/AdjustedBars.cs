using Bellwether.Market.Calendars;

namespace Bellwether.Market.Prices;

/// <summary>
/// Adjusts bars of a range as the whole series would be, and reads of what lies behind the range only the bars that have a say in it: the
/// last before each ex-date, which a dividend is measured by, and the newest, without which an action has not come yet.
/// </summary>
public sealed class AdjustedBars(BarPages pages, PriceReader reader)
{
    /// <param name="bars">In order of time; none is missing between the first and the last.</param>
    /// <returns>As many bars.</returns>
    public async Task<IReadOnlyList<PriceBar>> ApplyAsync(
        string ticker, BarInterval interval, IReadOnlyList<StoredBar> bars, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        if (bars.Count == 0) return [];
        var actions = await reader.ActionsAsync(ticker, asOf, cancellationToken);
        var behind = await BehindAsync(ticker, interval, bars[^1], actions, asOf, cancellationToken);
        return [.. Adjustment.Apply([.. bars, .. behind], actions, interval).Take(bars.Count)];
    }

    async Task<IEnumerable<StoredBar>> BehindAsync(string ticker, BarInterval interval, StoredBar last,
        IReadOnlyList<CorporateAction> actions, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var day = Adjustment.DayOf(last, interval);
        var next = new DateTimeOffset(last.Bar.Date.AddTicks(TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        CorporateAction[] later = [.. actions.Where(a => a.ExDate > day)];
        if (later.Length == 0) return [];
        var newest = await pages.LastAsync(ticker, interval, next, null, asOf, 1, cancellationToken);
        if (newest.Count == 0) return [];
        // Whether a split that no bar has come after counts is told by any bar of the series.
        if (later.Any(a => a.IsSplit && a.ExDate > Adjustment.DayOf(newest[0], interval)))
            return await reader.BarsAsync(ticker, interval, next, null, asOf, cancellationToken);
        var behind = new SortedDictionary<DateTime, StoredBar> { [newest[0].Bar.Date] = newest[0] };
        foreach (var date in later.Select(a => a.ExDate).Distinct())
            foreach (var before in await pages.LastAsync(ticker, interval, next, Begin(date, interval), asOf, 1, cancellationToken))
                behind[before.Bar.Date] = before;
        return behind.Values;
    }

    static DateTimeOffset Begin(DateOnly day, BarInterval interval)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        return new(interval.IsDaily ? DateTime.SpecifyKind(midnight, DateTimeKind.Utc)
            : TimeZoneInfo.ConvertTimeToUtc(midnight, UnitedStatesCalendar.TimeZone));
    }
}
