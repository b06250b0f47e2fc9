namespace Bellwether.Analytics.Options;

/// <summary>
/// European options by Black, Scholes and Merton with a continuous dividend yield. Parity of call and put holds by construction, and a price far
/// out of the money keeps its digits.
/// </summary>
/// <remarks>Haug, The Complete Guide to Option Pricing Formulas, 2nd edition, chapter 1 and 2 (cost of carry b = r − q).</remarks>
public static class BlackScholes
{
    /// <summary>NaN where the contract or the volatility makes no sense; the discounted intrinsic value at expiry and at a volatility of zero.</summary>
    /// <param name="volatility">A year: 0.2 is 20 %.</param>
    public static double Price(in OptionContract option, double volatility)
    {
        if (!option.IsValid || !(volatility >= 0)) return double.NaN;
        var (forward, strike) = (option.DiscountedSpot, option.DiscountedStrike);
        return option.LowerBound + TimeValue(forward, strike, volatility * Math.Sqrt(option.Years));
    }

    /// <summary>What call and put of one strike are worth beyond their lower bounds, which is the same for both.</summary>
    static double TimeValue(double forward, double strike, double deviation)
    {
        if (deviation == 0) return 0;
        if (double.IsPositiveInfinity(deviation)) return Math.Min(forward, strike);
        return Math.Sqrt(forward) * Math.Sqrt(strike) * NormalisedBlack.Evaluate(-Math.Abs(Math.Log(forward / strike)), deviation, out _).Price;
    }

    /// <inheritdoc cref="Price"/>
    public static OptionGreeks Greeks(in OptionContract option, double volatility)
    {
        if (!option.IsValid || !(volatility >= 0)) return OptionGreeks.Undefined;
        var root = Math.Sqrt(option.Years);
        var deviation = volatility * root;
        if (deviation == 0 || double.IsInfinity(deviation)) return Certain(in option, double.IsInfinity(deviation));

        var (spot, strike) = (option.DiscountedSpot, option.DiscountedStrike);
        var d1 = Math.Log(spot / strike) / deviation + 0.5 * deviation;
        var d2 = d1 - deviation;
        var density = GaussTail.Density(d1);
        var sign = option.Type == OptionType.Call ? 1 : -1;
        var (spotShare, strikeShare) = (sign * spot * GaussTail.Cdf(sign * d1), sign * strike * GaussTail.Cdf(sign * d2));
        return new(
            option.LowerBound + TimeValue(spot, strike, deviation),
            spotShare / option.Spot,
            spot / option.Spot * density / (option.Spot * deviation),
            spot * density * root / 100,
            (-0.5 * spot * density * volatility / root + option.Yield * spotShare - option.Rate * strikeShare) / OptionGreeks.DaysPerYear,
            strikeShare * option.Years / 100)
        { YieldRho = -spotShare * option.Years / 100 };
    }

    /// <summary>No chance is left, at expiry or without volatility; or nothing but chance.</summary>
    static OptionGreeks Certain(in OptionContract option, bool boundless)
    {
        var (spot, strike) = (option.DiscountedSpot, option.DiscountedStrike);
        var sign = option.Type == OptionType.Call ? 1 : -1;
        // At the money the price has a kink: half of each side.
        var exercised = spot == strike ? 0.5 : sign * (spot - strike) > 0 ? 1 : 0;
        var (spotShare, strikeShare) = boundless ? (sign > 0 ? spot : 0, sign > 0 ? 0 : -strike) : (sign * exercised * spot, sign * exercised * strike);
        return new(boundless ? option.UpperBound : option.LowerBound, spotShare / option.Spot, 0, 0,
            (option.Yield * spotShare - option.Rate * strikeShare) / OptionGreeks.DaysPerYear, strikeShare * option.Years / 100)
        { YieldRho = -spotShare * option.Years / 100 };
    }
}
