using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// The weights of a linear model as they are stored and used: a byte for each class, four bytes a bucket (one of them unused), so that a bucket
/// is one read and one vector addition.
/// </summary>
/// <param name="Bits">There are 2^Bits buckets.</param>
/// <param name="Step">What a stored 1 stands for.</param>
/// <param name="Bias">Log-odds of a text without features.</param>
/// <param name="Temperature">By which log-odds are divided.</param>
sealed record PackedWeights(int Bits, float Step, (float Negative, float Neutral, float Positive) Bias, float Temperature, int[] Buckets)
{
    /// <summary>The greatest weights are cut off here, in standard deviations: the others keep more of their digits.</summary>
    const float Cut = 24;

    public static PackedWeights Of(LinearWeights weights, double temperature)
    {
        double squares = 0;
        var used = 0;
        var most = 0f;
        foreach (var bucket in weights.Buckets)
            for (var c = 0; c < 3; c++)
                if (bucket[c] != 0)
                {
                    squares += bucket[c] * bucket[c];
                    used++;
                    most = Math.Max(most, Math.Abs(bucket[c]));
                }
        var step = used == 0 ? 1 : (float)Math.Min(most, Cut * Math.Sqrt(squares / used)) / 127;
        var packed = new int[weights.Buckets.Length];
        Span<sbyte> lanes = stackalloc sbyte[4];
        for (var i = 0; i < packed.Length; i++)
        {
            for (var c = 0; c < 3; c++) lanes[c] = (sbyte)Math.Clamp(MathF.Round(weights.Buckets[i][c] / step), -127, 127);
            packed[i] = MemoryMarshal.Read<int>(MemoryMarshal.AsBytes(lanes));
        }
        return new(weights.Bits, step, (weights.Bias[0], weights.Bias[1], weights.Bias[2]), (float)temperature, packed);
    }

    /// <summary>Probabilities of the classes of a text with these features.</summary>
    // One method: none that gets or gives vectors can be compiled before the program runs.
    [SkipLocalsInit]
    public SentimentScore Score(FeatureBuffer features, int groups)
    {
        var logits = Vector128.Create(Bias.Negative, Bias.Neutral, Bias.Positive, 0);
        var table = Buckets;
        for (var g = 0; g < groups; g++)
        {
            var group = (FeatureGroup)g;
            var sum = Vector128<int>.Zero;
            // Every bucket number is below 2^Bits, which is the length of the table: FeatureBuffer cuts them so.
            foreach (var bucket in features.Of(group))
                sum += Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(table[bucket]).AsSByte()));
            logits += Vector128.ConvertToSingle(sum) * (Step * features.Scale(group));
        }
        var (a, b, c) = (logits[0] / (double)Temperature, logits[1] / (double)Temperature, logits[2] / (double)Temperature);
        var most = Math.Max(a, Math.Max(b, c));
        var (negative, neutral, positive) = (Math.Exp(a - most), Math.Exp(b - most), Math.Exp(c - most));
        var all = negative + neutral + positive;
        return new(positive / all, negative / all);
    }
}
