using Bellwether.Analytics.Options;
using Bellwether.Market.OptionChains;

namespace Bellwether.App.Api.Options;

/// <summary>One option and either its volatility or its price; the volatility counts where both are given.</summary>
/// <param name="Rate">Risk-free, a year, continuously compounded: 0.05 is 5 %; 0 when absent.</param>
/// <param name="Yield">Dividend yield, likewise.</param>
/// <param name="Type">call or put.</param>
/// <param name="Vol">A year: 0.2 is 20 %.</param>
public sealed record OptionBody(double? Spot, double? Strike, double? Rate, double? Yield, double? Years, string? Type, double? Vol, double? Price);

/// <param name="American">Exercise at any time; European otherwise.</param>
public sealed record GreeksBody(IReadOnlyList<OptionBody?>? Options, bool? American);

/// <param name="Reason">Why nothing is known; absent where everything is.</param>
public sealed record OptionGreeksItem(
    double? Price, double? ImpliedVolatility, double? Delta, double? Gamma, double? Vega, double? Theta, double? Rho, string? Reason);

/// <param name="Items">In the order of the request.</param>
public sealed record GreeksAnswer(string Formula, string Units, IReadOnlyList<OptionGreeksItem> Items);

/// <param name="Days">To expiry, counted from when the chain was quoted.</param>
public sealed record ChainExpiryAnswer(double Days, double? AtTheMoney, double? Skew, double? MaxPain, double? PutCallVolume, double? PutCallOpenInterest);

public sealed record UnusualAnswer(string Type, double Strike, double Days, double Volume, double OpenInterest, double Ratio, double Share);

/// <param name="LeftOut">Rows that checks found wrong, which nothing of this is computed from.</param>
public sealed record ChainAnswer(
    string Symbol, DateTime Quoted, DateTime KnownAt, double? Spot, int Rows, int LeftOut, double? PutCallVolume, double? PutCallOpenInterest,
    double? GammaExposure, double? FlowSentiment, string FlowFormula, double? Premium, double? TermSlope,
    IReadOnlyList<ChainExpiryAnswer> Expiries, IReadOnlyList<UnusualAnswer> Unusual)
{
    public static ChainAnswer Of(StoredChain chain)
    {
        static double? Defined(double value) => double.IsFinite(value) ? value : null;
        static double Days(double years) => Math.Round(years * OptionGreeks.DaysPerYear, 3);
        if (chain.Market is not { } market)
            return new(chain.Ticker, chain.Quoted, chain.KnownAt, null, 0, chain.LeftOut, null, null, null, null, ChainAnalytics.FlowFormula, null, null, [], []);
        var summary = ChainAnalytics.Summarise([.. chain.Quotes], market);
        return new(
            chain.Ticker, chain.Quoted, chain.KnownAt, market.Spot, chain.Quotes.Count, chain.LeftOut, Defined(summary.PutCallVolume),
            Defined(summary.PutCallOpenInterest), Defined(summary.GammaExposure), Defined(summary.FlowSentiment), ChainAnalytics.FlowFormula,
            Defined(summary.Premium), Defined(summary.TermSlope),
            [.. summary.Expiries.Select(e => new ChainExpiryAnswer(
                Days(e.Years), Defined(e.AtTheMoney), Defined(e.Skew), Defined(e.MaxPain), Defined(e.PutCallVolume), Defined(e.PutCallOpenInterest)))],
            [.. summary.Unusual.Select(u => (Of: chain.Quotes[u.Row], Found: u)).Select(u => new UnusualAnswer(
                u.Of.Type == OptionType.Call ? "call" : "put", u.Of.Strike, Days(u.Of.Years), u.Found.Volume, u.Found.OpenInterest, u.Found.Ratio, u.Found.Share))]);
    }
}
