using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;

namespace Bellwether.Tests.Market;

/// <summary>What the times of a file say of the length of its bars, and when they say nothing.</summary>
public sealed class BarRhythmTests
{
    static readonly DateTime Monday = new(2024, 1, 8, 0, 0, 0, DateTimeKind.Utc);

    static readonly DateOnly[] Sessions = [.. UnitedStatesCalendar.Sessions(new(2024, 1, 2), new(2024, 12, 31))];

    [Theory]
    [InlineData("1m", "1d", "1m")]
    [InlineData("1m", "1w", "1m")]
    [InlineData("1m", "5m", "1m")]
    [InlineData("1m", "1h", "1m")]
    [InlineData("5m", "1m", "5m")]
    [InlineData("30m", "1h", "30m")]
    [InlineData("1h", "1m", "1h")]
    [InlineData("1h", "5m", "1h")]
    [InlineData("1h", "1d", "1h")]
    [InlineData("1d", "1w", "1d")]
    [InlineData("1d", "1m", "1d")]
    [InlineData("1w", "1d", "1w")]
    [InlineData("month", "1d", "month")]
    [InlineData("month", "1w", "month")]
    public void A_file_of_another_length_is_told_by_its_times(string file, string interval, string seems) =>
        Assert.Equal(seems, Fault(Rows(file), interval)?.Length);

    [Theory]
    [InlineData("1m")]
    [InlineData("5m")]
    [InlineData("30m")]
    [InlineData("1h")]
    [InlineData("1d")]
    [InlineData("1w")]
    public void A_file_of_the_length_is_taken_backwards_too(string interval)
    {
        Assert.Null(Fault(Rows(interval), interval));
        Assert.Null(Fault(Rows(interval).Reverse(), interval));
    }

    [Fact]
    public void Gaps_holidays_and_repeated_rows_say_nothing()
    {
        var random = new Random(7);
        var minutes = Rows("1m").ToArray();
        // Of most minutes there is no bar, and many are there twice.
        Assert.Null(Fault(minutes.Where(_ => random.Next(20) == 0), "1m"));
        Assert.Equal("1m", Fault(minutes.Where(_ => random.Next(3) == 0), "5m")?.Length);
        Assert.Null(Fault(minutes.Concat(minutes).Concat(minutes.Take(50)), "1m"));
        Assert.Null(Fault(Rows("1d").Where(_ => random.Next(4) == 0), "1d"));
        Assert.Null(Fault(Rows("1d").Concat(Rows("1d")), "1d"));
        // A bar a session, of a stock that is hardly traded, is none of a day.
        Assert.NotNull(Fault(Sessions.Select(day => day.ToDateTime(new TimeOnly(9 + random.Next(7), random.Next(60)))), "1d"));
    }

