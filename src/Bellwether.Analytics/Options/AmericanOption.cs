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
        // Where exercise now is the best, both trees say so, but for rounding.
        return Math.Max(near, far) <= now * (1 + 1e-13) ? now : Math.Max(Math.Max(now, BlackScholes.Price(in option, volatility)), limit);
    }

    /// <summary>
    /// Greeks in the units of <see cref="OptionGreeks"/>: those of the European option, which are exact, and of what early exercise is worth
    /// beside it by differences of prices.
    /// </summary>
    public static OptionGreeks Greeks(in OptionContract option, double volatility, int steps = DefaultSteps)
    {
        var price = Price(in option, volatility, steps);
        if (double.IsNaN(price)) return OptionGreeks.Undefined;
        if (option.Years == 0 || CannotPay(in option)) return BlackScholes.Greeks(in option, volatility);
        // Near the end the value turns within less than a hundredth of the price.
        var step = option.Spot * Math.Clamp(0.25 * volatility * Math.Sqrt(option.Years), 0.001, 0.01);
        var (above, below) = (option with { Spot = option.Spot + step }, option with { Spot = option.Spot - step });
        if (IsExercised(in above, volatility, steps) && IsExercised(in below, volatility, steps))
            return new(price, option.Type == OptionType.Call ? 1 : -1, 0, 0, 0, 0) { YieldRho = 0 };
        var european = BlackScholes.Greeks(in option, volatility);
        var premium = price - european.Price;
        var (up, down) = (Premium(in above, volatility, steps), Premium(in below, volatility, steps));
        var bump = Math.Min(0.005, volatility / 2);
        var (wide, narrow) = (Premium(in option, volatility + bump, steps), Premium(in option, volatility - bump, steps));
        var day = Math.Min(1 / OptionGreeks.DaysPerYear, option.Years / 2);
        var sooner = Premium(option with { Years = option.Years - day }, volatility, steps);
        const double basis = 1e-4;
        var rate = Premium(option with { Rate = option.Rate + basis }, volatility, steps)
            - Premium(option with { Rate = option.Rate - basis }, volatility, steps);
        var yield = Premium(option with { Yield = option.Yield + basis }, volatility, steps)
            - Premium(option with { Yield = option.Yield - basis }, volatility, steps);
        return new(price, european.Delta + (up - down) / (2 * step), european.Gamma + (up - 2 * premium + down) / (step * step),
            european.Vega + (bump > 0 ? (wide - narrow) / (2 * bump) / 100 : 0),
            european.Theta + (sooner - premium) / (day * OptionGreeks.DaysPerYear), european.Rho + rate / (2 * basis) / 100)
        {
            YieldRho = european.YieldRho + yield / (2 * basis) / 100,
        };
    }

    static double Premium(in OptionContract option, double volatility, int steps) =>
        Price(in option, volatility, steps) - BlackScholes.Price(in option, volatility);

    static bool IsExercised(in OptionContract option, double volatility, int steps) =>
        Exercise(in option, option.Spot) is > 0 and var now && Price(in option, volatility, steps) == now;

    /// <summary>Volatility that gives a price; NaN with the reason where there is none.</summary>
    /// <remarks>
    /// A bracket and the method of Anderson and Björck: a tree has no derivative worth its cost. Far from the strike, where prices are next to
    /// nothing, its steps shrink the bracket from one end only, and halving it does the work.
    /// </remarks>
    public static double ImpliedVolatility(in OptionContract option, double price, out ImpliedProblem problem, int steps = DefaultSteps)
    {
        if (CannotPay(in option)) return Options.ImpliedVolatility.Solve(in option, price, out problem);
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
        var width = high - low;
        for (var i = 0; i < 200 && high - low > 1e-10; i++)
        {
            var middle = (low * above - high * below) / (above - below);
            // Three steps are to halve it at least.
            var halve = i % 3 == 2 && high - low > 0.5 * width;
            if (i % 3 == 2) width = high - low;
            if (halve || !(middle > low && middle < high)) middle = 0.5 * (low + high);
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
