namespace Bellwether.Analytics.Options;

/// <summary>
/// Black's formula without units: the undiscounted price of an out-of-the-money call over √(F·K), as a function of x = ln(F/K) ≤ 0 and the total
/// deviation s = σ√T. A put is a call with the signs turned, and an option in the money is one out of the money plus its intrinsic value.
/// </summary>
/// <remarks>
/// With h = x/s and t = s/2: b = e^(x/2)·N(h + t) − e^(−x/2)·N(h − t). Both terms share the factor e^(−(h² + t²)/2); written by erfcx, neither
/// underflows before b does. As s grows b rises to e^(x/2).
/// </remarks>
static class NormalisedBlack
{
    /// <summary>The price, and what it lacks to its limit e^(x/2): each is accurate where it is the smaller one.</summary>
    /// <param name="vega">db/ds.</param>
    public static (double Price, double Lack) Evaluate(double x, double s, out double vega)
    {
        var (h, t) = (x / s, 0.5 * s);
        var limit = Math.Exp(0.5 * x);
        if (!(h * h + t * t < 1_490))
        {
            vega = 0;
            return h + t <= 0 ? (0, limit) : (limit, 0);
        }
        var common = Math.Exp(-0.5 * (h * h + t * t));
        vega = common * GaussTail.InverseRoot2Pi;
        var far = GaussTail.Erfcx((t - h) * GaussTail.InverseRoot2);
        var near = (h + t) * GaussTail.InverseRoot2;
        if (near <= 0)
        {
            var price = 0.5 * common * (GaussTail.Erfcx(-near) - far);
            return (Math.Max(0, price), limit - price);
        }
        var lack = 0.5 * common * (GaussTail.Erfcx(near) + far);
        return (limit - lack, lack);
    }

    /// <summary>b at its point of inflection s = √(2|x|).</summary>
    public static double AtInflection(double x) => 0.5 * Math.Exp(0.5 * x) * (1 - GaussTail.Erfcx(Math.Sqrt(-x)));
}
