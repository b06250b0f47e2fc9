using Bellwether.Analytics.Joins;

namespace Bellwether.Tests.Analytics;

public sealed class AsOfJoinTests
{
    [Fact]
    public void The_latest_row_that_was_known_counts_bounds_included()
    {
        long[] times = [10, 20, 20, 30];
        var matches = new int[6];
        // Row 2 restates row 1, known from 25 on; row 3 is known only from 40 on.
        var found = AsOfJoin.Match(new(new int[6], [9, 10, 20, 25, 39, 40]), new(new int[4], times) { Known = [10, 20, 25, 40] }, matches);
        Assert.Equal([-1, 0, 1, 2, 2, 3], matches);
        Assert.Equal(5, found);
    }

    [Fact]
    public void Of_equal_rows_the_highest_version_counts_then_the_last()
    {
        var matches = new int[1];
        AsOfJoin.Match(new([0], [50]), new([0, 0, 0], [10, 10, 10]) { Versions = [2, 3, 1] }, matches);
        Assert.Equal([1], matches);
        AsOfJoin.Match(new([0], [50]), new([0, 0, 0], [10, 10, 10]), matches);
        Assert.Equal([2], matches);
    }

    [Fact]
    public void A_row_that_is_too_old_is_none()
    {
        var matches = new int[2];
        Assert.Equal(1, AsOfJoin.Match(new([0, 0], [15, 16]), new([0], [10]), matches, maxAge: 5));
        Assert.Equal([0, -1], matches);
    }

    [Fact]
    public void Rows_without_a_group_never_meet()
    {
        var matches = new int[3];
        AsOfJoin.Match(new([-1, 0, 1], [50, 50, 50]), new([-1, 0], [10, 10]), matches);
        Assert.Equal([-1, 1, -1], matches);
    }

    [Fact]
    public void A_row_that_is_known_before_it_happens_waits_for_it()
    {
        var matches = new int[2];
        AsOfJoin.Match(new([0, 0], [15, 20]), new([0, 0], [10, 20]) { Known = [10, 5] }, matches);
        Assert.Equal([0, 1], matches);
    }

    [Theory]
    [InlineData(1, 1, 1_000)]
    [InlineData(2, 7, 50)]
    [InlineData(3, 50, 1_000_000)]
    [InlineData(4, 3_000, long.MaxValue / 4)]
    public void Random_rows_meet_as_plain_search_finds_them(int seed, int groups, long span)
    {
        var random = new Random(seed);
        int[] Keys(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(-1, groups))];
        long[] Times(int count, long most) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-most, most))];
        var (leftKeys, leftTimes, rightKeys, rightTimes) = (Keys(700), Times(700, span), Keys(900), Times(900, span));
        long[] known = [.. rightTimes.Select(t => t + random.NextInt64(-span / 10, span / 10))], versions = Times(900, 3);
        var (matches, age) = (new int[700], span / 3);
        var found = AsOfJoin.Match(new(leftKeys, leftTimes), new(rightKeys, rightTimes) { Known = known, Versions = versions }, matches, age);
        for (var i = 0; i < 700; i++)
        {
            var best = leftKeys[i] < 0 ? -1 : Enumerable.Range(0, 900).Where(r => rightKeys[r] == leftKeys[i] && rightTimes[r] <= leftTimes[i] && known[r] <= leftTimes[i])
                .OrderBy(r => rightTimes[r]).ThenBy(r => known[r]).ThenBy(r => versions[r]).ThenBy(r => r).LastOrDefault(-1);
            if (best >= 0 && leftTimes[i] - rightTimes[best] > age) best = -1;
            Assert.Equal(best, matches[i]);
        }
        Assert.Equal(matches.Count(m => m >= 0), found);
    }

    [Fact]
    public void Columns_of_different_lengths_are_refused()
    {
        Assert.Contains("1 keys with 2 times", Assert.Throws<ArgumentException>(() => AsOfJoin.Match(new([0], [1, 2]), new([0], [1]), new int[1])).Message);
        Assert.Contains("as many places", Assert.Throws<ArgumentException>(() => AsOfJoin.Match(new([0, 0], [1, 2]), new([0], [1]), new int[1])).Message);
    }
}
