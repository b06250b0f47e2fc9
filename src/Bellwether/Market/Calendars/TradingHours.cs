namespace Bellwether.Market.Calendars;

/// <summary>When something is traded, and so when the bar of a day is over.</summary>
public enum TradingHours
{
    /// <summary>The sessions of the New York exchanges.</summary>
    Exchange,

    /// <summary>The same, a quarter of an hour longer: indices that options on them settle by, such as VIX.</summary>
    ExchangeLate,

    /// <summary>All the time; days end at midnight, UTC.</summary>
    EveryDay,
}

/// <summary>The one place that says when a bar is over.</summary>
public static class BarEnd
{
    /// <summary>How much longer than the exchanges <see cref="TradingHours.ExchangeLate"/> goes on.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromMinutes(15);

    /// <summary>The end of a day, UTC.</summary>
    public static DateTime Of(TradingHours hours, DateOnly day) => hours switch
    {
        TradingHours.EveryDay => day.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc),
        TradingHours.ExchangeLate => UnitedStatesCalendar.End(day) + Late,
        _ => UnitedStatesCalendar.End(day),
    };

    /// <summary>The end of a bar, UTC: of several days that of the last session among them.</summary>
    /// <param name="start">As it is stored.</param>
    public static DateTime Of(TradingHours hours, BarInterval interval, DateTime start)
    {
        if (!interval.IsDaily) return start + interval.Length;
        var first = DateOnly.FromDateTime(start);
        var last = first.AddDays((int)interval.Length.TotalDays - 1);
        if (hours != TradingHours.EveryDay)
            for (var day = last; day >= first; day = day.AddDays(-1))
                if (UnitedStatesCalendar.IsSession(day)) return Of(hours, day);
        return Of(hours, last);
    }

    /// <summary>As it is stored and written: exchange, exchange_late or every_day.</summary>
    public static string NameOf(TradingHours hours) => hours switch
    {
        TradingHours.EveryDay => "every_day",
        TradingHours.ExchangeLate => "exchange_late",
        _ => "exchange",
    };

    /// <summary>With underscores or hyphens.</summary>
    public static bool TryParse(string name, out TradingHours hours)
    {
        foreach (var known in Enum.GetValues<TradingHours>())
            if (NameOf(known).Equals(name.Replace('-', '_'), StringComparison.OrdinalIgnoreCase))
            {
                hours = known;
                return true;
            }
        hours = default;
        return false;
    }
}
