using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Bellwether.Feeds;

/// <summary>Tickers as a feed states them: one, or a list in any of the usual spellings.</summary>
public static class TickerList
{
    /// <summary>More tickers than this on one event are a mistake, not news.</summary>
    public const int MaxPerEvent = 256;

    const int MaxTickerLength = 15;

    static readonly SearchValues<char> Inner = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

    // One-element lists are nearly all there are; a feed names the same few thousand tickers again and again.
    static readonly ConcurrentDictionary<string, string[]> Singles = new(StringComparer.Ordinal);

    static readonly ConcurrentDictionary<string, string[]>.AlternateLookup<ReadOnlySpan<char>> SinglesBySpan =
        Singles.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// Reads a list separated by commas, semicolons or bars, else by blanks; brackets and quotes of JSON and Python lists are ignored.
    /// A leading <c>$</c> and an exchange (<c>NASDAQ:</c>) are taken off. The result is upper case, distinct, in ordinal order.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IReadOnlyList<string> tickers, out string? problem)
    {
        problem = null;
        text = text.Trim();
        Span<char> upper = stackalloc char[MaxTickerLength];
        if (!text.ContainsAny(Separators) && TryNormalize(text, upper, out var length))
        {
            tickers = Single(upper[..length]);
            return true;
        }
        tickers = [];
        if (text.Length > 1 && text[0] is '[' or '{' or '(' && text[^1] is ']' or '}' or ')') text = text[1..^1];
        var separators = text.ContainsAny(",;|") ? ",;|" : " \t\r\n";
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var range in text.SplitAny(separators))
        {
            var item = text[range].Trim(" \t\r\n\"'");
            // "NYSE: T" split at the blank: the exchange says nothing about which ticker it is.
            if (item.IsEmpty || separators[0] == ' ' && item[^1] == ':' && Exchanges.IsPrefix(item[..^1])) continue;
            if (!TryNormalize(item, upper, out length)) return Invalid(item, out problem);
            found.Add(upper[..length].ToString());
            if (found.Count > MaxPerEvent) return TooMany(text.Count(separators[0]) + 1, out problem);
        }
        tickers = Sorted(found);
        return true;
    }

    /// <summary>Reads a list whose items are separate already.</summary>
    public static bool TryParse(IEnumerable<string> items, out IReadOnlyList<string> tickers, out string? problem)
    {
        tickers = [];
        problem = null;
        Span<char> upper = stackalloc char[MaxTickerLength];
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (string.IsNullOrWhiteSpace(item)) continue;
            if (!TryNormalize(item.AsSpan().Trim(), upper, out var length)) return Invalid(item, out problem);
            found.Add(upper[..length].ToString());
            if (found.Count > MaxPerEvent) return TooMany(items.Count(), out problem);
        }
        tickers = Sorted(found);
        return true;
    }

    internal static IReadOnlyList<string> Single(ReadOnlySpan<char> ticker)
    {
        if (SinglesBySpan.TryGetValue(ticker, out var known)) return known;
        var name = ticker.ToString();
        string[] single = [name];
        if (Singles.Count < 20_000) Singles.TryAdd(name, single);
        return single;
    }

    internal static IReadOnlyList<string> Sorted(ICollection<string> tickers)
    {
        if (tickers.Count == 1) return Single(tickers.First());
        var sorted = tickers.ToArray();
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    static readonly SearchValues<char> Separators = SearchValues.Create(",;| \t\r\n");

    static bool TryNormalize(ReadOnlySpan<char> item, Span<char> upper, out int length)
    {
        length = 0;
        var colon = item.IndexOf(':');
        if (colon >= 0)
        {
            var left = item[..colon].Trim();
            var right = item[(colon + 1)..].Trim();
            if (Exchanges.IsPrefix(left)) item = right;
            else if (Exchanges.IsSuffix(right)) item = left;
            else return false;
        }
        if (!item.IsEmpty && item[0] == '$') item = item[1..];
        if (item.Length is 0 or > MaxTickerLength || !Ascii.IsValid(item)) return false;
        length = item.ToUpperInvariant(upper);
        return char.IsAsciiLetterOrDigit(upper[0]) && !upper[..length].ContainsAnyExcept(Inner);
    }

    static bool Invalid(ReadOnlySpan<char> item, out string? problem)
    {
        problem = $"ticker '{TimestampParser.Quote(PlainText.Clean(item))}' is not 1 to {MaxTickerLength} letters, digits, dots and dashes";
        return false;
    }

    static bool TooMany(int count, out string? problem)
    {
        problem = $"{count} tickers on one event; at most {MaxPerEvent} are allowed";
        return false;
    }
}

/// <summary>Names of exchanges as they stand before a symbol.</summary>
static class Exchanges
{
    static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Prefixes = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "NASDAQ", "NASDAQGS", "NASDAQGM", "NASDAQCM", "XNAS", "NYSE", "XNYS", "NYSEARCA", "ARCA", "NYSEAMERICAN", "NYSEMKT", "AMEX",
        "BATS", "CBOE", "IEX", "OTC", "OTCMKTS", "OTCBB", "OTCQB", "OTCQX", "PINK", "LSE", "LON", "AIM", "TSX", "TSXV", "TSE", "CSE",
        "NEO", "ASX", "NZX", "HKG", "HKEX", "SEHK", "SGX", "FRA", "ETR", "XETRA", "EPA", "AMS", "SWX", "BIT", "BME", "STO", "CPH", "HEL",
        "OSL", "NSE", "BSE", "JSE", "KRX", "TYO", "EURONEXT",
    }.GetAlternateLookup<ReadOnlySpan<char>>();

    static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Suffixes =
        new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "US", "UN", "UQ", "UW", "LN", "CN" }
            .GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool IsPrefix(ReadOnlySpan<char> name) => Prefixes.Contains(name);

    public static bool IsSuffix(ReadOnlySpan<char> name) => Suffixes.Contains(name);
}
