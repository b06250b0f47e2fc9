using System.Globalization;
using Bellwether.Market.Calendars;

namespace Bellwether.Tests.Market;

public sealed class UnitedStatesCalendarTests
{
    [Theory]
    [InlineData("SPY")]
    [InlineData("AAPL")]
    [InlineData("GME")]
    [InlineData("TSLA")]
    public void Sessions_are_the_days_that_were_traded(string symbol)
    {
        var traded = File.ReadLines(SharedData.File("prices", "daily", $"{symbol}.csv")).Skip(1).Select(line => DateOnly.Parse(line.AsSpan(0, 10), CultureInfo.InvariantCulture))
            .Where(day => day.Year >= 1985).ToArray();
        Assert.Equal(traded, UnitedStatesCalendar.Sessions(traded[0], traded[^1]));
    }

    [Theory]
    [InlineData("2026-01-01", false)] // New Year
    [InlineData("2021-12-31", true)] // New Year's Day of 2022 is a Saturday, and is not moved into the old year
    [InlineData("2023-01-02", false)] // New Year on a Sunday
    [InlineData("2026-04-03", false)] // Good Friday
    [InlineData("2021-06-18", true)] // before Juneteenth was kept
    [InlineData("2022-06-20", false)]
    [InlineData("2026-07-03", false)] // Independence Day on a Saturday
    [InlineData("2026-11-26", false)]
    [InlineData("2027-12-24", false)] // Christmas on a Saturday
    [InlineData("2025-01-09", false)] // mourning
    [InlineData("2026-11-21", false)] // Saturday
    [InlineData("2026-11-20", true)]
    public void Holidays_follow_their_rules(string day, bool open) => Assert.Equal(open, UnitedStatesCalendar.IsSession(DateOnly.Parse(day, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("2026-11-27", "2026-11-27T18:00:00Z")]
    [InlineData("2024-07-03", "2024-07-03T17:00:00Z")]
    [InlineData("2024-12-24", "2024-12-24T18:00:00Z")]
    [InlineData("2002-07-05", "2002-07-05T17:00:00Z")]
    [InlineData("2013-07-03", "2013-07-03T17:00:00Z")]
    [InlineData("2026-11-20", "2026-11-20T21:00:00Z")]
    [InlineData("2026-07-06", "2026-07-06T20:00:00Z")]
    [InlineData("2026-03-06", "2026-03-06T21:00:00Z")] // the clock changes on the 8th
    [InlineData("2026-03-09", "2026-03-09T20:00:00Z")]
    public void A_session_ends_at_four_in_New_York_or_at_one(string day, string close)
    {
        var (open, end) = UnitedStatesCalendar.Hours(DateOnly.Parse(day, CultureInfo.InvariantCulture));
        Assert.Equal(DateTime.Parse(close, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal), end);
        Assert.Equal(9.5, TimeZoneInfo.ConvertTimeFromUtc(open, UnitedStatesCalendar.TimeZone).TimeOfDay.TotalHours);
    }

    [Fact]
    public void A_day_without_a_session_has_no_hours() => Assert.Throws<ArgumentException>(() => UnitedStatesCalendar.Hours(new(2026, 12, 25)));
}
