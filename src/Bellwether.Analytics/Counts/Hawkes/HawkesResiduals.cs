namespace Bellwether.Analytics.Counts.Hawkes;

/// <summary>
/// Goodness of fit by time rescaling (Ogata, JASA 83, 1988): the integral of the intensity from each event to the next follows the exponential
/// distribution with mean 1, and independently, when the model is right.
/// </summary>
/// <param name="Increments">The integrals, the first of each stretch from its start.</param>
/// <param name="Statistic">Kolmogorov and Smirnov's distance between their distribution and 1 − e^−x.</param>
/// <param name="PValue">
/// Probability of such a distance by chance, by the limiting law with Stephens' correction (JRSS B 32, 1970). Timestamps in whole seconds make
/// many equal increments, which large samples notice.
/// </param>
public sealed record HawkesResiduals(double[] Increments, double Statistic, double PValue)
{
    public static HawkesResiduals Of(HawkesParameters parameters, HawkesData data)
    {
        parameters.Require();
        var increments = new List<double>(data.Count);
        foreach (var stretch in data.Stretches)
        {
            var (at, excitation) = ((double)stretch.From, 0.0);
            for (var i = stretch.FirstEvent; i < stretch.EndEvent; i++)
            {
                var t = data.Times[i];
                var left = excitation * Math.Exp(-parameters.Beta * (t - at));
                increments.Add(Baseline(parameters, data, at, t) + parameters.Branching * (excitation - left));
                (at, excitation) = (t, left + 1);
            }
        }
        var sorted = increments.ToArray();
        Array.Sort(sorted);
        var distance = 0.0;
        for (var i = 0; i < sorted.Length; i++)
        {
            var f = 1 - Math.Exp(-sorted[i]);
            distance = Math.Max(distance, Math.Max(f - (double)i / sorted.Length, (i + 1.0) / sorted.Length - f));
        }
        return new([.. increments], distance, Kolmogorov(distance, sorted.Length));
    }

    static double Baseline(HawkesParameters parameters, HawkesData data, double from, double to)
    {
        var sum = 0.0;
        for (var hour = (int)from; hour < to; hour++)
            sum += parameters.Baseline[data.PhaseOf(hour)] * data.Scales[hour] * (Math.Min(to, hour + 1) - Math.Max(from, hour));
        return sum;
    }

    internal static double Kolmogorov(double distance, int n)
    {
        if (n == 0)
            return double.NaN;
        var root = Math.Sqrt(n);
        var t = distance * (root + 0.12 + 0.11 / root);
        // The series of alternating signs converges slowly near 0, where the probability is 1 to nine digits.
        if (t < 0.2)
            return 1;
        var sum = 0.0;
        for (var k = 1; k <= 100; k++)
            sum += (k % 2 == 1 ? 2 : -2) * Math.Exp(-2.0 * k * k * t * t);
        return Math.Clamp(sum, 0, 1);
    }
}
