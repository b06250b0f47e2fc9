using Bellwether.Analytics.Indicators;
using Bellwether.Market.Calendars;

namespace Bellwether.Market.Prices;

/// <summary>Bars of one ticker as input of indicators.</summary>
public sealed class BarSeries(PriceReader reader)
{
    /// <param name="to">End, excluded.</param>
    /// <param name="adjusted">For splits and dividends known by the moment; those after <paramref name="to"/> count too, as vendors do
    /// it.</param>
    /// <param name="regular">Only bars within the hours of the exchange.</param>
    public async Task<IReadOnlyList<PriceBar>> ReadAsync(
        string ticker, BarInterval interval, DateTimeOffset? to, DateTimeOffset? asOf, bool adjusted, bool regular,
        CancellationToken cancellationToken)
    {
        var stored = await reader.BarsAsync(ticker, interval, null, adjusted ? null : to, asOf, cancellationToken);
        IReadOnlyList<PriceBar> bars = adjusted
            ? Adjustment.Apply(stored, await reader.ActionsAsync(ticker, asOf, cancellationToken), interval)
            : [.. stored.Select(s => s.Bar)];
        return to is null && !regular ? bars
            : [.. bars.Where(b => !(b.Date >= to?.UtcDateTime) && (!regular || IsRegular(b.Date, interval)))];
    }

    /// <summary>Bars for indicators: with the benchmark's close of the same time, and for bars within a day the number of the
    /// session.</summary>
    public static Bar[] Inputs(IReadOnlyList<PriceBar> bars, IReadOnlyList<PriceBar> benchmark, BarInterval interval)
    {
        var closes = benchmark.ToDictionary(b => b.Date, b => b.Close);
        var inputs = new Bar[bars.Count];
        for (var i = 0; i < bars.Count; i++)
            inputs[i] = Input(bars[i], closes.TryGetValue(bars[i].Date, out var close) ? close : double.NaN, interval);
        return inputs;
    }

    /// <param name="benchmark">Its close at the time of the bar; NaN where it has none.</param>
    public static Bar Input(in PriceBar bar, double benchmark, BarInterval interval) =>
        new(bar.Open, bar.High, bar.Low, bar.Close, bar.Volume ?? double.NaN)
        {
            Benchmark = benchmark,
            Session = interval.IsDaily ? 0 : UnitedStatesCalendar.DateOf(bar.Date).DayNumber,
        };

    /// <summary>Within the hours of the exchange.</summary>
    public static bool IsRegular(DateTime date, BarInterval interval)
    {
        var day = interval.IsDaily ? DateOnly.FromDateTime(date) : UnitedStatesCalendar.DateOf(date);
        if (!UnitedStatesCalendar.IsSession(day)) return false;
        if (interval.IsDaily) return true;
        var (open, close) = UnitedStatesCalendar.Hours(day);
        return date >= open && date < close;
    }
}
