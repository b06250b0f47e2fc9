using Bellwether.Analytics.Aggregation;
using Bellwether.Analytics.Decay;

namespace Bellwether.Tests.Analytics.Aggregation;

public sealed class SentimentPoolTests
{
    const double Day = 86_400;
    const long Now = 1_700_000_000_000_000, DayMicros = 86_400_000_000;

    static SourceEvidence Evidence(params WeightedScore[] mentions) => SourceEvidence.Of(mentions, Day, Now);

    static SourceReading Reading(double reliability, SourceEvidence e) => new(reliability, e.Sentiment, e.Effective, e.StandardError);

    [Fact]
    public void Evidence_counts_what_is_fresh_and_of_equal_weight()
    {
        Assert.Equal(new(1, 1, 1, 0.5, 0), Evidence(new WeightedScore(0.5, 1, Now)));
        // A half-life old: half a mention, whatever its own weight.
        Assert.Equal(new(1, 1, 0.5, 0.5, 0), Evidence(new WeightedScore(0.5, 2, Now - DayMicros)));
        var two = Evidence(new(1, 1, Now), new(-1, 1, Now));
        Assert.Equal((2.0, 0.0, 1.0), (two.Effective, two.Sentiment, two.Variance));
        // One that outweighs the other 9 to 1 leaves (9 + 1)² / (81 + 1) of two.
        Assert.Equal(100.0 / 82, Evidence(new(1, 9, Now), new(0, 1, Now)).Effective, 1e-12);
        Assert.Equal(0.9, Evidence(new(1, 9, Now), new(0, 1, Now)).Sentiment, 1e-12);
        Assert.Equal(1, Evidence(new WeightedScore(0.5, 0, Now)).Mentions);
        Assert.True(double.IsNaN(Evidence(new WeightedScore(0.5, 0, Now)).Sentiment));
        Assert.Throws<ArgumentException>(() => Evidence(new WeightedScore(0.5, 1, Now + 1)));
        Assert.Throws<ArgumentException>(() => Evidence(new WeightedScore(1.5, 1, Now)));
    }

    [Fact]
    public void Standard_error_never_reaches_zero_and_falls_with_the_root_of_the_mentions()
    {
        WeightedScore[] Alike(int count) => [.. Enumerable.Range(0, count).Select(_ => new WeightedScore(0.4, 1, Now))];
        Assert.Equal(Math.Sqrt(0.5 / 3), Evidence(Alike(1)).StandardError, 1e-12);
        Assert.InRange(Evidence(Alike(10)).StandardError, 0.05, 0.08);
        var random = new Random(1);
        WeightedScore[] Mixed(int count) => [.. Enumerable.Range(0, count).Select(_ => new WeightedScore(random.NextDouble() * 2 - 1, 1, Now))];
        Assert.Equal(10, Evidence(Mixed(100)).StandardError / Evidence(Mixed(10_000)).StandardError, 1.0);
    }

    [Fact]
    public void Silent_source_lowers_confidence_and_moves_nothing()
    {
        var news = Reading(0.8, Evidence(new(0.6, 1, Now), new(0.4, 1, Now), new(0.5, 1, Now), new(0.5, 1, Now)));
        var alone = SentimentPool.Combine([news], new());
        var beside = SentimentPool.Combine([news, Reading(0.5, SourceEvidence.None)], new());
        Assert.Equal(0.5, alone.Sentiment, 1e-12);
        Assert.Equal(alone.Sentiment, beside.Sentiment);
        Assert.Equal(4.0 / 12, alone.Confidence, 1e-12);
        Assert.Equal(alone.Confidence * Math.Sqrt(0.8 / 1.3), beside.Confidence, 1e-12);
        Assert.Equal([1, 0], beside.Weights);
        Assert.Null(beside.Diverges);
        var nothing = SentimentPool.Combine([Reading(0.5, SourceEvidence.None)], new());
        Assert.True(double.IsNaN(nothing.Sentiment) && nothing.IsThin && nothing.Confidence == 0);
    }

    [Fact]
    public void Crowd_does_not_drown_the_other_source()
    {
        SourceReading Crowd(int count) => Reading(0.5, Evidence([.. Enumerable.Range(0, count).Select(_ => new WeightedScore(-0.5, 1, Now))]));
        var news = Reading(0.8, Evidence([.. Enumerable.Range(0, 8).Select(_ => new WeightedScore(0.5, 1, Now))]));
        // News has half of its 0.8; a crowd can have no more than its 0.5.
        Assert.Equal(0.4 / 0.9, SentimentPool.Combine([news, Crowd(1_000_000)], new()).Weights[0], 1e-4);
        Assert.Equal(0.4 / (0.4 + 0.5 * 8 / 16), SentimentPool.Combine([news, Crowd(8)], new()).Weights[0], 1e-12);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Level_needs_three_mentions(int mentions, bool thin) =>
        Assert.Equal(thin, SentimentPool.Combine([Reading(0.8, Evidence([.. Enumerable.Range(0, mentions).Select(_ => new WeightedScore(0.9, 1, Now))]))], new()).IsThin);

    [Fact]
    public void Divergence_is_rarely_seen_where_sources_agree_and_nearly_always_where_they_do_not()
    {
        var random = new Random(7);
        SourceReading Source(double mean, int count) =>
            Reading(0.5, Evidence([.. Enumerable.Range(0, count).Select(_ => new WeightedScore(Math.Clamp(mean + 0.4 * Normal(random), -1, 1), 1, Now))]));
        int Seen(double apart) => Enumerable.Range(0, 2_000).Count(_ => SentimentPool.Combine([Source(apart / 2, 30), Source(-apart / 2, 40), Source(0, 12)], new() { LeastDivergence = 0 }).Diverges == true);
        // One in a hundred by the significance asked for; the prior variance makes it fewer.
        Assert.InRange(Seen(0), 0, 30);
        Assert.InRange(Seen(0.6), 1_900, 2_000);
        var (calm, split) = (SentimentPool.Combine([Source(0.3, 50), Source(0.3, 50)], new()), SentimentPool.Combine([Source(0.5, 50), Source(-0.5, 50)], new()));
        Assert.Equal((false, true), (calm.Diverges, split.Diverges));
        Assert.Equal(0.5, split.Divergence, 0.1);
        Assert.True(split.Confidence < 0.65 * calm.Confidence);
    }

    [Fact]
    public void Trend_is_rarely_seen_in_even_traffic_and_always_in_a_burst()
    {
        var random = new Random(3);
        long Poisson(double mean)
        {
            var (limit, product, count) = (Math.Exp(-mean), 1.0, -1L);
            do (product, count) = (product * random.NextDouble(), count + 1);
            while (product > limit);
            return count;
        }
        long[] Counts(double last) => [.. Enumerable.Range(0, 28).Select(_ => Poisson(20)), Poisson(last)];
        var seen = Enumerable.Range(0, 4_000).GroupBy(_ => CountTrend.Of(CountTrend.Z(Counts(20)))).ToDictionary(g => g.Key!.Value, g => g.Count());
        Assert.InRange(seen[Trend.Up], 120, 320);
        Assert.InRange(seen[Trend.Down], 120, 320);
        Assert.All(Enumerable.Range(0, 200), _ => Assert.Equal(Trend.Up, CountTrend.Of(CountTrend.Z(Counts(60)))));
        Assert.Null(CountTrend.Of(CountTrend.Z([1, 2, 3, 4, 5, 6, 7])));
    }

    internal static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
