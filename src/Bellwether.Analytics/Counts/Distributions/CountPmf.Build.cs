using System.Numerics;

namespace Bellwether.Analytics.Counts.Distributions;

public sealed partial class CountPmf
{
    const double Tail = 1e-13;

    // A table of 32 MB: far above any window's count, and a bound when somebody asks for a mean in the millions.
    const int MaxLength = 1 << 22;

    /// <summary>NB2 from its mode outwards by the ratio of neighbours: nothing underflows and no logarithm is taken per entry.</summary>
    internal static CountPmf NegativeBinomial(double mean, double alpha)
    {
        var mode = alpha >= 1 ? 0 : (int)Math.Floor(Math.Max(0, mean * (1 - alpha)));
        var top = Math.Exp(CountMath.LogPmf(mode, mean, alpha));
        var up = mean / (1 + alpha * mean);
        var limit = alpha * up;
        var low = new List<double>();
        for (double k = mode, p = top; k > 0 && p > Tail / (mode + 1); k--)
        {
            p *= k / ((1 + alpha * (k - 1)) * up);
            low.Add(p);
        }
        var first = mode - low.Count;
        var all = new List<double>(low.Count * 3 + 16);
        for (var i = low.Count - 1; i >= 0; i--)
            all.Add(low[i]);
        all.Add(top);
        for (double k = mode, p = top; all.Count < MaxLength; k++)
        {
            var ratio = (1 + alpha * k) / (k + 1) * up;
            p *= ratio;
            // From here on every ratio is at most the larger of this one and its limit, so the rest is a geometric sum at most.
            var worst = Math.Max(ratio, limit);
            if (worst < 1 && p <= Tail * (1 - worst))
                break;
            all.Add(p);
        }
        return Own(first, [.. all]);
    }

    /// <summary>
    /// The distribution of a sum of two independent counts.
    /// Hours and days of one account are rarely independent; a model's own total says more than the sum of its parts.
    /// </summary>
    public static CountPmf Convolve(CountPmf a, CountPmf b)
    {
        var (small, large) = a._probabilities.Length <= b._probabilities.Length ? (a, b) : (b, a);
        var result = new double[small._probabilities.Length + large._probabilities.Length - 1];
        for (var i = 0; i < small._probabilities.Length; i++)
            AddScaled(small._probabilities[i], large._probabilities, result.AsSpan(i));
        return Trim(a.First + b.First, result);
    }

    /// <summary>
    /// The distribution that draws are from, smoothed: relative frequencies spread over neighbours by two passes of a moving mean, with a
    /// width of 0.6 times Silverman's rule, and one part in a hundred of a negative binomial of the same mean and variance for the tails.
    /// Throws <see cref="ArgumentException"/> without draws or when one is negative.
    /// </summary>
    public static CountDistribution FromSamples(ReadOnlySpan<int> samples)
    {
        if (samples.IsEmpty)
            throw new ArgumentException("There are no draws; expected one at least.", nameof(samples));
        double sum = 0, square = 0;
        var (least, most) = (int.MaxValue, 0);
        foreach (var sample in samples)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(sample, nameof(samples));
            sum += sample;
            square += (double)sample * sample;
            (least, most) = (Math.Min(least, sample), Math.Max(most, sample));
        }
        var mean = sum / samples.Length;
        var variance = Math.Max(0, square / samples.Length - mean * mean);
        var bandwidth = 0.6 * 1.06 * Math.Sqrt(variance) * Math.Pow(samples.Length, -0.2);
        // Two moving means of 2r + 1 counts have the variance ((2r + 1)² − 1)/6.
        var radius = (int)Math.Round((Math.Sqrt(1 + 6 * bandwidth * bandwidth) - 1) / 2);
        var first = Math.Max(0, least - 2 * radius);
        var table = new double[most + 2 * radius - first + 1];
        foreach (var sample in samples)
            table[sample - first] += 1.0 / samples.Length;
        if (radius > 0)
        {
            var scratch = new double[table.Length];
            MovingMean(table, scratch, radius, atZero: first == 0);
            MovingMean(scratch, table, radius, atZero: first == 0);
        }
        var tails = NegativeBinomialCount.FromMoments(Math.Max(mean, 0.5 / samples.Length), variance + bandwidth * bandwidth);
        return MixtureCount.Pool([Own(first, table), tails], [0.99, 0.01]);
    }

    // What would fall below 0 is folded back, so that the total stays 1.
    static void MovingMean(ReadOnlySpan<double> from, Span<double> to, int radius, bool atZero)
    {
        to.Clear();
        var weight = 1.0 / (2 * radius + 1);
        for (var i = 0; i < from.Length; i++)
        {
            if (from[i] == 0)
                continue;
            for (var j = i - radius; j <= i + radius; j++)
            {
                var at = j < 0 && atZero ? -j - 1 : j;
                if (at >= 0 && at < to.Length)
                    to[at] += from[i] * weight;
            }
        }
    }

    internal static CountPmf Trim(int first, double[] probabilities)
    {
        var (low, high) = (0, probabilities.Length - 1);
        for (var tail = probabilities[low]; low < high && tail < Tail; tail += probabilities[low])
            low++;
        for (var tail = probabilities[high]; high > low && tail < Tail; tail += probabilities[high])
            high--;
        return Own(first + low, probabilities[low..(high + 1)]);
    }

    /// <summary>to[i] += factor · from[i].</summary>
    internal static void AddScaled(double factor, ReadOnlySpan<double> from, Span<double> to)
    {
        var i = 0;
        var factors = new Vector<double>(factor);
        for (; i <= from.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(to[i..]) + factors * new Vector<double>(from[i..])).CopyTo(to[i..]);
        for (; i < from.Length; i++)
            to[i] += factor * from[i];
    }
}
