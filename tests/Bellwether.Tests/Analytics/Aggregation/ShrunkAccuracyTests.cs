using Bellwether.Analytics.Aggregation;

namespace Bellwether.Tests.Analytics.Aggregation;

public sealed class ShrunkAccuracyTests
{
    /// <summary>Accounts with a true rate each, and what came of it.</summary>
    static (double Rate, AccuracyRecord Record)[] Simulate(int seed, double spread)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 500).Select(_ =>
        {
            var (rate, trials) = (Math.Clamp(0.52 + spread * SentimentPoolTests.Normal(random), 0.02, 0.98), random.Next(3, 150));
            return (rate, new AccuracyRecord(Enumerable.Range(0, trials).Count(_ => random.NextDouble() < rate), trials));
        })];
    }

    [Fact]
    public void Luck_alone_gives_nobody_a_weight()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var accounts = Simulate(seed, 0);
            var prior = ShrunkAccuracy.Fit([.. accounts.Select(a => a.Record)]);
            Assert.InRange(prior.Mean, 0.5, 0.54);
            Assert.All(accounts, a => Assert.InRange(ShrunkAccuracy.Weight(a.Record, prior), 0.7, 1.4));
        }
    }

    [Fact]
    public void Skill_is_found_and_the_shrunk_rates_are_nearer_to_the_truth_than_the_raw_ones()
    {
        var accounts = Simulate(11, 0.08);
        var prior = ShrunkAccuracy.Fit([.. accounts.Select(a => a.Record)]);
        // Var = μ(1−μ)/(s + 1) = 0.08² gives s = 38.
        Assert.InRange(prior.Strength, 25, 60);
        double Error(Func<AccuracyRecord, double> estimate) => accounts.Average(a => Math.Pow(estimate(a.Record) - a.Rate, 2));
        var (shrunk, raw) = (Error(r => ShrunkAccuracy.Rate(r, prior)), Error(r => (double)r.Hits / r.Trials));
        Assert.True(shrunk < 0.6 * raw, $"{shrunk} against {raw}");
        var best = accounts.OrderByDescending(a => a.Rate).Take(50).Average(a => ShrunkAccuracy.Weight(a.Record, prior));
        var worst = accounts.OrderBy(a => a.Rate).Take(50).Average(a => ShrunkAccuracy.Weight(a.Record, prior));
        Assert.True(best > 1.25 && worst < 0.85, $"{best} and {worst}");
    }

    [Fact]
    public void Weights_are_one_for_the_unknown_and_stay_within_their_bounds()
    {
        var prior = new AccuracyPrior(0.5, 10);
        Assert.Equal(1, ShrunkAccuracy.Weight(new(0, 0), prior), 1e-12);
        Assert.Equal(ShrunkAccuracy.Most, ShrunkAccuracy.Weight(new(1_000, 1_000), prior));
        Assert.Equal(ShrunkAccuracy.Least, ShrunkAccuracy.Weight(new(0, 1_000), prior));
        Assert.Equal(1, ShrunkAccuracy.Weight(new(5, 5), ShrunkAccuracy.Fit([])), 0.01);
        Assert.Throws<ArgumentException>(() => ShrunkAccuracy.Fit([new(2, 1)]));
    }
}
