using System.Globalization;
using Bellwether.Feeds;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Feeds;

public sealed class TimestampParserTests
{
    static TimestampParser Parser(string zone = "UTC", string? format = null) => new(zone, format, FeedTestKit.Options.Clock, TimeSpan.FromMinutes(15));

    [Theory]
    [InlineData("2020-06-05T10:30:00Z", "2020-06-05T10:30:00.000000")]
    [InlineData("2020-06-05 10:30:00-04:00", "2020-06-05T14:30:00.000000")]
    [InlineData("2020-06-05T10:30:00.1234567+0530", "2020-06-05T05:00:00.123456")]
    [InlineData("2020-06-05T10:30:00,5 +01", "2020-06-05T09:30:00.500000")]
    [InlineData("2020-06-05T10:30Z", "2020-06-05T10:30:00.000000")]
    [InlineData("2020-06-05 10:30:00 UTC", "2020-06-05T10:30:00.000000")]
    [InlineData("2020-06-05", "2020-06-05T00:00:00.000000")]
    [InlineData("2020/6/5 7:05", "2020-06-05T07:05:00.000000")]
    [InlineData("20200605", "2020-06-05T00:00:00.000000")]
    [InlineData("20200605T103000", "2020-06-05T10:30:00.000000")]
    [InlineData("20200605103000", "2020-06-05T10:30:00.000000")]
    [InlineData("Fri, 05 Jun 2020 10:30:00 GMT", "2020-06-05T10:30:00.000000")]
    [InlineData("Fri, 5 Jun 20 10:30 EDT", "2020-06-05T14:30:00.000000")]
    [InlineData("05 Jun 2020 10:30:00 -0400", "2020-06-05T14:30:00.000000")]
    [InlineData("5-Jun-2020 10:30:00 -0400", "2020-06-05T14:30:00.000000")]
    [InlineData("Wed Oct 10 20:19:24 +0000 2018", "2018-10-10T20:19:24.000000")]
    [InlineData("Oct 10, 2018", "2018-10-10T00:00:00.000000")]
    [InlineData("1591353000", "2020-06-05T10:30:00.000000")]
    [InlineData("1591353000.25", "2020-06-05T10:30:00.250000")]
    [InlineData("1.591353E9", "2020-06-05T10:30:00.000000")]
    [InlineData("1591353000123", "2020-06-05T10:30:00.123000")]
    [InlineData("1591353000123456", "2020-06-05T10:30:00.123456")]
    [InlineData("1591353000123456789", "2020-06-05T10:30:00.123456")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000")]
    [InlineData("1900-01-01", "1900-01-01T00:00:00.000000")]
    public void TryParse_of_a_usual_form_gives_the_instant(string text, string expected)
    {
        Assert.True(Parser().TryParse(text, out var instant, out var problem), problem);
        Assert.Equal(expected, instant.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        Assert.Equal(TimeSpan.Zero, instant.Offset);
    }

    [Theory]
    [InlineData("0000-01-01T00:00:00Z", "before 1900-01-01")]
    [InlineData("0001-01-01", "before")]
    [InlineData("1899-12-31T23:59:59Z", "before")]
    [InlineData("2025-06-02", "lies in the future: it is 2025-06-01")]
    [InlineData("9999-12-31T23:59:59-10:00", "future")]
    [InlineData("-99999999999", "before")]
    [InlineData("99999999999999999999", "future")]
    [InlineData("yesterday", "not a time")]
    [InlineData("2020", "not a time")]
    [InlineData("43987", "not a time")]
    [InlineData("2020-13-01", "not a time")]
    [InlineData("2021-02-29", "not a time")]
    [InlineData("2020-06-05T25:00:00Z", "not a time")]
    [InlineData("2020-06-05T10:30:00 XYZ", "not a time")]
    [InlineData("2020-06-05Tten", "not a time")]
    [InlineData("6/5/2020", "not a time")]
    [InlineData("1e999", "not a time")]
    [InlineData("--1", "not a time")]
    [InlineData("12:30", "not a time")]
    public void TryParse_of_what_is_no_time_names_the_value(string text, string expected)
    {
        Assert.False(Parser().TryParse(text, out _, out var problem));
        Assert.Contains($"'{text}'", problem);
        Assert.Contains(expected, problem);
    }

    [Theory]
    [InlineData("2024-07-01 09:30", "2024-07-01T13:30:00Z")]
    [InlineData("2024-01-02 09:30", "2024-01-02T14:30:00Z")]
    // Repeated hour: the second occurrence, so that nothing is known too early.
    [InlineData("2024-11-03 01:30", "2024-11-03T06:30:00Z")]
    // Skipped hour: with the offset before the change.
    [InlineData("2024-03-10 02:30", "2024-03-10T07:30:00Z")]
    // A stated offset beats the zone.
    [InlineData("2024-07-01 09:30+00:00", "2024-07-01T09:30:00Z")]
    public void TryParse_of_a_naive_time_uses_the_zone(string text, string expected)
    {
        Assert.True(Parser("America/New_York").TryParse(text, out var instant, out var problem), problem);
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), instant);
    }

    [Fact]
    public void TryParse_with_a_format_reads_only_that()
    {
        Assert.True(Parser(format: "d.M.yyyy H:mm").TryParse("5.6.2020 10:30", out var instant, out _));
        Assert.Equal(new DateTimeOffset(2020, 6, 5, 10, 30, 0, TimeSpan.Zero), instant);
        Assert.False(Parser(format: "d.M.yyyy H:mm").TryParse("2020-06-05", out _, out _));
    }

    [Fact]
    public void Constructor_with_an_unknown_zone_says_what_to_use() =>
        Assert.Contains("IANA", Assert.Throws<FeedException>(() => Parser("Mars/Olympus")).Message);

    [Fact]
    public void TryParse_reads_back_what_the_base_library_writes()
    {
        var instants = Gen.Choose(0, int.MaxValue).SelectMany(s => Gen.Choose(0, 999_999), (s, micro) =>
            DateTimeOffset.UnixEpoch.AddSeconds(s * 0.8).AddMicroseconds(micro));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000),
            Prop.ForAll(instants.ToArbitrary(), Gen.Choose(-840, 840).ToArbitrary(), (instant, offset) =>
        {
            var written = new DateTimeOffset(instant.Ticks - instant.Ticks % 10, TimeSpan.Zero);
            if (written > FeedTestKit.Now) return;
            Assert.True(Parser().TryParse(written.ToOffset(TimeSpan.FromMinutes(offset)).ToString("O"), out var read, out var problem),
                problem);
            Assert.Equal(written, read);
            Assert.True(Parser().TryParse(written.ToString("R"), out read, out problem), problem);
            Assert.Equal(written.ToUnixTimeSeconds(), read.ToUnixTimeSeconds());
        }));
    }

    [Fact]
    public void TryParse_of_any_text_never_throws()
    {
        var pieces = Gen.Elements("2", "0", "1", "9", "-", ":", "T", " ", "Z", "+", ".", "e", "Jan", "Mon", ",", "/", "GMT", "12", "é",
            "\0").ListOf().Select(p => string.Concat(p));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(5000), Prop.ForAll(pieces.ToArbitrary(), text =>
        {
            var read = Parser("America/New_York").TryParse(text, out _, out var problem);
            Assert.Equal(read, problem is null);
        }));
    }
}
