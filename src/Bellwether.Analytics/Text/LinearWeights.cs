using System.Runtime.Intrinsics;

namespace Bellwether.Analytics.Text;

/// <summary>Weights of a multinomial linear model: three classes in the first three lanes of each bucket.</summary>
public sealed class LinearWeights(int bits)
{
    public int Bits => bits;

    public Vector128<float>[] Buckets { get; } = new Vector128<float>[1 << bits];

    public Vector128<float> Bias { get; set; }

    /// <summary>Unscaled log-odds of the classes of a row.</summary>
    public Vector128<float> Logits(FeatureRows rows, int row)
    {
        var sum = Bias;
        for (var g = 0; g < rows.Groups; g++)
        {
            var part = Vector128<float>.Zero;
            foreach (var bucket in rows.Buckets(row, g)) part += Buckets[bucket];
            sum += part * rows.Scale(row, g);
        }
        return sum;
    }

    /// <summary>Class probabilities in the first three lanes.</summary>
    public static Vector128<float> Softmax(Vector128<float> logits)
    {
        var most = Math.Max(logits[0], Math.Max(logits[1], logits[2]));
        var (a, b, c) = (MathF.Exp(logits[0] - most), MathF.Exp(logits[1] - most), MathF.Exp(logits[2] - most));
        return Vector128.Create(a, b, c, 0) * (1 / (a + b + c));
    }
}
