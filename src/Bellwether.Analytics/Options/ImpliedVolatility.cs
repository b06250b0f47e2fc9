using MathNet.Numerics.Distributions;

namespace Bellwether.Analytics.Options;

/// <summary>Why a price implies no volatility.</summary>
public enum ImpliedProblem
{
    None,

    /// <summary>Spot, strike or time is not above 0, or something is not a number.</summary>
    InvalidInput,

    /// <summary>No time is left.</summary>
    Expired,

    /// <summary>The price is below the discounted intrinsic value: arbitrage, or a stale quote.</summary>
    BelowIntrinsic,

    /// <summary>The price is at or above what the underlying (call) or the strike (put) is worth.</summary>
    AboveMaximum,

    /// <summary>The price is the intrinsic value to its last digits: any low volatility gives it.</summary>
    NoInformation,
}

/// <summary>Volatility at which Black, Scholes and Merton give a price.</summary>
/// <remarks>
/// The price is turned into one out of the money without units. Below the point of inflection Halley's iteration runs on 1/ln b, above on the
/// logarithm of what b lacks to its limit; both are nearly quadratic in s, so that three steps reach the last digits from closed first guesses
/// (Jäckel, By Implication, 2006). A bracket guards each step.
/// </remarks>
public static class ImpliedVolatility
{
    /// <summary>
    /// Volatilities are exact to this, or not given: where the last digit of the price, or of the intrinsic value that is taken from it, stands for
    /// more, the price holds no information.
    /// </summary>
    public const double Accuracy = 1e-8;

    // Below it doubles lose digits.
    const double Least = 1e-300;

    const double Ulp = 1.1102230246251565e-16;
    const int MaxSteps = 60;

    /// <summary>NaN with the reason where there is none.</summary>
    public static double Solve(in OptionContract option, double price, out ImpliedProblem problem)
    {
        problem = Check(in option, price);
        if (problem != ImpliedProblem.None) return double.NaN;
        var (spot, strike) = (option.DiscountedSpot, option.DiscountedStrike);
        var intrinsic = option.Type == OptionType.Call ? spot - strike : strike - spot;
        var unit = Math.Sqrt(spot) * Math.Sqrt(strike);
        var inside = intrinsic > 0;
        var time = inside ? price - intrinsic : price;
        // What rounding may have done to the time value: by the steps to its form without units, and in the money by taking the intrinsic value away.
        var rounding = Ulp * (4 * time + (inside ? price + spot + strike : 0));
        if (!(time > Least))
        {
            problem = time < -8 * rounding ? ImpliedProblem.BelowIntrinsic : ImpliedProblem.NoInformation;
            return double.NaN;
        }
        var x = -Math.Abs(Math.Log(spot / strike));
        var deviation = Deviation(x, time / unit, out var vega);
        var root = Math.Sqrt(option.Years);
        if (!(deviation > 0) || !(vega * unit * root * Accuracy >= rounding))
        {
            problem = ImpliedProblem.NoInformation;
            return double.NaN;
        }
        return deviation / root;
    }

    /// <summary>Solves many; the reasons may be left out.</summary>
    public static void Solve(ReadOnlySpan<OptionContract> options, ReadOnlySpan<double> prices, Span<double> volatilities, Span<ImpliedProblem> problems = default)
    {
        for (var i = 0; i < options.Length; i++)
        {
            volatilities[i] = Solve(in options[i], prices[i], out var problem);
            if (!problems.IsEmpty) problems[i] = problem;
        }
    }

    static ImpliedProblem Check(in OptionContract option, double price)
    {
        if (!double.IsFinite(price) || double.IsNaN(option.Years)) return ImpliedProblem.InvalidInput;
        if (option.Years <= 0) return ImpliedProblem.Expired;
        if (!option.IsValid) return ImpliedProblem.InvalidInput;
        if (price < 0) return ImpliedProblem.BelowIntrinsic;
        return price >= option.UpperBound ? ImpliedProblem.AboveMaximum : ImpliedProblem.None;
    }

    /// <summary>s with b(x, s) = β for 0 &lt; β &lt; e^(x/2).</summary>
    static double Deviation(double x, double beta, out double vega)
    {
        var limit = Math.Exp(0.5 * x);
        var turn = Math.Sqrt(-2 * x);
        var atTurn = NormalisedBlack.AtInflection(x);
        var low = beta < atTurn;
        double s;
        if (low) s = Math.Sqrt(2 * x * x / (-x - 4 * Math.Log(beta / atTurn)));
        else s = -2 * Normal.InvCDF(0, 1, Math.Max(double.Epsilon, (limit - beta) / (limit - atTurn) * GaussTail.Cdf(-Math.Sqrt(-0.5 * x))));
        // A little over the turn, so that a root on it lies inside.
        var (from, to) = low ? (0, turn * (1 + 1e-9)) : (turn * (1 - 1e-9), double.PositiveInfinity);
        var target = low ? Math.Log(beta) : Math.Log(limit - beta);
        vega = 0;
        for (var step = 0; step < MaxSteps; step++)
        {
            if (!(s > from && s < to)) s = double.IsInfinity(to) ? 2 * from + 1 : 0.5 * (from + to);
            var (price, lack) = NormalisedBlack.Evaluate(x, s, out vega);
            // b''/b'
            var bend = x * x / (s * s * s) - 0.25 * s;
            double newton, curve;
            if (low)
            {
                if (price <= 0 || vega <= 0)
                {
                    from = s;
                    s = 0.5 * (from + to);
                    continue;
                }
                var (log, slope) = (Math.Log(price), vega / price);
                newton = log / slope * ((log - target) / target);
                curve = bend - slope * (1 + 2 / log);
            }
            else
            {
                if (lack <= 0 || vega <= 0)
                {
                    to = s;
                    s = 0.5 * (from + to);
                    continue;
                }
                newton = -lack / vega * (Math.Log(lack) - target);
                curve = bend + vega / lack;
            }
            if (newton > 0) to = Math.Min(to, s);
            else from = Math.Max(from, s);
            var damping = 1 - 0.5 * newton * curve;
            var change = -newton / (damping is > 0.2 and < 5 ? damping : 1);
            s += change;
            // Halley's error is the cube of the step before it.
            if (Math.Abs(change) <= 1e-6 * s && step > 0 || change == 0) break;
        }
        return s;
    }
}
