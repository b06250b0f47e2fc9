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
}

/// <summary>What a chain is quoted on.</summary>
/// <param name="Rate">Continuously compounded, a year.</param>
/// <param name="Yield">Continuously compounded, a year.</param>
/// <param name="Multiplier">Units of the underlying that one contract stands for.</param>
public readonly record struct ChainMarket(double Spot, double Rate, double Yield, double Multiplier = 100)
{
    public OptionContract Contract(in OptionQuote quote) => new(quote.Type, Spot, quote.Strike, Rate, Yield, quote.Years);
}
