using Bellwether.Counts;
using Bellwether.Counts.Buckets;
using Bellwether.Counts.Gaps;
using Bellwether.Counts.Import;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Counts;

public sealed class BucketTests(TestServer server)
{
    const string Buckets = "SELECT granularity, bucket_start AT TIME ZONE 'UTC', bucket_end - bucket_start, tweet_count FROM counts.time_buckets ORDER BY 1, 2";

    [Fact]
    public async Task Empty_hours_and_days_are_counted_and_unobserved_ones_are_not()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(BucketTests));
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-06-01T00:10Z"), CountsLab.At("2024-06-05T23:59:59.999999Z")]));
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-06-03T10:30Z"), CountsLab.At("2024-06-03T11:00Z"), "outage")], CountsLab.Token);
        var built = await lab.BuildAsync();
        Assert.Equal((5 * 24 - 1, 4, 2), (built.ObservedHours, built.ObservedDays, built.Posts));
        Assert.Equal(["2024-06-01|1", "2024-06-02|0", "2024-06-04|0", "2024-06-05|1"],
            await lab.RowsAsync("SELECT (bucket_start AT TIME ZONE 'UTC')::date::text, tweet_count FROM counts.time_buckets WHERE granularity = 'daily' ORDER BY 1"));
        Assert.Empty(await lab.RowsAsync("SELECT 1 FROM counts.time_buckets WHERE granularity = 'hourly' AND bucket_start = '2024-06-03 10:00Z'"));
        Assert.Equal("0", Assert.Single(await lab.RowsAsync("SELECT tweet_count FROM counts.time_buckets WHERE granularity = 'hourly' AND bucket_start = '2024-06-03 11:00Z'")));
    }

    [Fact]
    public async Task Whatever_changes_bit_by_bit_gives_what_all_at_once_gives()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(BucketTests));
        var posts = CountsLab.Posts("2024-03-01", 40).ToArray();
        var late = posts.Where((_, i) => i % 17 == 3).ToArray();
        await lab.ImportAsync(CountsLab.Csv(posts.Take(400).Except(late)));
        await lab.BuildAsync();
        var computed = await lab.RowsAsync("SELECT bucket_start, computed_at FROM counts.time_buckets WHERE granularity = 'hourly' ORDER BY 1");
        Assert.Equal(0, (await lab.BuildAsync()).Hours);
        Assert.Equal(computed, await lab.RowsAsync("SELECT bucket_start, computed_at FROM counts.time_buckets WHERE granularity = 'hourly' ORDER BY 1"));
        await lab.ImportAsync(CountsLab.Csv(late, 100_000));
        var touched = await lab.BuildAsync();
        Assert.InRange(touched.Hours, 1, 2_000);
        await lab.ImportAsync(CountsLab.Csv(posts.Skip(400).Except(late), 200_000));
        // A clock that was set back loses nothing.
        lab.Time.Advance(TimeSpan.FromDays(-3));
        await new PostDeletion(lab.Source, lab.Time).RunAsync("ann", ["5", "6", "100001"], true, CountsLab.Token);
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-03-10"), CountsLab.At("2024-03-11T02:00Z"))], CountsLab.Token);
        await lab.BuildAsync();
        await lab.ImportAsync(CountsLab.Csv([CountsLab.At("2024-02-27T05:00Z")], 300_000));
        await lab.Gaps.RemoveAsync("ann", (await lab.Gaps.ListAsync("ann", CountsLab.Token))[0].Id, CountsLab.Token);
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2024-03-20T08:00Z"), CountsLab.At("2024-03-20T09:00Z"))], CountsLab.Token);
        await lab.BuildAsync();
        var bitByBit = await lab.RowsAsync(Buckets);
        await lab.BuildAsync(full: true);
        Assert.Equal(await lab.RowsAsync(Buckets), bitByBit);
        Assert.Equal(await lab.Database.ScalarAsync<long>("SELECT count(*) FROM counts.raw_tweets WHERE NOT is_deleted AND NOT (created_at >= '2024-03-20 08:00Z' AND created_at < '2024-03-20 09:00Z')"),
            await lab.Database.ScalarAsync<long>("SELECT sum(tweet_count) FROM counts.time_buckets WHERE granularity = 'hourly'"));
    }

    [Fact]
    public async Task Profiles_count_what_they_name()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(BucketTests));
        await lab.ImportAsync("tweet_id,created_at,kind\n1,2024-06-01T00:00:00Z,post\n2,2024-06-01T00:01:00Z,reply\n3,2024-06-01T00:02:00Z,repost\n4,2024-06-01T00:03:00Z,unknown");
        Assert.Equal((4, 0), (await Posts("all"), (await lab.BuildAsync()).UnknownKinds));
        Assert.Equal(2, await Posts("reposts,posts"));
        Assert.Equal(1, (await lab.BuildAsync(profile: CountingProfile.Parse("replies"))).UnknownKinds);
        Assert.Equal("post,repost", CountingProfile.Parse("repost, posts").Name);
        Assert.Throws<CountsException>(() => CountingProfile.Parse("poems"));

        async Task<long> Posts(string kinds) => (await lab.BuildAsync(profile: CountingProfile.Parse(kinds))).Posts;
    }

    [Fact]
    public void Days_of_a_zone_have_23_and_25_hours_when_its_clock_changes()
    {
        var york = ZoneWindows.Zone("America/New_York");
        Assert.Equal([24, 23, 24], Split("2025-03-08", "2025-03-11").Select(w => w.Hours));
        Assert.Equal([24, 25, 24], Split("2025-11-01", "2025-11-04").Select(w => w.Hours));
        // From noon to noon the change lies in the night before.
        var spring = Split("2025-03-07 12:00", "2025-03-10 12:00");
        Assert.Equal([24, 23, 24], spring.Select(w => w.Hours));
        Assert.Equal(CountsLab.At("2025-03-07T17:00Z"), spring[0].From);
        Assert.Equal(CountsLab.At("2025-03-10T16:00Z"), spring[2].To);
        Assert.Equal(7 * 24 - 1, Assert.Single(ZoneWindows.Split(spring[0].From, ZoneWindows.Parse("to", "2025-03-14 12:00", york), "7d", york)).Hours);
        Assert.Equal(7 * 24 + 1, ZoneWindows.Split(ZoneWindows.Parse("from", "2025-10-31 12:00", york), ZoneWindows.Parse("to", "2025-11-07 12:00", york), "1w", york)[0].Hours);
        // Hours keep their length; a zone may lie half an hour beside the others.
        Assert.All(ZoneWindows.Split(ZoneWindows.Parse("from", "2025-03-09", york), ZoneWindows.Parse("to", "2025-03-10", york), "1h", york), w => Assert.Equal(1, w.Hours));
        Assert.Equal(CountsLab.At("2025-06-05T18:30Z"), ZoneWindows.Parse("t", "2025-06-06", ZoneWindows.Zone("Asia/Kolkata")));
        Assert.Equal(CountsLab.At("2025-06-06T16:00Z"), ZoneWindows.Parse("t", "2025-06-06T16:00:00Z", york));

        IReadOnlyList<CountWindow> Split(string from, string to) => ZoneWindows.Split(ZoneWindows.Parse("from", from, york), ZoneWindows.Parse("to", to, york), "1d", york);
    }

    [Fact]
    public async Task Windows_from_noon_to_noon_count_exactly_across_a_change_of_the_clock()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(BucketTests));
        lab.Time.Advance(TimeSpan.FromDays(365));
        // Noon of New York is 17:00 UTC before 2025-03-09 and 16:00 after it.
        await lab.ImportAsync(CountsLab.Csv(new[] { "2025-03-07T16:59:59.999999Z", "2025-03-07T17:00Z", "2025-03-08T16:59:59Z", "2025-03-08T17:00Z", "2025-03-09T15:59:59.999999Z", "2025-03-09T16:00Z",
            "2025-03-10T15:59Z", "2025-03-10T16:00Z", "2025-03-12T00:00Z" }.Select(CountsLab.At)));
        await lab.Gaps.AddAsync("ann", [new(CountsLab.At("2025-03-10T20:00Z"), CountsLab.At("2025-03-10T20:01Z"))], CountsLab.Token);
        var york = ZoneWindows.Zone("America/New_York");
        var counts = await new WindowCounts(lab.Source).RunAsync("ann", CountingProfile.All,
            ZoneWindows.Split(ZoneWindows.Parse("f", "2025-03-07 12:00", york), ZoneWindows.Parse("t", "2025-03-11 12:00", york), "1d", york), CountsLab.Token);
        Assert.Equal([(24.0, 2, 2), (23.0, 2, 2), (24.0, 2, 2), (24.0, null, 1)], counts.Select(c => (c.Hours, c.Count, c.Seen)));
    }

    [Theory]
    [InlineData("0d")]
    [InlineData("d")]
    [InlineData("1y")]
    [InlineData("-1h")]
    public void Windows_of_no_length_are_refused(string every) =>
        Assert.Throws<CountsException>(() => ZoneWindows.Split(CountsLab.At("2025-01-01"), CountsLab.At("2025-01-02"), every, TimeZoneInfo.Utc));

    [Theory]
    [InlineData("06-07-2024")]
    [InlineData("2024-6-7")]
    [InlineData("12:00:00-05")]
    [InlineData("12:00:00-05-06")]
    [InlineData("7 June 2024")]
    [InlineData("2024-06-31")]
    [InlineData("2024-06-07 25:00")]
    [InlineData("2024-06-07T12")]
    [InlineData("2024-06-07 12:00 PM")]
    [InlineData("2024-06-07 12:00+25:00")]
    [InlineData("0001-01-01")]
    [InlineData("1899-12-31T23:59:59Z")]
    [InlineData("2200-01-01")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    public void Times_that_are_not_iso_or_out_of_range_are_refused_by_name(string text)
    {
        foreach (var zone in new[] { "UTC", "Asia/Tokyo", "America/New_York" })
            Assert.StartsWith($"--from: '{text}' is ", Assert.Throws<CountsException>(() => ZoneWindows.Parse("--from", text, ZoneWindows.Zone(zone))).Message);
    }

    [Theory]
    [InlineData("2024-06-07", "2024-06-06T15:00Z")]
    [InlineData(" 2024-06-07 12:30 ", "2024-06-07T03:30Z")]
    [InlineData("2024-06-07T12:30:15.123456", "2024-06-07T03:30:15.123456Z")]
    [InlineData("2024-06-07t12:30z", "2024-06-07T12:30Z")]
    [InlineData("2024-06-07T12:30:00+02:00", "2024-06-07T10:30Z")]
    [InlineData("2024-06-07 12:30-0530", "2024-06-07T18:00Z")]
    [InlineData("2024-06-07 12:00:00 -05", "2024-06-07T17:00Z")]
    [InlineData("1900-01-01", "1899-12-31T15:00Z")]
    public void Times_are_iso_with_or_without_time_and_offset(string text, string instant) =>
        Assert.Equal(CountsLab.At(instant), ZoneWindows.Parse("t", text, ZoneWindows.Zone("Asia/Tokyo")));

    [Fact]
    public void Windows_reach_neither_before_1900_nor_behind_2199()
    {
        Assert.Equal(3, ZoneWindows.Split(CountsLab.At("1900-01-01"), CountsLab.At("2199-12-31"), "1200mo", TimeZoneInfo.Utc).Count);
        Assert.Single(ZoneWindows.Split(CountsLab.At("2199-01-01"), CountsLab.At("2199-12-31T23:59Z"), "10000mo", ZoneWindows.Zone("Asia/Tokyo")));
        foreach (var (from, to) in new[] { (DateTimeOffset.MinValue, CountsLab.At("2000-01-01")), (CountsLab.At("2000-01-01"), DateTimeOffset.MaxValue), (CountsLab.At("1899-12-30"), CountsLab.At("1900-01-02")) })
            Assert.Contains("1900 to 2199", Assert.Throws<CountsException>(() => ZoneWindows.Split(from, to, "1d", TimeZoneInfo.Utc)).Message);
    }
}
