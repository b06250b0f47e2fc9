namespace Bellwether.Market;

/// <summary>One version of a bar.</summary>
/// <param name="Date">Start of the bar, UTC; of a daily one midnight of its session's date.</param>
/// <param name="AdjustedClose">By the vendor, for splits and dividends; null where it states none.</param>
public readonly record struct PriceBar(DateTime Date, double Open, double High, double Low, double Close, long? Volume, double? AdjustedClose)
{
    /// <summary>The same prices and volume, bit for bit.</summary>
    public bool Says(in PriceBar other) =>
        Open == other.Open && High == other.High && Low == other.Low && Close == other.Close && Volume == other.Volume && AdjustedClose == other.AdjustedClose;
}

/// <summary>A bar as it is stored.</summary>
public readonly record struct StoredBar(PriceBar Bar, DateTime KnownAt, string Source);

public enum CorporateActionKind
{
    /// <summary>Value: new shares for one old.</summary>
    Split,

    /// <summary>Value: cash a share.</summary>
    Dividend,
}

/// <param name="InPrices">The bars of the same source are adjusted for it already, as Yahoo's are for splits.</param>
public readonly record struct CorporateAction(DateOnly ExDate, CorporateActionKind Kind, double Value, bool InPrices);
