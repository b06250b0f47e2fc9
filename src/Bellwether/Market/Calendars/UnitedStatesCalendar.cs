namespace Bellwether.Market.Calendars;

/// <summary>
/// Sessions of the New York exchanges since 1985: weekdays without the holidays of their rules and the days on which they stayed closed
/// otherwise.
/// Open 9:30 to 16:00 in New York; to 13:00 on the day after Thanksgiving, on Christmas Eve and before Independence Day.
/// </summary>
public static class UnitedStatesCalendar
{
    public const string TimeZoneName = "America/New_York";

    static readonly TimeOnly Open = new(9, 30), Close = new(16, 0), EarlyClose = new(13, 0);

    // Mourning, attacks and storms.
    static readonly HashSet<DateOnly> Closed =
    [
        new(1985, 9, 27), new(1994, 4, 27), new(2001, 9, 11), new(2001, 9, 12), new(2001, 9, 13), new(2001, 9, 14), new(2004, 6, 11),
        new(2007, 1, 2),
        new(2012, 10, 29), new(2012, 10, 30), new(2018, 12, 5), new(2025, 1, 9),
    ];

    public static TimeZoneInfo TimeZone { get; } = TimeZoneInfo.FindSystemTimeZoneById(TimeZoneName);

    public static bool IsSession(DateOnly day) => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && !Closed.Contains(day)
        && !IsHoliday(day);

    /// <summary>Sessions from a day to another, both included.</summary>
    public static IEnumerable<DateOnly> Sessions(DateOnly from, DateOnly to)
    {
        for (var day = from; day <= to; day = day.AddDays(1))
            if (IsSession(day)) yield return day;
    }

    /// <summary>First and last moment of a session, UTC.</summary>
    /// <exception cref="ArgumentException">There is none on that day.</exception>
    public static (DateTime Open, DateTime Close) Hours(DateOnly session) => IsSession(session)
        ? (Utc(session, Open), Utc(session, IsEarlyClose(session) ? EarlyClose : Close))
        : throw new ArgumentException($"{session:yyyy-MM-dd} is no session", nameof(session));

    /// <summary>When the bars of a date are complete: at the close of its session, and where there was none at 16:00 in New York.</summary>
    public static DateTime End(DateOnly day) => IsSession(day) ? Hours(day).Close : Utc(day, Close);

    /// <summary>The date in New York.</summary>
    public static DateOnly DateOf(DateTime utc) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(utc, TimeZone));

    public static bool IsEarlyClose(DateOnly day) => IsSession(day) && (
        day.Month == 11 && day == Weekday(day.Year, 11, DayOfWeek.Thursday, 4).AddDays(1)
        || day.Month == 12 && day.Day == 24
        || day.Month == 7 && IndependenceEve(day));

    // The day before the holiday; until 2012 the Friday after, where that was a Thursday.
    static bool IndependenceEve(DateOnly day)
    {
        var holiday = new DateOnly(day.Year, 7, 4).DayOfWeek;
        if (holiday is DayOfWeek.Saturday or DayOfWeek.Sunday or DayOfWeek.Monday) return false;
        return holiday == DayOfWeek.Thursday && day.Year < 2013 ? day.Day == 5 : day.Day == 3;
    }

    static bool IsHoliday(DateOnly day) => day.Month switch
    {
        1 => day == Observed(new(day.Year, 1, 1), saturday: false) || day.Year >= 1998 && day == Weekday(day.Year, 1, DayOfWeek.Monday, 3),
        2 => day == Weekday(day.Year, 2, DayOfWeek.Monday, 3),
        3 or 4 => day == Easter(day.Year).AddDays(-2),
        5 => day == LastMonday(day.Year, 5),
        6 => day.Year >= 2022 && day == Observed(new(day.Year, 6, 19)),
        7 => day == Observed(new(day.Year, 7, 4)),
        9 => day == Weekday(day.Year, 9, DayOfWeek.Monday, 1),
        11 => day == Weekday(day.Year, 11, DayOfWeek.Thursday, 4),
        12 => day == Observed(new(day.Year, 12, 25)),
        _ => false,
    };

    /// <summary>The Friday before a Saturday, the Monday after a Sunday. New Year's Day is not moved back into the old year.</summary>
    static DateOnly Observed(DateOnly holiday, bool saturday = true) => holiday.DayOfWeek switch
    {
        DayOfWeek.Saturday when saturday => holiday.AddDays(-1),
        DayOfWeek.Sunday => holiday.AddDays(1),
        _ => holiday,
    };

    static DateOnly Weekday(int year, int month, DayOfWeek weekday, int number)
    {
        var first = new DateOnly(year, month, 1);
        return first.AddDays(((int)weekday - (int)first.DayOfWeek + 7) % 7 + 7 * (number - 1));
    }

    static DateOnly LastMonday(int year, int month)
    {
        var last = new DateOnly(year, month, DateTime.DaysInMonth(year, month));
        return last.AddDays(-(((int)last.DayOfWeek + 6) % 7));
    }

    /// <summary>Easter Sunday by the Gregorian rules (Butcher).</summary>
    static DateOnly Easter(int year)
    {
        var (golden, century, inCentury) = (year % 19, year / 100, year % 100);
        var epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
        var sunday = (32 + 2 * (century % 4) + 2 * (inCentury / 4) - epact - inCentury % 4) % 7;
        var shift = (golden + 11 * epact + 22 * sunday) / 451;
        var number = epact + sunday - 7 * shift + 114;
        return new(year, number / 31, number % 31 + 1);
    }

    static DateTime Utc(DateOnly day, TimeOnly time) => TimeZoneInfo.ConvertTimeToUtc(day.ToDateTime(time), TimeZone);
}
