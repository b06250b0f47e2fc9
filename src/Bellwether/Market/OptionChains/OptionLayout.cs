using System.Globalization;
using Bellwether.Analytics.Options;
using Bellwether.Feeds;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;

namespace Bellwether.Market.OptionChains;

/// <summary>
/// Which column of a file holds what, found by its header; takes rows apart and says what is wrong with those that are no quotes.
/// </summary>
sealed class OptionLayout
{
    readonly string[] _names;
    readonly int _quoted, _ticker, _spot, _expires, _strike, _type, _bid, _ask, _last, _volume, _open;
    readonly int[] _vendor;
    readonly OptionImportOptions _options;
    readonly QuoteTime _times;

    /// <exception cref="FeedException">The header does not name what a quote needs.</exception>
    public OptionLayout(string origin, IReadOnlyList<string> header, OptionImportOptions options, QuoteTime times)
    {
        (_options, _times) = (options, times);
        _names = [.. header.Select(name => string.Concat(name.Where(char.IsAsciiLetter).Select(char.ToLowerInvariant)))];
        int Find(params string[] known) => Array.FindIndex(_names, known.Contains);
        _quoted = Find("fetchtimestamp", "quotetime", "quotedate", "timestamp", "date");
        _ticker = Find("ticker", "symbol", "underlying", "root", "underlyingsymbol");
        _spot = Find("underlyingprice", "underlyingclose", "spot", "underlyinglast");
        _expires = Find("expirationdate", "expiration", "expiry", "expire", "expiredate");
        (_strike, _type) = (Find("strikeprice", "strike"), Find("optiontype", "type", "right", "callput", "cp"));
        (_bid, _ask, _last) = (Find("bid", "bidprice"), Find("ask", "askprice"), Find("lastprice", "last", "close"));
        (_volume, _open) = (Find("volume"), Find("openinterest", "oi"));
        _vendor = [Find("impliedvolatility", "iv", "impliedvol"), Find("delta"), Find("gamma"), Find("theta"), Find("vega"), Find("rho")];
        string[] missing = [.. new[]
        {
            ("an expiry", _expires), ("a strike", _strike), ("call or put", _type),
                ("a price (bid and ask, or last)", _bid >= 0 && _ask >= 0 ? _bid : _last),
            ("a ticker, and --symbol names none", options.Ticker is null ? _ticker : 0),
                ("a date, and --at names none", options.Quoted is null ? _quoted : 0),
        }.Where(c => c.Item2 < 0).Select(c => c.Item1)];
        if (missing.Length > 0)
            throw new FeedException(origin, $"the header names no column for {string.Join("; ", missing)}",
                $"It has {string.Join(", ", header.Select(h => $"'{h}'"))}; "
                + "name the columns date, ticker, expiry, strike, type, bid, ask, last, volume, open_interest.", 1);
    }

    /// <summary>Those that are read as dates.</summary>
    public int[] DateColumns => _options.Quoted is null ? [_quoted, _expires] : [_expires];

    /// <summary>The quote, or a clause that tells why there is none.</summary>
    public string? Read(BarRow row, out OptionRow quote)
    {
        quote = null!;
        if (RowShape.TooWide(row.Fields, _names.Length) is { } wide) return wide;
        var named = Text(row, _ticker);
        var ticker = _options.Ticker is { } only ? only : named.ToUpperInvariant();
        if (_options.Ticker is not null && named.Length > 0 && !MarketTicker.Is(named, ticker))
            return $"the row is of {named}, not of {ticker}";
        if (!MarketTicker.TryParse(ticker, out ticker)) return $"ticker '{named}' is none";
        OptionType type;
        switch (Text(row, _type).ToLowerInvariant())
        {
            case "c" or "call": type = OptionType.Call; break;
            case "p" or "put": type = OptionType.Put; break;
            default: return $"'{Text(row, _type)}' is neither call nor put";
        }
        if (Expiry(Text(row, _expires)) is not { } expires) return $"expiry '{Text(row, _expires)}' is not a date that can be read";
        var quoted = _options.Quoted?.UtcDateTime ?? default;
        if (_options.Quoted is null && !_times.TryParse(Text(row, _quoted), out quoted, out var untimely)) return untimely;
        if (quoted >= expires) return $"expired on {expires:yyyy-MM-dd}, quoted at {quoted:yyyy-MM-dd HH:mm} UTC";
        var numbers = new double[7];
        foreach (var (place, (column, name)) in new[]
        {
            (_strike, "strike"), (_bid, "bid"), (_ask, "ask"), (_last, "last price"), (_volume, "volume"), (_open, "open interest"),
            (_spot, "price of the underlying"),
        }.Index())
        {
            if (Number(Text(row, column)) is not { } number) return $"{name} '{Text(row, column)}' is not a number";
            if (number < 0) return $"{name} {number.ToString("R", CultureInfo.InvariantCulture)} is below 0";
            numbers[place] = number;
        }
        if (!(numbers[0] > 0)) return "strike is missing or 0";
        if (numbers[1] > numbers[2]) return string.Create(CultureInfo.InvariantCulture, $"bid {numbers[1]:R} is above ask {numbers[2]:R}");
        if (!(numbers[2] > 0) && !(numbers[3] > 0)) return "neither bid and ask nor a last price";
        var vendor = _vendor.Select(column => Number(Text(row, column)) ?? double.NaN).ToArray();
        // Zero is how vendors write that they have none.
        var none = vendor.All(v => v == 0 || double.IsNaN(v));
        quote = new(ticker, type, numbers[0], expires, quoted)
        {
            Bid = numbers[1],
            Ask = numbers[2],
            Last = numbers[3],
            Volume = numbers[4],
            OpenInterest = numbers[5],
            Spot = numbers[6] > 0 ? numbers[6] : _options.Spot ?? double.NaN,
            Vendor = none ? VendorGreeks.None : new(vendor[0], vendor[1], vendor[2], vendor[3], vendor[4], vendor[5]),
        };
        return null;
    }

    DateTime? Expiry(string text)
    {
        var cut = DateText.TimeIn(text);
        return _times.TryDate(cut > 0 ? text.AsSpan(0, cut) : text, out var day) ? UnitedStatesCalendar.End(day) : null;
    }

    static double? Number(string text) => text.Length == 0 || text is "null" or "nan" or "NaN" or "N/A" or "-" ? double.NaN
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
        ? number : null;

    static string Text(BarRow row, int column) => column >= 0 && column < row.Fields.Length ? row.Fields[column].Trim() : "";
}
