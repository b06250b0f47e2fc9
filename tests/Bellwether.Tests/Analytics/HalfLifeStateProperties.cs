using Bellwether.Analytics.Decay;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Analytics;

/// <summary>Order and batching cannot be told from a state: at any half-life, times equal, negative and far apart.</summary>
public sealed class HalfLifeStateProperties
{
    static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(300);

    static readonly Gen<double> HalfLives = Gen.Elements(0.001, 1.0, 7.3, 3600, 86400 * 14, double.PositiveInfinity);

    static readonly Gen<WeightedScore> Results =
        from score in Gen.Elements(-1000, -999, -333, 0, 1, 500, 1000).Or(Gen.Choose(-1000, 1000))
        from weight in Gen.Elements(1e-9, 0.1, 1, 1.5, 1000)
        from time in Gen.OneOf(
            Gen.Elements(0L, 0L, -1L, 1L, -1_000_000L, 63_999_999L, 64_000_000L, -HalfLifeState.MaxTimeMicros, HalfLifeState.MaxTimeMicros),
            Gen.Choose(-100_000, 100_000).Select(t => t * 1000L),
            Gen.Choose(0, int.MaxValue).Select(t => 1_700_000_000_000_000L + t))
        select new WeightedScore(score / 1000.0, weight, time);

    static readonly Arbitrary<(double HalfLife, WeightedScore[] Results, int Seed)> Cases = Arb.From(
        from halfLife in HalfLives
        from results in Results.ArrayOf()
        from seed in Gen.Choose(0, int.MaxValue)
        select (halfLife, results, seed));

    [Fact]
    public void Add_in_any_order_and_batching_gives_the_same_state() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var random = new Random(c.Seed);
        var atOnce = HalfLifeState.Empty(c.HalfLife).Add(c.Results);
        var shuffled = (WeightedScore[])c.Results.Clone();
        random.Shuffle(shuffled);
        var oneByOne = HalfLifeState.Empty(c.HalfLife);
        foreach (var (score, weight, time) in shuffled)
            oneByOne = oneByOne.Add(score, weight, time);

        return atOnce.Equals(oneByOne) && SameBits(atOnce, oneByOne);
    }));

    [Fact]
    public void Merge_of_any_split_in_any_grouping_equals_adding_all() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var random = new Random(c.Seed);
        var all = HalfLifeState.Empty(c.HalfLife).Add(c.Results);
        var parts = new List<WeightedScore>[] { [], [], [] };
        foreach (var result in c.Results)
            parts[random.Next(3)].Add(result);
        var (a, b, d) = (Sum(parts[0]), Sum(parts[1]), Sum(parts[2]));

        return all.Equals(a.Merge(b).Merge(d)) && all.Equals(a.Merge(b.Merge(d))) && all.Equals(d.Merge(a).Merge(b));

        HalfLifeState Sum(List<WeightedScore> part) => HalfLifeState.Empty(c.HalfLife).Add([.. part]);
    }));

    [Fact]
    public void State_survives_being_stored() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var state = HalfLifeState.Empty(c.HalfLife).Add(c.Results);
        return state.Equals(HalfLifeState.Restore(
            state.HalfLifeSeconds, state.Buckets, state.WeightedSums, state.WeightSums, state.LatestMicros, state.Count));
    }));

    [Fact]
    public void Score_is_within_one_and_near_the_direct_formula() => Check.One(Config, Prop.ForAll(Cases, c =>
    {
        var ordinary = Array.FindAll(c.Results, r => r.Weight >= 0.1);
        if (ordinary.Length == 0)
            return true;
        var state = HalfLifeState.Empty(c.HalfLife).Add(ordinary);
        var latest = ordinary.Max(r => r.TimeMicros);
        double weighted = 0, weights = 0;
        foreach (var (score, weight, time) in ordinary)
        {
            var decayed = weight * Math.Pow(2, -(latest - time) / (c.HalfLife * 1e6));
            weighted += decayed * score;
            weights += decayed;
        }
        return state.Score is >= -1 and <= 1
            && Math.Abs(state.Score - weighted / weights) < 1e-6
            && Math.Abs(state.Weight / weights - 1) < 1e-6;
    }));

    static bool SameBits(HalfLifeState a, HalfLifeState b) =>
        BitConverter.DoubleToInt64Bits(a.Score) == BitConverter.DoubleToInt64Bits(b.Score)
        && BitConverter.DoubleToInt64Bits(a.Weight) == BitConverter.DoubleToInt64Bits(b.Weight);
}
