using System.Globalization;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;

namespace Bellwether.Tests.Market;

/// <summary>Dates in any order and clocks that are put forward and back.</summary>
public sealed class BarClockTests
{
    static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(60, false)]
    [InlineData(60, true)]
    [InlineData(30, false)]
    [InlineData(30, true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public void Bars_around_the_clock_keep_their_moments_through_both_moves_of_summer_time(int minutes, bool backwards)
    {
        foreach (var start in new[] { new DateTime(2024, 3, 9, 12, 0, 0, DateTimeKind.Utc), new DateTime(2024, 11, 2, 12, 0, 0, DateTimeKind.Utc) })
        {
            var moments = Enumerable.Range(0, 36 * 60 / minutes).Select(i => start.AddMinutes(i * minutes)).ToArray();
            if (backwards) Array.Reverse(moments);
            var times = Times(minutes);
            foreach (var moment in moments)
            {
                var written = TimeZoneInfo.ConvertTimeFromUtc(moment, UnitedStatesCalendar.TimeZone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
                Assert.True(times.TryParse(written, null, out var read, out var problem), problem);
                Assert.Equal(moment, read.Start);
            }
        }
    }

    [Fact]
    public void An_hour_that_the_file_has_once_is_summer_time_and_a_repeated_line_is_no_other_hour()
    {
        var times = Times(1);
        Assert.Equal([4, 5, 5, 5, 6, 7], new[] { "00:59", "01:00", "01:00", "01:59", "01:00", "02:00" }.Select(t => Read($"2024-11-03 {t}").Hour));
        DateTime Read(string text) => times.TryParse(text, null, out var moment, out _) ? moment.Start : default;
    }

    [Theory]
    [InlineData(1, "2024-11-03T06:30Z")]
    [InlineData(1, "2024-11-03T06:00Z")]
    [InlineData(30, "2024-11-03T06:30Z")]
    [InlineData(60, "2024-11-03T06:00Z")]
    public async Task A_file_that_begins_or_ends_in_the_repeated_hour_keeps_all_rows_of_it_backwards_too(int minutes, string newest)
    {
        var last = DateTimeOffset.Parse(newest, CultureInfo.InvariantCulture).UtcDateTime;
        Assert.True(BarInterval.TryParse($"{minutes}m", out var interval));
        foreach (var backwards in (bool[])[false, true])
        {
            DateTime[] moments = [.. Enumerable.Range(0, 5 * 60 / minutes).Select(i => last.AddMinutes(-i * minutes)).Reverse()];
            var rows = (backwards ? moments.Reverse() : moments)
                .Select(m => $"{TimeZoneInfo.ConvertTimeFromUtc(m, UnitedStatesCalendar.TimeZone):yyyy-MM-dd HH:mm},10,12,9,11,1");
            var text = $"date,open,high,low,close,volume\n{string.Join('\n', rows)}\n";
            var sheet = await BarSheet.ReadAsync(() => BarFile.OfTextAsync("x", text, TestContext.Current.CancellationToken),
                new("X", interval, UnitedStatesCalendar.TimeZone, Now, BarLimit.None));
            Assert.Empty(sheet.Problems);
            Assert.Equal(moments, sheet.Taken.Keys.Order());
        }
    }

    [Theory]
    [InlineData("1/2/2024 9:30", 14)]
    [InlineData("1/2/2024 10:00", 15)]
    [InlineData("1/2/2024 9:30:15", 14)]
    [InlineData("2024-01-02T9:30Z", 9)]
    public void Hours_of_one_digit_are_read_as_spreadsheets_write_them(string text, int hour)
    {
        Assert.True(new BarTime(UnitedStatesCalendar.TimeZone, BarInterval.Minute, Now, DateOrder.MonthFirst).TryParse(text, null, out var moment, out var problem), problem);
        Assert.Equal(hour, moment.Start.Hour);
    }

    [Fact]
    public void A_time_that_the_clock_skips_says_so()
    {
        Assert.False(Times(1).TryParse("2024-03-10 02:30", null, out _, out var problem));
        Assert.Equal("time '2024-03-10 02:30' never was: the clocks of America/New_York skip it when they are put forward", problem);
    }

    [Theory]
    [InlineData("20240304", DateOrder.YearFirst)]
    [InlineData("2024-03-04", DateOrder.DayFirst)]
    [InlineData("2024/03/04", DateOrder.MonthFirst)]
    [InlineData("2024.3.4", DateOrder.YearFirst)]
    [InlineData("04-Mar-2024", DateOrder.MonthFirst)]
    [InlineData("3/4/2024", DateOrder.MonthFirst)]
    [InlineData("04.03.2024", DateOrder.DayFirst)]
    [InlineData("04-03-2024", DateOrder.DayFirst)]
    public void A_date_is_read_by_its_order(string text, DateOrder order)
    {
        Assert.True(DateText.TryParse(text, order, out var date, out _));
        Assert.Equal(new DateTime(2024, 3, 4), date);
    }

    [Theory]
    [InlineData("3/4/2024", DateOrder.YearFirst)]
    [InlineData("25/03/2024", DateOrder.MonthFirst)]
    [InlineData("03/25/2024", DateOrder.DayFirst)]
    [InlineData("30/02/2024", DateOrder.DayFirst)]
    [InlineData("00/02/2024", DateOrder.DayFirst)]
    [InlineData("03/04.2024", DateOrder.DayFirst)]
    [InlineData("03/04/24", DateOrder.DayFirst)]
    public void A_date_that_is_none_in_its_order_is_not_read(string text, DateOrder order) =>
        Assert.False(DateText.TryParse(text, order, out _, out _));

    [Fact]
    public void October_has_no_time_of_day()
    {
        Assert.True(Times(1_440).TryParse("04-OCT-2024", null, out var moment, out var problem), problem);
        Assert.Equal(new DateTime(2024, 10, 4), moment.Start);
    }

    static BarTime Times(int minutes)
    {
        Assert.True(BarInterval.TryParse(minutes % 1_440 == 0 ? "1d" : $"{minutes}m", out var interval));
        return new(UnitedStatesCalendar.TimeZone, interval, Now, DateOrder.YearFirst);
    }
}
