using System.Globalization;
using Bellwether.Feeds;
using CsvHelper;

namespace Bellwether.Market.Import;

/// <summary>A row of a file, in columns.</summary>
/// <param name="Line">Of the file, from 1; of Parquet the row.</param>
/// <param name="Source">Where it was read just now; null for what is no text.</param>
readonly record struct BarRow(long Line, string[] Fields, CsvParser? Source = null)
{
    /// <summary>As it stands in the file; to be asked before the next row is read.</summary>
    public string Raw => Source?.RawRecord.TrimEnd('\r', '\n') ?? string.Join(',', Fields.Select(Quoted));

    static string Quoted(string field) =>
        field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

/// <summary>When bars are over, and the moment by which they have to be.</summary>
/// <param name="End">Of the bar that begins then.</param>
sealed record BarLimit(Func<DateTime, DateTime> End, DateTime Moment)
{
    /// <summary>Takes bars of running sessions too.</summary>
    public static BarLimit None { get; } = new(start => start, DateTime.MaxValue);
}

/// <summary>Takes rows apart and says what is wrong with those that are no bars.</summary>
sealed class BarRowReader(BarLayout layout, BarTime times, string ticker, BarLimit limit)
{
    // A vendor's floats: 16.440001 above 16.44 is the same price.
    const double Noise = 1e-6;

    // Stooq writes AAPL.US; what follows the dot of BRK.B is a class of shares, and another ticker.
    static readonly string[] StooqMarkets = ["us", "uk", "de", "jp", "hk", "hu", "pl"];

    /// <summary>The bar, or a clause that tells why there is none. A row without prices may still tell of a split or a dividend.</summary>
    /// <param name="moment">Null where it cannot be read.</param>
    public string? Read(BarRow row, out PriceBar bar, out BarMoment? moment, List<CorporateAction> actions)
    {
        (bar, moment) = (default, null);
        if (Problem(row) is { } shape) return shape;
        if (!times.TryParse(Text(row, layout.Date)!, layout.Time >= 0 ? Text(row, layout.Time) : null, out var read, out var problem))
            return problem;
        (moment, var start) = (read, read.Start);
        var wrong = Action(row, layout.Split, start, CorporateActionKind.Split, layout.SplitInPrices, actions)
            ?? Action(row, layout.Dividend, start, CorporateActionKind.Dividend, false, actions);
        if (limit.End(start) is var end && end > limit.Moment)
            return $"the session is not over at {Shown(limit.Moment)}: it ends at {Shown(end)}, and what it came to is not known before";
        Span<double> prices = stackalloc double[4];
        ReadOnlySpan<int> columns = [layout.Open, layout.High, layout.Low, layout.Close];
        ReadOnlySpan<string> names = ["open", "high", "low", "close"];
        for (var i = 0; i < 4; i++)
            if (Number(row, columns[i], names[i], required: true, out prices[i]) is { } bad) return bad;
        for (var i = 0; i < 4; i++)
            if (!(prices[i] > 0)) return $"{names[i]} {Shown(prices[i])} is not above 0";
        var (open, high, low, close) = (prices[0], prices[1], prices[2], prices[3]);
        if (high < low) return $"high {Shown(high)} is below low {Shown(low)}";
        if (high < Math.Max(open, close) * (1 - Noise))
            return $"high {Shown(high)} is below {(open > close ? $"open {Shown(open)}" : $"close {Shown(close)}")}";
        if (low > Math.Min(open, close) * (1 + Noise))
            return $"low {Shown(low)} is above {(open < close ? $"open {Shown(open)}" : $"close {Shown(close)}")}";
        if (Number(row, layout.Adjusted, "adjusted close", required: false, out var adjusted) is { } badAdjusted) return badAdjusted;
        if (adjusted <= 0) return $"adjusted close {Shown(adjusted)} is not above 0";
        if (Number(row, layout.Volume, "volume", required: false, out var volume) is { } badVolume) return badVolume;
        if (volume < 0) return $"volume {Shown(volume)} is below 0";
        if (volume > long.MaxValue / 2) return $"volume {Shown(volume)} is too large";
        if (wrong is not null) return wrong;
        bar = new(start, open, high, low, close, double.IsNaN(volume) ? null : (long)Math.Round(volume),
            double.IsNaN(adjusted) ? null : adjusted);
        return null;
    }

    string? Problem(BarRow row)
    {
        if (row.Fields.Length < layout.Least) return $"row has {row.Fields.Length} columns";
        if (RowShape.TooWide(row.Fields, layout.Columns) is { } wide) return wide;
        if (string.IsNullOrWhiteSpace(Text(row, layout.Date))) return "the time is missing";
        var named = Text(row, layout.Ticker)?.Trim();
        if (string.IsNullOrEmpty(named) || MarketTicker.Is(named, ticker)) return null;
        var dot = named.LastIndexOf('.');
        return dot > 0 && named[..dot].Equals(ticker, StringComparison.OrdinalIgnoreCase)
            && StooqMarkets.Contains(named[(dot + 1)..], StringComparer.OrdinalIgnoreCase) ? null
            : $"the row is of {named}, not of {ticker}";
    }

    static string? Action(BarRow row, int column, DateTime start, CorporateActionKind kind, bool inPrices, List<CorporateAction> actions)
    {
        var name = kind == CorporateActionKind.Split ? "split" : "dividend";
        if (Number(row, column, name, required: false, out var value) is { } bad) return bad;
        if (value < 0) return $"{name} {Shown(value)} is below 0";
        // No split is written as 0 by some and as 1 by others.
        if (value > 0 && !(kind == CorporateActionKind.Split && value == 1))
            actions.Add(new(DateOnly.FromDateTime(start), kind, value, inPrices));
        return null;
    }

    static string? Number(BarRow row, int column, string name, bool required, out double value)
    {
        value = double.NaN;
        var text = Text(row, column);
        if (string.IsNullOrWhiteSpace(text) || text.Trim() is "null" or "nan" or "NaN" or "N/A")
            return required ? $"{name} is missing" : null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) ? null
            : $"{name} '{(text.Length <= 40 ? text : text[..39] + "…")}' is not a number";
    }

    static string? Text(BarRow row, int column) => column >= 0 && column < row.Fields.Length ? row.Fields[column] : null;

    static string Shown(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static string Shown(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
