using MathNet.Numerics;

namespace Bellwether.Analytics.Counts.Distributions;

/// <summary>Log-probabilities that stay accurate for every dispersion from 0 upwards and for counts in the thousands.</summary>
static class CountMath
{
    // Stirling's series with four terms errs by less than 2e-14 from here on.
    const int StirlingFrom = 16;

    /// <summary>
    /// Σ ln(1 + αj) over j &lt; k, which is ln Γ(k + 1/α) − ln Γ(1/α) + k ln α. Written without the difference of two large
    /// log-gammas, which loses every digit as α goes to 0.
    /// </summary>
    public static double LogRising(int k, double alpha)
    {
        if (alpha == 0 || k <= 1)
            return 0;
        var direct = k <= StirlingFrom ? k : Math.Max(0, StirlingFrom - (int)Math.Min(StirlingFrom, 1 / alpha));
        var sum = 0.0;
        for (var j = 1; j < direct; j++)
            sum += Math.Log(1 + alpha * j);
        var rest = k - direct;
        if (rest == 0)
            return sum;
        // Γ(r + rest)/Γ(r) = r^rest · exp(...), r ≥ 16; with x = rest/r the error is of order rest · 1e-16, however large r is.
        var r = 1 / alpha + direct;
        var x = rest / r;
        var ln = Log1P(x);
        return sum + rest * Math.Log(1 + alpha * direct) + r * ((1 + x) * ln - x) - ln / 2 + Stirling(r + rest) - Stirling(r);
    }

    /// <summary>ln P(k) of NB2 with Var = μ + αμ²; α = 0 is Poisson. Mean 0 puts everything on 0.</summary>
    public static double LogPmf(int k, double mean, double alpha)
    {
        if (k < 0)
            return double.NegativeInfinity;
        if (mean == 0)
            return k == 0 ? 0 : double.NegativeInfinity;
        var kernel = k * Math.Log(mean) - SpecialFunctions.FactorialLn(k);
        if (alpha == 0)
            return kernel - mean;
        var ln = Log1P(alpha * mean);
        return kernel + LogRising(k, alpha) - k * ln - ln / alpha;
    }

    /// <summary>ln(1 + x) to the last digits for small x too (Kahan); the framework's own LogP1 adds before it takes the logarithm.</summary>
    public static double Log1P(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : double.IsPositiveInfinity(u) ? u : Math.Log(u) * (x / (u - 1));
    }

    static double Stirling(double z)
    {
        var square = 1 / (z * z);
        return (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / z;
    }
}
