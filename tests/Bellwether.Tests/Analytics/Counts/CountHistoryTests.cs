using Bellwether.Analytics.Counts;

namespace Bellwether.Tests.Analytics.Counts;

public sealed class CountHistoryTests
{
    const long Start = 1_704_067_200;

    [Fact]
    public void Timestamps_fall_in_their_hours_and_gaps_are_no_zeros()
    {
        double[] posts = [Start - 1, Start, Start + 3599, Start + 3600, Start + 7200, Start + 9000, Start + 4 * 3600, Start + 99 * 3600];
        var history = CountHistory.OfTimestamps(posts, Start, Start + 5 * 3600, (Start + 8000, Start + 10800));

        Assert.Equal([2, 1, 0, 0, 1], history.Counts.ToArray());
        Assert.False(history.IsObserved(2));
        Assert.True(history.IsObserved(3));
        Assert.True(history.TryTotal(0, 2, out var total));
        Assert.Equal(3, total);
        Assert.False(history.TryTotal(0, 3, out _));
        Assert.False(history.TryTotal(3, 6, out _));
        Assert.False(history.TryTotal(-1, 1, out _));
        Assert.Equal((4, 4), history.Observed(-3, 9));
        Assert.Equal(2, history.BucketAt(Start + 7200));
        Assert.Equal(-1, history.BucketAt(Start - 1));
        Assert.Equal(Start + 3 * 3600, history.UnixSecondsAt(3));
    }

    [Theory]
    [InlineData(3600, 7200, 1, 2)]
    [InlineData(3601, 3602, 1, 2)]
    [InlineData(3599, 3601, 0, 2)]
    [InlineData(-9999, 1, 0, 1)]
    [InlineData(-9999, 0, 0, 0)]
    [InlineData(5 * 3600, 99 * 3600, 5, 5)]
    public void Gap_takes_every_hour_that_it_touches(long from, long to, int first, int end)
    {
        var history = CountHistory.OfTimestamps([], Start, Start + 5 * 3600, (Start + from, Start + to));

        Assert.Equal(Enumerable.Range(0, 5).Select(h => h < first || h >= end), Enumerable.Range(0, 5).Select(history.IsObserved));
    }

    [Fact]
    public void Days_and_marks_are_taken_and_mistakes_refused()
    {
        var days = CountHistory.OfDays(Start, [5, 7, 9], [true, false, true]);

        Assert.Equal(1, days.BucketsPerDay);
        Assert.Equal(86400, days.BucketSeconds);
        Assert.Equal([5, 0, 9], days.Counts.ToArray());
        Assert.Throws<ArgumentException>(() => CountHistory.OfDays(Start, [1], [true, true]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CountHistory.OfHours(Start, [-1]));
        Assert.Throws<ArgumentException>(() => CountHistory.OfHours(Start + 5, [1]));
        Assert.Throws<ArgumentException>(() => CountHistory.OfTimestamps([2.0, 1.0], Start, Start + 3600));
        Assert.Throws<ArgumentException>(() => CountHistory.OfTimestamps([], Start, Start - 3600));
        Assert.Throws<ArgumentException>(() => CountHistory.OfTimestamps([], 0, 3600L * 24 * 366 * 50));
    }
}
