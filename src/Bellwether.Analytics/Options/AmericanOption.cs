namespace Bellwether.Analytics.Options;

/// <summary>
/// Options that may be exercised at any time, by binomial trees whose end points lie symmetrically around the strike. What is left of the
/// error comes from exercising at the steps only and falls with 1/steps, so that two trees give the limit.
/// </summary>
/// <remarks>Leisen and Reimer, Binomial Models for Option Valuation, 1996; Richardson's extrapolation.</remarks>
public static class AmericanOption
{
    public const int DefaultSteps = 301;

    const double MostDeviation = 17;

    /// <summary>NaN where the contract or the volatility makes no sense.</summary>
    /// <param name="steps">Odd; an even number is raised by one.</param>
    public static double Price(in OptionContract option, double volatility, int steps = DefaultSteps)
    {
        if (!option.IsValid || !(volatility >= 0) || double.IsInfinity(volatility)) return double.NaN;
        var now = Exercise(in option, option.Spot);
        if (option.Years == 0) return now;
        if (volatility * Math.Sqrt(option.Years) < 1e-9) return BestCertain(in option);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 5);
        if (CannotPay(in option)) return BlackScholes.Price(in option, volatility);
        // Beyond it the price is its limit to the last digit, and the ends of a tree are out of the range of numbers.
        if (volatility * Math.Sqrt(option.Years) > MostDeviation) return Most(in option);
        var (fine, coarse) = (steps | 1, steps / 2 | 1);
        var (near, far) = (Tree(in option, volatility, fine), Tree(in option, volatility, coarse));
        var limit = near + (near - far) * coarse / (fine - coarse);
        // Where exercise now is the best, both trees say so.
        return near == now && far == now ? now : Math.Max(Math.Max(now, BlackScholes.Price(in option, volatility)), limit);
    }

    /// <summary>Greeks by differences of prices, in the units of <see cref="OptionGreeks"/>.</summary>
    public static OptionGreeks Greeks(in OptionContract option, double volatility, int steps = DefaultSteps)
    {
        var price = Price(in option, volatility, steps);
        if (double.IsNaN(price)) return OptionGreeks.Undefined;
        if (option.Years == 0) return BlackScholes.Greeks(in option, volatility);
        var step = 0.01 * option.Spot;
        var (up, down) = (Price(option with { Spot = option.Spot + step }, volatility, steps),
            Price(option with { Spot = option.Spot - step }, volatility, steps));
        var bump = Math.Min(0.005, volatility / 2);
        var (wide, narrow) = (Price(in option, volatility + bump, steps), Price(in option, volatility - bump, steps));
        var day = Math.Min(1 / OptionGreeks.DaysPerYear, option.Years / 2);
        const double basis = 1e-4;
        return new(price, (up - down) / (2 * step), (up - 2 * price + down) / (step * step), bump > 0
            ? (wide - narrow) / (2 * bump) / 100 : 0,
            (Price(option with { Years = option.Years - day }, volatility, steps) - price) / (day * OptionGreeks.DaysPerYear),
            (Price(option with { Rate = option.Rate + basis }, volatility, steps) - Price(
                option with { Rate = option.Rate - basis }, volatility, steps)) / (2 * basis) / 100)
        {
            YieldRho = (Price(option with { Yield = option.Yield + basis }, volatility, steps) - Price(
                option with { Yield = option.Yield - basis }, volatility, steps)) / (2 * basis) / 100,
        };
    }

    /// <summary>Volatility that gives a price; NaN with the reason where there is none.</summary>
    /// <remarks>A bracket and the method of Anderson and Björck: a tree has no derivative worth its cost.</remarks>
    public static double ImpliedVolatility(in OptionContract option, double price, out ImpliedProblem problem, int steps = DefaultSteps)
    {
        problem = !double.IsFinite(price) || !(option with { Years = Math.Max(0, option.Years) }).IsValid ? ImpliedProblem.InvalidInput
            : option.Years <= 0 ? ImpliedProblem.Expired
            : price < BestCertain(in option) * (1 - 1e-12) ? ImpliedProblem.BelowIntrinsic
            : price >= Most(in option) ? ImpliedProblem.AboveMaximum
            : ImpliedProblem.None;
        if (problem != ImpliedProblem.None) return double.NaN;
        var (low, high) = (1e-4, 0.5);
        var (below, above) = (Price(in option, low, steps) - price, Price(in option, high, steps) - price);
        // Deep in the money the price is the exercise value over a whole range of volatilities.
        if (below >= -1e-12 * price)
        {
            problem = ImpliedProblem.NoInformation;
            return double.NaN;
        }
        while (above < 0 && high < 64) (low, below, high, above) = (high, above, 2 * high, Price(in option, 2 * high, steps) - price);
        if (above < 0)
        {
            problem = ImpliedProblem.AboveMaximum;
            return double.NaN;
        }
        for (var i = 0; i < 100 && high - low > 1e-10; i++)
        {
            var middle = (low * above - high * below) / (above - below);
            if (!(middle > low && middle < high)) middle = 0.5 * (low + high);
            var value = Price(in option, middle, steps) - price;
            if (value == 0) return middle;
            if (value < 0)
            {
                // The other end keeps its place: its value shrinks, so that it moves too.
                var keep = 1 - value / below;
                (low, below, above) = (middle, value, above * (keep > 0 ? keep : 0.5));
            }
            else
            {
                var keep = 1 - value / above;
                (high, above, below) = (middle, value, below * (keep > 0 ? keep : 0.5));
            }
            if (Math.Abs(value) <= 1e-13 * price) return middle;
        }
        return 0.5 * (low + high);
    }

    /// <summary>Early exercise is never worth it: a call without yield, a put without interest.</summary>
    static bool CannotPay(in OptionContract option) =>
        option.Type == OptionType.Call ? option.Yield <= 0 && option.Rate >= 0 : option.Rate <= 0 && option.Yield >= 0;

    /// <summary>What no volatility brings the price above.</summary>
    static double Most(in OptionContract option) =>
        option.Type == OptionType.Call ? Math.Max(option.Spot, option.DiscountedSpot) : Math.Max(option.Strike, option.DiscountedStrike);

    static double Exercise(in OptionContract option, double spot) =>
        Math.Max(0, option.Type == OptionType.Call ? spot - option.Strike : option.Strike - spot);

    /// <summary>Without chance: the better of now, the end, and the best moment between.</summary>
    static double BestCertain(in OptionContract option)
    {
        var best = Math.Max(Exercise(in option, option.Spot), option.LowerBound);
        // d/dt of S·e^(−qt) − K·e^(−rt) is zero where q·S·e^(−qt) = r·K·e^(−rt), which takes rates of one sign.
        if (option.Rate * option.Yield > 0 && option.Rate != option.Yield)
        {
            var at = Math.Log(option.Rate * option.Strike / (option.Yield * option.Spot)) / (option.Rate - option.Yield);
            if (at > 0 && at < option.Years) best = Math.Max(best, (option with { Years = at }).LowerBound);
        }
        return best;
    }

    static double Tree(in OptionContract option, double volatility, int steps)
    {
        var dt = option.Years / steps;
        var deviation = volatility * Math.Sqrt(option.Years);
        var d2 = (Math.Log(option.Spot / option.Strike) + (option.Rate - option.Yield) * option.Years) / deviation - 0.5 * deviation;
        var (p, p1) = (Inversion(d2, steps), Inversion(d2 + deviation, steps));
        var growth = Math.Exp((option.Rate - option.Yield) * dt);
        var (up, down) = (growth * p1 / p, growth * (1 - p1) / (1 - p));
        var discount = Math.Exp(-option.Rate * dt);
        var (rise, fall) = (discount * p, discount * (1 - p));

        Span<double> american = steps < 1_024 ? stackalloc double[steps + 1] : new double[steps + 1];
        Span<double> spots = steps < 1_024 ? stackalloc double[steps + 1] : new double[steps + 1];
        var sign = option.Type == OptionType.Call ? 1 : -1;
        var (logUp, logDown) = (Math.Log(up), Math.Log(down));
        for (var i = 0; i <= steps; i++)
        {
            spots[i] = option.Spot * Math.Exp(i * logUp + (steps - i) * logDown);
            american[i] = Math.Max(0, sign * (spots[i] - option.Strike));
        }
        for (var level = steps - 1; level >= 0; level--)
        {
            for (var i = 0; i <= level; i++)
            {
                spots[i] /= down;
                american[i] = Math.Max(rise * american[i + 1] + fall * american[i], sign * (spots[i] - option.Strike));
            }
        }
        return american[0];
    }

    /// <summary>Peizer and Pratt's inversion, the second method: the binomial probability whose tail is the normal one.</summary>
    static double Inversion(double z, int n)
    {
        var q = z / (n + 1.0 / 3 + 0.1 / (n + 1));
        var root = Math.Sqrt(0.25 - 0.25 * Math.Exp(-q * q * (n + 1.0 / 6)));
        // At the ends of the range the tree needs a probability that is not quite certain.
        return Math.Clamp(0.5 + Math.Sign(z) * root, 1e-12, 1 - 1e-12);
    }
}
