namespace Bellwether.Analytics.Options;

/// <summary>The normal distribution with full relative accuracy in its tails.</summary>
/// <remarks>
/// All comes from erfcx(z) = e^(z²)·erfc(z) for z ≥ 0, which is smooth where erfc has long underflowed. (1 + 2z)·erfcx(z) is expanded in Chebyshev
/// polynomials of (z − c)/(z + c) (Shepherd and Laframboise, 1981); the coefficients are computed once, from the power series below 1 and the
/// continued fraction above.
/// </remarks>
static class GaussTail
{
    const double Centre = 3.75;
    const int Nodes = 64, Terms = 30;
    static readonly double[] Coefficients = Expand();

    /// <summary>e^(z²)·erfc(z) for z ≥ 0.</summary>
    public static double Erfcx(double z)
    {
        var y = 2 * ((z - Centre) / (z + Centre));
        var coefficients = Coefficients;
        var (b, after) = (0.0, 0.0);
        for (var k = coefficients.Length - 1; k > 0; k--) (b, after) = (Math.FusedMultiplyAdd(y, b, coefficients[k] - after), b);
        return (0.5 * y * b - after + coefficients[0]) / (1 + 2 * z);
    }

    /// <summary>P(X ≤ x) of the standard normal distribution.</summary>
    public static double Cdf(double x)
    {
        if (Math.Abs(x) > 40) return x < 0 ? 0 : 1;
        var tail = 0.5 * Math.Exp(-0.5 * x * x) * Erfcx(Math.Abs(x) * InverseRoot2);
        return x < 0 ? tail : 1 - tail;
    }

    public static double Density(double x) => InverseRoot2Pi * Math.Exp(-0.5 * x * x);

    public const double InverseRoot2 = 0.70710678118654752440, InverseRoot2Pi = 0.39894228040143267794;

    static double[] Expand()
    {
        var values = new double[Nodes];
        for (var j = 0; j < Nodes; j++)
        {
            var t = Math.Cos(Math.PI * (j + 0.5) / Nodes);
            var z = Centre * (1 + t) / (1 - t);
            values[j] = (1 + 2 * z) * Reference(z);
        }
        var coefficients = new double[Terms];
        for (var k = 0; k < Terms; k++)
        {
            for (var j = 0; j < Nodes; j++) coefficients[k] += values[j] * Math.Cos(Math.PI * k * (j + 0.5) / Nodes);
            coefficients[k] *= (k == 0 ? 1.0 : 2.0) / Nodes;
        }
        return coefficients;
    }

    static double Reference(double z)
    {
        const double rootPi = 1.77245385090551602730;
        if (z < 1)
        {
            // e^(z²)·erf(z) = 2/√π · Σ 2ⁿz²ⁿ⁺¹/(2n+1)!!
            var (term, sum) = (z, z);
            for (var n = 1; term > sum * 1e-18; n++) sum += term *= 2 * z * z / (2 * n + 1);
            return Math.Exp(z * z) - 2 / rootPi * sum;
        }
        var fraction = z;
        for (var n = 600; n > 0; n--) fraction = z + 0.5 * n / fraction;
        return 1 / (rootPi * fraction);
    }
}
