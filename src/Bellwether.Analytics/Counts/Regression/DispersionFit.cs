using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Regression;

/// <summary>
/// Maximum likelihood of the dispersion α of NB2 for known means. In α the score needs each count only through Σ j/(1 + αj) over j &lt; y,
/// so counts are tallied once and an evaluation costs one pass over rows and one up to the largest count.
/// </summary>
sealed class DispersionFit
{
    const double Max = 100;

    double[] _above = [];

    /// <summary>
    /// α, its standard error, and whether the search arrived. Where the likelihood falls from α = 0 on, α is 0 and has no standard error.
    /// </summary>
    public (double Alpha, double StandardError, bool Converged) Fit(
        ReadOnlySpan<int> counts, ReadOnlySpan<double> means, ReadOnlySpan<double> weights, double start)
    {
        var most = 0;
        foreach (var y in counts)
            most = Math.Max(most, y);
        if (_above.Length <= most)
            _above = new double[most + 64];
        Array.Clear(_above);
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] > 0)
                _above[counts[i] - 1] += weights.IsEmpty ? 1 : weights[i];
        for (var j = most - 2; j >= 0; j--)
            _above[j] += _above[j + 1];
        var tally = _above.AsSpan(0, most);

        var (score, curvature) = Derivatives(0, tally, counts, means, weights);
        if (score <= 0)
            return (0, double.NaN, true);
        var (low, high) = (0.0, Max);
        var alpha = start > 0 ? Math.Min(start, Max / 2) : Math.Clamp(curvature < 0 ? -score / curvature : 0.1, 1e-6, 1);
        for (var step = 0; step < 80; step++)
        {
            (score, curvature) = Derivatives(alpha, tally, counts, means, weights);
            if (score > 0)
                low = alpha;
            else
                high = alpha;
            // Newton on ln α: the likelihood is nearly a parabola there, and steps cannot go below 0.
            var slope = score + alpha * curvature;
            var next = slope < 0 ? alpha * Math.Exp(Math.Clamp(-score / slope, -2, 2)) : score > 0 ? alpha * 4 : alpha / 4;
            if (!(next > low && next < high))
                next = low > 0 ? Math.Sqrt(low * high) : high / 16;
            if (Math.Abs(next - alpha) <= 1e-9 * alpha || high <= 1e-9)
                return (next, curvature < 0 ? 1 / Math.Sqrt(-curvature) : double.NaN, true);
            alpha = next;
        }
        return (alpha, curvature < 0 ? 1 / Math.Sqrt(-curvature) : double.NaN, false);
    }

    static (double Score, double Curvature) Derivatives(
        double alpha, ReadOnlySpan<double> tally, ReadOnlySpan<int> counts, ReadOnlySpan<double> means, ReadOnlySpan<double> weights)
    {
        double score = 0, curvature = 0;
        for (var j = 1; j < tally.Length; j++)
        {
            var term = j / (1 + alpha * j);
            score += tally[j] * term;
            curvature -= tally[j] * term * term;
        }
        for (var i = 0; i < counts.Length; i++)
        {
            var weight = weights.IsEmpty ? 1 : weights[i];
            var mu = means[i];
            var z = alpha * mu;
            var (g, slope) = Gap(z);
            var shrunk = mu / (1 + z);
            score += weight * (mu * mu * g - counts[i] * shrunk);
            curvature += weight * (mu * mu * mu * slope + counts[i] * shrunk * shrunk);
        }
        return (score, curvature);
    }

    // g(z) = (ln(1 + z) − z/(1 + z))/z² and its derivative; by series where the differences would cancel.
    static (double Value, double Slope) Gap(double z)
    {
        if (z < 0.01)
            return (1.0 / 2 - z * (2.0 / 3 - z * (3.0 / 4 - z * (4.0 / 5 - z * (5.0 / 6 - z * 6 / 7)))),
                -2.0 / 3 + z * (3.0 / 2 - z * (12.0 / 5 - z * (10.0 / 3 - z * 30 / 7))));
        var value = (CountMath.Log1P(z) - z / (1 + z)) / (z * z);
        return (value, (1 / ((1 + z) * (1 + z)) - 2 * value) / z);
    }
}
