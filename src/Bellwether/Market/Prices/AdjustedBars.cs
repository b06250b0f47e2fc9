using Bellwether.Market.Calendars;

namespace Bellwether.Market.Prices;

/// <summary>
/// Adjusts bars of a range as the whole series would be, and reads of what lies behind the range only the bars that have a say in it: the
/// last before each ex-date, which a dividend is measured by, and the newest, without which an action has not come yet.
/// </summary>
public sealed class AdjustedBars(BarPages pages, PriceReader reader)
{
    // A bar that is not over yet is no bar, but its row counts.
    const int Spare = 2;

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
        DateTimeOffset[] ends = [.. later.Select(a => a.ExDate).Distinct().Select(date => Begin(date, interval))];
        var found = await reader.BarsBeforeAsync(ticker, interval, next, ends, asOf, Spare, cancellationToken);
        var (place, begin) = (0, next);
        foreach (var end in ends)
        {
            while (place < found.Count && found[place].Bar.Date < end.UtcDateTime) place++;
            // With none since the ex-date before, there is none, or all that were looked at were parts: the search goes further back then.
            IReadOnlyList<StoredBar> nearest = place > 0 && found[place - 1].Bar.Date >= begin.UtcDateTime ? [found[place - 1]]
                : await pages.LastAsync(ticker, interval, next, end, asOf, 1, cancellationToken);
            foreach (var before in nearest) behind[before.Bar.Date] = before;
            begin = end;
        }
        return behind.Values;
    }

    static DateTimeOffset Begin(DateOnly day, BarInterval interval)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        return new(interval.IsDaily ? DateTime.SpecifyKind(midnight, DateTimeKind.Utc)
            : TimeZoneInfo.ConvertTimeToUtc(midnight, UnitedStatesCalendar.TimeZone));
    }
}
