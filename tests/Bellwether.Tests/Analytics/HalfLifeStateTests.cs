using Bellwether.Analytics.Decay;

namespace Bellwether.Tests.Analytics;

public sealed class HalfLifeStateTests
{
    const long Second = 1_000_000;

    [Theory]
    [InlineData(60, 0.5, 1, 0)]
    [InlineData(60, -1, 1000, 90 * Second)]
    [InlineData(3600, 0.25, 0.001, -12_345_678)]
    [InlineData(86400, 1, 2.5, 1_700_000_000_123_456)]
    [InlineData(double.PositiveInfinity, -0.75, 3, -1)]
    public void Single_result_gives_its_own_score_and_weight(double halfLife, double score, double weight, long micros)
    {
        var state = HalfLifeState.Empty(halfLife).Add(score, weight, micros);

        Assert.Equal(score, state.Score, 5);
        Assert.Equal(weight, state.Weight, 9);
        Assert.Equal(1, state.Count);
        Assert.Equal(micros, state.LatestMicros);
    }

    [Fact]
    public void Result_one_half_life_older_counts_half()
    {
        var state = HalfLifeState.Empty(60).Add(1, 1, 100 * Second).Add(-1, 1, 40 * Second);

        Assert.Equal((1 - 0.5) / 1.5, state.Score, 8);
        Assert.Equal(1.5, state.Weight, 8);
        Assert.Equal(0.75, state.WeightAt(160 * Second), 8);
        Assert.Equal(1.5 / Math.Sqrt(2), state.WeightAt(130 * Second), 8);
        Assert.Equal(state.Weight, state.WeightAt(0));
    }

    [Fact]
    public void Infinite_half_life_gives_the_plain_weighted_mean()
    {
        var state = HalfLifeState.Empty(double.PositiveInfinity)
            .Add([new(1, 1, -5), new(-1, 3, 0), new(0.5, 4, HalfLifeState.MaxTimeMicros)]);

        Assert.Equal(0, state.Score, 9);
        Assert.Equal(8, state.Weight, 9);
        Assert.Equal(8, state.WeightAt(HalfLifeState.MaxTimeMicros), 9);
        Assert.Equal([0L], state.Buckets);
    }

    [Fact]
    public void Time_before_1970_lands_in_the_bucket_below()
    {
        var state = HalfLifeState.Empty(1).Add(1, 1, -1);

        Assert.Equal([-1L], state.Buckets);
        // f = 0.999999, so the stored weight is just under 2.
        Assert.InRange(state.WeightSums[0], 1_999_990_000, 1_999_999_999);
    }

    [Fact]
    public void Result_older_than_the_window_contributes_nothing_and_is_counted()
    {
        var newest = HalfLifeState.Empty(1).Add(0.5, 1, 64 * Second);

        Assert.Equal(newest.Buckets, newest.Add(-1, 1000, 0).Buckets);
        Assert.Equal(2, newest.Add(-1, 1000, 0).Count);
        Assert.Equal([1L, 64L], newest.Add(-1, 1000, 1 * Second).Buckets);
        Assert.Equal(newest.Add(-1, 1000, 0), HalfLifeState.Empty(1).Add(-1, 1000, 0).Add(0.5, 1, 64 * Second));
    }

    [Fact]
    public void Tiny_weight_still_gives_a_score()
    {
        var state = HalfLifeState.Empty(60).Add(0.3, double.Epsilon, 0);

        Assert.InRange(state.Score, -1, 1);
        Assert.Equal([1L], state.WeightSums);
    }

    [Fact]
    public void Empty_state_has_no_score_and_no_weight()
    {
        var state = HalfLifeState.Empty(60);

        Assert.True(double.IsNaN(state.Score));
        Assert.Equal(0, state.Weight);
        Assert.Equal(0, state.WeightAt(5));
    }

    [Theory]
    [InlineData(double.NaN, 1, 0)]
    [InlineData(1.0000001, 1, 0)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 1000.1, 0)]
    [InlineData(0, double.NaN, 0)]
    [InlineData(0, 1, long.MinValue)]
    [InlineData(0, 1, HalfLifeState.MaxTimeMicros + 1)]
    public void Add_refuses_a_value_out_of_range(double score, double weight, long micros) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => HalfLifeState.Empty(60).Add([new(0, 1, 0), new(score, weight, micros)]));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e12)]
    public void Empty_refuses_a_half_life_out_of_range(double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => HalfLifeState.Empty(seconds));

    [Fact]
    public void Merge_refuses_another_half_life() =>
        Assert.Throws<ArgumentException>(() => HalfLifeState.Empty(60).Merge(HalfLifeState.Empty(61)));

    [Fact]
    public void Overflow_throws_and_leaves_the_state_as_it_was()
    {
        var full = HalfLifeState.Restore(60, [0], [long.MinValue + 1], [long.MaxValue], 0, 5_000_000);
        var twin = HalfLifeState.Restore(60, [0], [long.MinValue + 1], [long.MaxValue], 0, 5_000_000);

        Assert.Throws<OverflowException>(() => full.Add(1, 1, 0));
        Assert.Throws<OverflowException>(() => full.Merge(full));
        Assert.Equal(twin, full);
    }

    [Fact]
    public void Restore_refuses_parts_that_no_results_lead_to()
    {
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [0], [0], [], 0, 1));
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [1], [0], [1], 0, 1));
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [0], [2], [1], 0, 1));
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [0], [0], [0], 0, 1));
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [-64, 0], [0, 0], [1, 1], 0, 2));
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [0, 0], [0, 0], [1, 1], 0, 2));
        Assert.Throws<ArgumentException>(() => HalfLifeState.Restore(1, [], [], [], 0, 2));
    }

    [Fact]
    public void Exp2_agrees_with_the_library_function()
    {
        for (var i = 0; i < 100_000; i++)
        {
            var f = i / 100_000.0;
            Assert.InRange(ExactPower.Exp2(f) / Math.Pow(2, f), 1 - 1e-15, 1 + 1e-15);
        }
        Assert.Equal(1.0, ExactPower.Exp2(0));
        Assert.Equal(Math.Sqrt(2), ExactPower.Exp2(0.5));
        Assert.True(ExactPower.Exp2(Math.BitDecrement(1.0)) <= 2);
    }
}
