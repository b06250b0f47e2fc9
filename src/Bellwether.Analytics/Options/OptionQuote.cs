namespace Bellwether.Analytics.Options;

/// <summary>One row of a chain; NaN for what the row does not have.</summary>
/// <param name="Years">To expiry.</param>
public readonly record struct OptionQuote(OptionType Type, double Strike, double Years)
{
    public double Bid { get; init; } = double.NaN;

    public double Ask { get; init; } = double.NaN;

    public double Last { get; init; } = double.NaN;

    /// <summary>Contracts traded today.</summary>
    public double Volume { get; init; } = double.NaN;

    public double OpenInterest { get; init; } = double.NaN;

    /// <summary>What the vendor says.</summary>
    public double ImpliedVolatility { get; init; } = double.NaN;

    /// <summary>Middle of bid and ask where both are there and not crossed; else the last price.</summary>
    public double Mid => Ask >= Bid && Bid >= 0 && Ask > 0 ? 0.5 * (Bid + Ask) : Last;

    /// <summary>
    /// Where the last trade lies, from −1 at the bid (sold) to 1 at the ask (bought). NaN where that tells nothing: without a quote or a
    /// last price, where bid and ask are one, and for a last price outside of them, which was made under another quote.
    /// </summary>
    public double Side
    {
        get
        {
            var side = Bid >= 0 && Ask > Bid ? (Last - Mid) / (0.5 * (Ask - Bid)) : double.NaN;
            // A last price at the bid or the ask may miss it by its last bit.
            return Math.Abs(side) <= 1 + 1e-9 ? Math.Clamp(side, -1, 1) : double.NaN;
        }
    }
}

/// <summary>What a chain is quoted on.</summary>
/// <param name="Rate">Continuously compounded, a year.</param>
/// <param name="Yield">Continuously compounded, a year.</param>
/// <param name="Multiplier">Units of the underlying that one contract stands for.</param>
public readonly record struct ChainMarket(double Spot, double Rate, double Yield, double Multiplier = 100)
{
    public OptionContract Contract(in OptionQuote quote) => new(quote.Type, Spot, quote.Strike, Rate, Yield, quote.Years);
}