    [Fact]
    public void Few_rows_prove_nothing_but_two_of_one_date_do()
    {
        Assert.Null(Fault([Monday, Monday.AddMinutes(5), Monday.AddMinutes(10)], "1m"));
        Assert.Null(Fault([Monday, Monday.AddMonths(1), Monday.AddMonths(2)], "1d"));
        Assert.Null(Fault([Monday], "1m"));
        Assert.Null(Fault([], "1d"));
        Assert.Equal("1m", Fault([Monday, Monday.AddMinutes(1)], "1d")?.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(18)]
    public void Daily_bars_may_have_one_time_of_day(int hour) =>
        Assert.Null(Fault(Sessions.Select(day => day.ToDateTime(new TimeOnly(hour, 0))), "1d"));

    [Fact]
    public void Daily_bars_may_be_stamped_by_the_close_in_UTC_with_the_running_day_at_its_own_time()
    {
        var closes = Sessions.Select(day => UnitedStatesCalendar.End(day)).ToArray();
        Assert.Contains(closes, c => c.Hour == 18 || c.Hour == 17);
        Assert.Null(Fault(closes, "1d"));
        Assert.Null(Fault([.. closes, closes[^1].Date.AddHours(20.37)], "1d"));
        // Midnight in New York, in UTC.
        Assert.Null(Fault(Sessions.Select(day => UnitedStatesCalendar.End(day).Date.AddHours(day.Month is > 3 and < 11 ? 4 : 5)), "1d"));
    }

    [Fact]
    public void Sessions_of_one_bar_and_first_bars_that_are_cut_short_are_taken()
    {
        // 9:30 to 10:00, then by the hour; and two bars of four hours in a day.
        var hours = Sessions.Take(60).SelectMany(d => new[] { 9.5, 10, 11, 12, 13, 14, 15 }.Select(h => At(d, h)));
        Assert.Null(Fault(hours, "1h"));
        Assert.Null(Fault(Sessions.Take(60).SelectMany(d => new[] { 9.5, 12 }.Select(h => At(d, h))), "4h"));
        // Weekly bars begin on a Tuesday after a holiday, and the running week has its own day.
        var weeks = Sessions.GroupBy(System.Globalization.ISOWeek.GetWeekOfYear).Select(g => g.First()).SkipLast(1).ToArray();
        Assert.Null(Fault([.. weeks.Select(d => At(d, 0)), At(weeks[^1].AddDays(4), 0)], "1w"));

        static DateTime At(DateOnly day, double hour) => day.ToDateTime(default).AddHours(hour);
    }

    [Fact]
    public void One_odd_gap_among_few_and_the_running_bar_say_nothing()
    {
        DateTime Day(int day) => new(2024, 1, day);
        // A holiday, and the week that is under way.
        Assert.Null(Fault([Day(2), Day(8), Day(16), Day(18)], "1w"));
        Assert.Null(Fault([Day(18), Day(16), Day(8), Day(2)], "1w"));
        Assert.Null(Fault([Monday.AddHours(9.5), Monday.AddHours(10), Monday.AddHours(11), Monday.AddMinutes(680)], "1h"));
        Assert.Null(Fault([Monday.AddHours(9.5), Monday.AddHours(10), Monday.AddHours(11), Monday.AddHours(12), Monday.AddMinutes(740)], "1h"));
        // The gap comes twice, the last one left out.
        Assert.Equal("2d", Fault([Day(2), Day(4), Day(6), Day(13)], "1w")?.Length);
        Assert.Equal("20m", Fault([Monday, Monday.AddMinutes(20), Monday.AddMinutes(40), Monday.AddMinutes(100)], "1h")?.Length);
    }

    [Fact]
    public void One_bar_a_session_may_be_a_minute_of_few_days_or_the_whole_session_of_many()
    {
        Assert.Null(Fault(Sessions.Take(4).Select(d => d.ToDateTime(new TimeOnly(15, 59))), "1m"));
        Assert.Null(Fault(Sessions.Select(d => d.ToDateTime(new TimeOnly(9, 30))), "390m"));
        Assert.Null(Fault(Sessions.Select(d => d.ToDateTime(new TimeOnly(0, 0))), "12h"));
        Assert.Equal("1d", Fault(Sessions.Take(40).Select(d => d.ToDateTime(new TimeOnly(0, 0))), "1h")?.Length);
    }

    [Fact]
    public void Rows_in_no_order_say_what_they_say_in_order()
    {
        var random = new Random(3);
        foreach (var (file, interval) in new[] { ("1m", "5m"), ("1m", "1m"), ("5m", "1m"), ("1h", "1d"), ("1d", "1d"), ("1w", "1d"), ("month", "1d"), ("1d", "1w") })
        {
            var rows = Rows(file).ToArray();
            var expected = Fault(rows, interval)?.Length;
            Assert.Equal(expected, Fault(rows.Reverse(), interval)?.Length);
            random.Shuffle(rows);
            Assert.Equal(expected, Fault(rows, interval)?.Length);
            Assert.Equal(expected, Fault(rows.Concat(rows.Take(7)), interval)?.Length);
        }
    }

    static IEnumerable<DateTime> Rows(string length) => length switch
    {
        "1d" => Sessions.Select(d => d.ToDateTime(default)),
        "1w" => Sessions.GroupBy(System.Globalization.ISOWeek.GetWeekOfYear).Select(g => g.First().ToDateTime(default)),
        "month" => Sessions.GroupBy(d => d.Month).Select(g => g.First().ToDateTime(default)),
        _ => BarInterval.TryParse(length, out var interval)
            ? Sessions.Take(10).SelectMany(d => Enumerable.Range(0, (int)(TimeSpan.FromHours(6.5) / interval.Length))
                .Select(i => d.ToDateTime(new TimeOnly(9, 30)) + i * interval.Length)) : throw new ArgumentException(length),
    };

    static RhythmFault? Fault(IEnumerable<DateTime> rows, string interval)
    {
        Assert.True(BarInterval.TryParse(interval, out var length));
        BarMoment[] all = [.. rows.Select(row => new BarMoment(row, row, true))];
        var rhythm = new BarRhythm(length);
        foreach (var row in all) rhythm.Add(in row);
        return rhythm.Fault(() => all);
    }
}
