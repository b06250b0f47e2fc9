using Bellwether.Feeds;

namespace Bellwether.Market.Import;

/// <summary>Which column of a file holds what, found by its header; -1 for what it does not have.</summary>
/// <param name="Source">Name of the vendor whose layout it is, else <c>csv</c>.</param>
/// <param name="SplitInPrices">This vendor's prices are adjusted for splits already.</param>
sealed record BarLayout(
    string Source, bool SplitInPrices, int Date, int Time, int Open, int High, int Low, int Close, int Adjusted, int Volume, int Dividend,
    int Split, int Ticker)
{
    /// <summary>How many columns the header names.</summary>
    public int Columns { get; private init; }

    /// <summary>Those of which a row needs all.</summary>
    public int Least => new[] { Date, Open, High, Low, Close }.Max() + 1;

    /// <exception cref="FeedException">The header does not name what a bar needs.</exception>
    public static BarLayout Of(string origin, IReadOnlyList<string> header)
    {
        var names = header.Select(Plain).ToArray();
        int Find(params string[] known) => Array.FindIndex(names, known.Contains);
        var date = Find("date", "datetime", "timestamp");
        var time = Find("time");
        // An index that a table was saved with has no name.
        if (date < 0) (date, time) = time >= 0 ? (time, -1) : (names.Length > 0 && names[0].Length == 0 ? 0 : -1, -1);
        var layout = new BarLayout("", false, date, time,
            Find("open", "openprice"), Find("high", "highprice"), Find("low", "lowprice"), Find("close", "closeprice"),
            Find("adjclose", "adjustedclose"), Find("volume", "vol"), Find("dividends", "dividend", "dividendamount"),
            Find("stocksplits", "splits", "split", "splitcoefficient"), Find("ticker", "symbol"));
        (string Name, int Place)[] needed =
            [("a date", layout.Date), ("open", layout.Open), ("high", layout.High), ("low", layout.Low), ("close", layout.Close)];
        string[] missing = [.. needed.Where(c => c.Place < 0).Select(c => c.Name)];
        if (missing.Length > 0)
            throw new FeedException(origin, $"the header names no column for {string.Join(", ", missing)}",
                $"It has {string.Join(", ", header.Select(h => $"'{h}'"))}; name the columns date, open, high, low, close, volume.", 1);
        var source = header[0].StartsWith('<') ? "stooq"
            : Find("splitcoefficient") >= 0 || header[0].Trim() == "timestamp" ? "alpha_vantage"
            : Find("adjclose", "stocksplits") >= 0 ? "yahoo" : "csv";
        return layout with { Columns = header.Count, Source = source, SplitInPrices = source is "yahoo" or "stooq" };
    }

    /// <summary>
    /// Letters only, small: "Adj Close", adj_close and &lt;CLOSE&gt; are the same to anybody; Alpha Vantage numbers its names.
    /// </summary>
    static string Plain(string name) => string.Concat(name.Where(char.IsAsciiLetter).Select(char.ToLowerInvariant));
}
