namespace Bellwether.App.Demo;

/// <summary>A trading day of the New York Stock Exchange. Knows the exchange's holidays and clock changes itself, so that no zone data is needed.</summary>
/// <param name="Date">Local date.</param>
public readonly record struct TradingDay(DateOnly Date)
{
    /// <summary>First trade before the opening and last one after the close, local time.</summary>
    public static readonly TimeSpan First = TimeSpan.FromHours(4), Open = new(9, 30, 0), Close = TimeSpan.FromHours(16), Last = TimeSpan.FromHours(20);

    /// <summary>The newest day whose trading, after hours included, had ended.</summary>
    public static TradingDay LastFinished(DateTimeOffset now)
    {
        var date = DateOnly.FromDateTime(now.UtcDateTime);
        while (IsClosed(date) || new TradingDay(date).At(Last) > now) date = date.AddDays(-1);
        return new(date);
    }

    /// <summary>The instant of a local time of the day.</summary>
    public DateTimeOffset At(TimeSpan local) =>
        new DateTimeOffset(Date.ToDateTime(TimeOnly.MinValue), IsSummer(Date) ? TimeSpan.FromHours(-4) : TimeSpan.FromHours(-5)) + local;

    // Energy Policy Act of 2005: from the second Sunday of March to the first Sunday of November.
    static bool IsSummer(DateOnly date) => date >= Nth(date.Year, 3, DayOfWeek.Sunday, 2) && date < Nth(date.Year, 11, DayOfWeek.Sunday, 1);

    // NYSE Rule 7.2, without the one-off closures.
    static bool IsClosed(DateOnly date)
    {
        var year = date.Year;
        return date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday
            || date == Observed(new(year, 1, 1), saturdayMoves: false)
            || date == Nth(year, 1, DayOfWeek.Monday, 3)
            || date == Nth(year, 2, DayOfWeek.Monday, 3)
            || date == Easter(year).AddDays(-2)
            || date == Nth(year, 6, DayOfWeek.Monday, 1).AddDays(-7)
            || date == Observed(new(year, 6, 19))
            || date == Observed(new(year, 7, 4))
            || date == Nth(year, 9, DayOfWeek.Monday, 1)
            || date == Nth(year, 11, DayOfWeek.Thursday, 4)
            || date == Observed(new(year, 12, 25));
    }

    static DateOnly Observed(DateOnly holiday, bool saturdayMoves = true) => holiday.DayOfWeek switch
    {
        DayOfWeek.Saturday when saturdayMoves => holiday.AddDays(-1),
        DayOfWeek.Sunday => holiday.AddDays(1),
        _ => holiday,
    };

    static DateOnly Nth(int year, int month, DayOfWeek day, int n)
    {
        var first = new DateOnly(year, month, 1);
        return first.AddDays(((int)day - (int)first.DayOfWeek + 7) % 7 + 7 * (n - 1));
    }

    // Anonymous Gregorian computus (Nature, 20 April 1876).
    static DateOnly Easter(int year)
    {
        var (a, b, c) = (year % 19, year / 100, year % 100);
        var (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
        var h = (19 * a + b - d - (b - f + 1) / 3 + 15) % 30;
        var l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
        var m = (a + 11 * h + 22 * l) / 451;
        var n = h + l - 7 * m + 114;
        return new(year, n / 31, n % 31 + 1);
    }
}
