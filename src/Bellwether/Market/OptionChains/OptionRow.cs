using Bellwether.Analytics.Options;

namespace Bellwether.Market.OptionChains;

/// <summary>One quote of one option; NaN for what the vendor does not state.</summary>
/// <param name="Quoted">When it was quoted.</param>
/// <param name="Expires">The close of its last session.</param>
public sealed record OptionRow(string Ticker, OptionType Type, double Strike, DateTime Expires, DateTime Quoted)
{
    public double Spot { get; init; } = double.NaN;

    public double Last { get; init; } = double.NaN;

    public double Bid { get; init; } = double.NaN;

    public double Ask { get; init; } = double.NaN;

    public double Volume { get; init; } = double.NaN;

    public double OpenInterest { get; init; } = double.NaN;

    public VendorGreeks Vendor { get; init; } = VendorGreeks.None;

    public double Years => (Expires - Quoted).TotalDays / OptionGreeks.DaysPerYear;

    public OptionQuote Quote => new(Type, Strike, Years)
    { Bid = Bid, Ask = Ask, Last = Last, Volume = Volume, OpenInterest = OpenInterest, ImpliedVolatility = Vendor.Volatility };
}

/// <summary>What the vendor says, in the vendor's units.</summary>
public readonly record struct VendorGreeks(double Volatility, double Delta, double Gamma, double Theta, double Vega, double Rho)
{
    public static VendorGreeks None { get; } = new(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);
}

/// <summary>A quote with what we make of it.</summary>
/// <param name="Findings">What is wrong with it, in words; null where nothing is.</param>
public readonly record struct ComputedOption(OptionRow Row, double Volatility, OptionGreeks Greeks, string? Findings)
{
    /// <summary>Since when that is known which the row does not say itself; null where it says all.</summary>
    public DateTime? InputsKnownAt { get; init; }
}
