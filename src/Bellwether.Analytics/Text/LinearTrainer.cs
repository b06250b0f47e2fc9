using System.Runtime.Intrinsics;

namespace Bellwether.Analytics.Text;

/// <summary>How a linear model is trained.</summary>
public sealed record LinearTrainerOptions
{
    public int Epochs { get; init; } = 15;

    public float LearningRate { get; init; } = 4;

    /// <summary>Strength of the penalty on squared weights, against the mean log-loss of a row.</summary>
    public float L2 { get; init; } = 6e-5f;

    /// <summary>Power of the log-count ratio by which a feature is weighted (Wang and Manning 2012); 0 for no weighting.</summary>
    public float RatioPower { get; init; } = 0.6f;

    /// <summary>Features of fewer rows are left out.</summary>
    public int MinRows { get; init; } = 2;

    /// <summary>Share of visits to a row in which its first <see cref="DroppedGroups"/> groups are hidden, so that the others must do without.</summary>
    public float GroupDropout { get; init; }

    public int DroppedGroups { get; init; } = 2;

    /// <summary>Power of the inverse share of a class by which its rows are weighted; 0 for no weighting.</summary>
    public float Balance { get; init; } = 0.3f;

    public ulong Seed { get; init; } = 1;
}

/// <summary>
/// Multinomial logistic regression by stochastic gradient descent with a penalty on squared weights. Each feature is scaled by how unevenly
/// it is spread over the classes. The same rows, options and seed give the same weights.
/// </summary>
public static class LinearTrainer
{
    public static LinearWeights Train(FeatureRows rows, ReadOnlySpan<int> subset, LinearTrainerOptions options, CancellationToken cancellationToken = default)
    {
        var ratios = Ratios(rows, subset, options);
        var weights = new LinearWeights(rows.Bits);
        var table = weights.Buckets;
        var order = subset.ToArray();
        var random = new SplitMix(options.Seed);
        var balance = ClassWeights(rows, subset, options.Balance);
        // The weights are table·shrink: the penalty touches one number instead of all of them.
        var (shrink, step) = (1.0, 0L);
        var bias = Vector128<float>.Zero;
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            random.Shuffle(order);
            foreach (var row in order)
            {
                var rate = options.LearningRate / (1 + options.LearningRate * options.L2 * step++);
                var first = options.GroupDropout > 0 && random.NextDouble() < options.GroupDropout ? options.DroppedGroups : 0;
                var sum = Vector128<float>.Zero;
                for (var g = first; g < rows.Groups; g++)
                {
                    var part = Vector128<float>.Zero;
                    foreach (var bucket in rows.Buckets(row, g)) part += table[bucket] * ratios[bucket];
                    sum += part * (rows.Scale(row, g));
                }
                var gradient = LinearWeights.Softmax(sum * (float)shrink + bias);
                gradient = gradient.WithElement(rows.Label(row), gradient[rows.Label(row)] - 1) * (rows.Weight(row) * balance[rows.Label(row)]);
                shrink *= 1 - rate * options.L2;
                var move = gradient * (float)(rate / shrink);
                for (var g = first; g < rows.Groups; g++)
                {
                    var part = move * (rows.Scale(row, g));
                    foreach (var bucket in rows.Buckets(row, g)) table[bucket] -= part * ratios[bucket];
                }
                bias -= gradient * (rate * 0.1f);
                if (shrink < 1e-6) Fold(table, ref shrink);
            }
        }
        for (var i = 0; i < table.Length; i++) table[i] *= ratios[i] * (float)shrink;
        weights.Bias = bias;
        return weights;
    }

    static float[] ClassWeights(FeatureRows rows, ReadOnlySpan<int> subset, float power)
    {
        var shares = new double[3];
        foreach (var row in subset) shares[rows.Label(row)] += 3.0 / subset.Length;
        return [.. shares.Select(s => s == 0 ? 1 : (float)Math.Pow(s, -power))];
    }

    static void Fold(Vector128<float>[] table, ref double shrink)
    {
        for (var i = 0; i < table.Length; i++) table[i] *= (float)shrink;
        shrink = 1;
    }

    // The greatest |log(share of the class's rows that have it / share of the others')|, and 0 for what is too rare.
    static float[] Ratios(FeatureRows rows, ReadOnlySpan<int> subset, LinearTrainerOptions options)
    {
        var counts = new Vector128<float>[1 << rows.Bits];
        var last = new int[1 << rows.Bits];
        Span<float> totals = stackalloc float[3];
        Span<Vector128<float>> unit = [Vector128.Create(1f, 0, 0, 1), Vector128.Create(0, 1f, 0, 1), Vector128.Create(0, 0, 1f, 1)];
        for (var i = 0; i < subset.Length; i++)
        {
            var row = subset[i];
            totals[rows.Label(row)]++;
            for (var g = 0; g < rows.Groups; g++)
                foreach (var bucket in rows.Buckets(row, g))
                {
                    if (last[bucket] == i + 1) continue;
                    last[bucket] = i + 1;
                    counts[bucket] += unit[rows.Label(row)];
                }
        }
        var ratios = new float[counts.Length];
        var all = totals[0] + totals[1] + totals[2];
        for (var b = 0; b < counts.Length; b++)
        {
            var n = counts[b];
            if (n[3] < options.MinRows) continue;
            var most = 0.0;
            for (var c = 0; c < 3 && options.RatioPower > 0; c++)
                most = Math.Max(most, Math.Abs(Math.Log((n[c] + 1) / (totals[c] + 2) / ((n[3] - n[c] + 1) / (all - totals[c] + 2)))));
            ratios[b] = options.RatioPower > 0 ? (float)Math.Pow(most, options.RatioPower) : 1;
        }
        foreach (ref var ratio in ratios.AsSpan())
            if (ratio > 3) ratio = 3;
        return ratios;
    }
}
