using Bellwether.Feeds;

namespace Bellwether.Market;

/// <summary>
/// Tickers of market data as vendors spell them, in the one form in which they are stored: <c>^VIX</c> and <c>$VIX</c> are <c>VIX</c>, the
/// future <c>ES=F</c> is <c>ES.F</c>; <c>BRK.B</c>, <c>BF-B</c> and <c>BTC-USD</c> are what they are.
/// </summary>
public static class MarketTicker
{
    public static bool TryParse(string text, out string ticker)
    {
        text = text.Trim();
        if (text.StartsWith('^')) text = text[1..];
        var found = !text.StartsWith('^') && TickerList.TryParse([text.Replace('=', '.')], out var tickers, out _) && tickers.Count == 1
            ? tickers[0] : null;
        ticker = found ?? "";
        return found is not null;
    }

    /// <summary>Whether a name that a row states is that of a ticker.</summary>
    /// <param name="ticker">As it is stored.</param>
    public static bool Is(string named, string ticker) =>
        named.Equals(ticker, StringComparison.OrdinalIgnoreCase) || TryParse(named, out var own) && own == ticker;
}
