namespace Bellwether.Analytics.Options;

public enum OptionType
{
    Call,
    Put,
}

/// <summary>An option and the market it is priced in.</summary>
/// <param name="Spot">Price of the underlying.</param>
/// <param name="Rate">Risk-free rate a year, continuously compounded: 0.05 is 5 %.</param>
/// <param name="Yield">Dividend yield a year, continuously compounded; for an option on a future the rate itself.</param>
/// <param name="Years">Time to expiry in years.</param>
public readonly record struct OptionContract(OptionType Type, double Spot, double Strike, double Rate, double Yield, double Years)
{
    /// <summary>Value today of the underlying at expiry, S·e^(−qT).</summary>
    public double DiscountedSpot => Spot * Math.Exp(-Yield * Years);

    /// <summary>K·e^(−rT).</summary>
    public double DiscountedStrike => Strike * Math.Exp(-Rate * Years);

    /// <summary>The least a European option can be worth.</summary>
    public double LowerBound => Math.Max(0, Type == OptionType.Call ? DiscountedSpot - DiscountedStrike : DiscountedStrike - DiscountedSpot);

    /// <summary>The most a European option can be worth.</summary>
    public double UpperBound => Type == OptionType.Call ? DiscountedSpot : DiscountedStrike;

    /// <summary>All numbers are finite, spot and strike are above 0, and time is not behind.</summary>
    public bool IsValid => Spot > 0 && Strike > 0 && Years >= 0
        && double.IsFinite(Spot) && double.IsFinite(Strike) && double.IsFinite(Years) && double.IsFinite(Rate) && double.IsFinite(Yield);
}

/// <summary>Value of an option and what moves it.</summary>
/// <param name="Price">In the currency of the spot, for one unit of the underlying.</param>
/// <param name="Delta">Change of the price per 1.00 of the spot.</param>
/// <param name="Gamma">Change of delta per 1.00 of the spot.</param>
/// <param name="Vega">Change of the price per percentage point of volatility.</param>
/// <param name="Theta">Change of the price per calendar day that passes (a year has 365).</param>
/// <param name="Rho">Change of the price per percentage point of the rate.</param>
public readonly record struct OptionGreeks(double Price, double Delta, double Gamma, double Vega, double Theta, double Rho)
{
    public const double DaysPerYear = 365;

    /// <summary>The units, to be stored beside the values.</summary>
    public const string Units = "delta and gamma per 1.00 of spot; vega and rho per 1 %; theta per calendar day";

    public static OptionGreeks Undefined { get; } = new(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);

    /// <summary>Change of the price per percentage point of the dividend yield.</summary>
    public double YieldRho { get; init; } = double.NaN;

    /// <summary>Per cent by which the price changes when the spot changes by one per cent.</summary>
    public double Elasticity(double spot) => Delta * spot / Price;
}
