using Bellwether.Analytics.Text;

namespace Bellwether.Tests.Analytics.Text;

public sealed class LinearTrainerTests
{
    // Feature 10 + label says the class in nine rows of ten, feature 1 says nothing, feature 99 occurs once.
    static FeatureRows Rows(int count, ulong seed)
    {
        var (rows, random) = (new FeatureRows(8, 1), new SplitMix(seed));
        for (var i = 0; i < count; i++)
        {
            var label = (byte)random.Next(3);
            var told = random.Next(10) == 0 ? (byte)random.Next(3) : label;
            rows.AddGroup(i == 0 ? [(uint)(10 + told), 1, 99] : [(uint)(10 + told), 1], 1);
            rows.EndRow(label, 1);
        }
        return rows;
    }

    static readonly LinearTrainerOptions Options = new() { GroupDropout = 0, LearningRate = 0.5f, L2 = 1e-4f };

    static int[] All(FeatureRows rows) => [.. Enumerable.Range(0, rows.Count)];

    [Fact]
    public void What_tells_the_class_is_learned_and_what_is_rare_is_not()
    {
        var rows = Rows(3_000, 1);
        var weights = LinearTrainer.Train(rows, All(rows), Options);

        for (var c = 0; c < 3; c++) Assert.True(weights.Buckets[10 + c][c] > 1, $"class {c}: {weights.Buckets[10 + c]}");
        Assert.Equal(0, weights.Buckets[99][0]);
        var unseen = Rows(1_000, 2);
        var right = All(unseen).Count(r => Best(weights.Logits(unseen, r)) == unseen.Label(r));
        Assert.InRange(right, 900, 1_000);
    }

    [Fact]
    public void Same_rows_and_seed_give_the_same_weights_bit_for_bit()
    {
        var rows = Rows(500, 1);
        Assert.Equal(LinearTrainer.Train(rows, All(rows), Options).Buckets, LinearTrainer.Train(rows, All(rows), Options).Buckets);
        Assert.NotEqual(LinearTrainer.Train(rows, All(rows), Options with { Seed = 9 }).Buckets, LinearTrainer.Train(rows, All(rows), Options).Buckets);
    }

    [Fact]
    public void Stronger_penalty_makes_smaller_weights()
    {
        var rows = Rows(1_000, 1);
        Assert.InRange(Size(1e-2f) / Size(1e-4f), 0.05, 0.75);

        double Size(float l2) => LinearTrainer.Train(rows, All(rows), Options with { L2 = l2 }).Buckets.Sum(b => b[0] * b[0] + b[1] * b[1] + b[2] * b[2]);
    }

    [Fact]
    public void Row_without_all_its_groups_is_refused()
    {
        var rows = new FeatureRows(8, 2);
        rows.AddGroup([1], 1);
        Assert.Throws<InvalidOperationException>(() => rows.EndRow(0, 1));
    }

    static int Best(System.Runtime.Intrinsics.Vector128<float> l) => l[0] > l[1] && l[0] > l[2] ? 0 : l[1] > l[2] ? 1 : 2;
}
