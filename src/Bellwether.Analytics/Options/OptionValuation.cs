namespace Bellwether.Analytics.Options;

/// <summary>An option's price, implied volatility and Greeks from either of the first two.</summary>
/// <param name="Problem">Why a price gives no volatility.</param>
public readonly record struct OptionValuation(OptionGreeks Greeks, double Volatility, ImpliedProblem Problem)
{
    /// <summary>Stands for a valuation that cannot be.</summary>
    public static OptionValuation Undefined(ImpliedProblem problem) => new(OptionGreeks.Undefined, double.NaN, problem);

    /// <param name="american">Exercise at any time; European otherwise.</param>
    public static OptionValuation OfVolatility(in OptionContract option, double volatility, bool american)
    {
        var greeks = american ? AmericanOption.Greeks(in option, volatility) : BlackScholes.Greeks(in option, volatility);
        return new(greeks, volatility, double.IsNaN(greeks.Price) ? ImpliedProblem.InvalidInput : ImpliedProblem.None);
    }

    public static OptionValuation OfPrice(in OptionContract option, double price, bool american)
    {
        var volatility = american ? AmericanOption.ImpliedVolatility(in option, price, out var problem) : ImpliedVolatility.Solve(in option, price, out problem);
        return problem == ImpliedProblem.None ? OfVolatility(in option, volatility, american) : Undefined(problem);
    }
}
