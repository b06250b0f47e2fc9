using Bellwether.Market.Calendars;

namespace Bellwether.Market;

/// <summary>One version of a bar.</summary>
/// <param name="Date">Start of the bar, UTC; of a daily one midnight of its session's date.</param>
/// <param name="AdjustedClose">By the vendor, for splits and dividends; null where it states none.</param>
public readonly record struct PriceBar(
    DateTime Date, double Open, double High, double Low, double Close, long? Volume, double? AdjustedClose)
{
    /// <summary>The same prices and volume, bit for bit.</summary>
    public bool Says(in PriceBar other) =>
        Open == other.Open && High == other.High && Low == other.Low && Close == other.Close
        && Volume == other.Volume && AdjustedClose == other.AdjustedClose;
}

/// <summary>Where bars are from, and what their vendor has adjusted.</summary>
public readonly record struct BarOrigin(string Source)
{
    /// <summary>
    /// Day of the file or the answer, in New York: the vendor had adjusted for what had happened by then. Null for the day since when the
    /// bars are known.
    /// </summary>
    public DateOnly? LoadedOn { get; init; }

    /// <summary>Prices and volumes are adjusted for every split up to that day.</summary>
    public bool SplitsInPrices { get; init; }

    /// <summary>Raw prices.</summary>
    public static implicit operator BarOrigin(string source) => new(source);
}

/// <summary>A bar as it is stored.</summary>
public readonly record struct StoredBar(PriceBar Bar, DateTime KnownAt, BarOrigin Origin)
{
    public string Source => Origin.Source;

    DateOnly LoadedOn => Origin.LoadedOn ?? UnitedStatesCalendar.DateOf(KnownAt);

    /// <summary>The prices and the volume are in the shares of after a split.</summary>
    public bool IsAfter(DateOnly split) => Origin.SplitsInPrices && split <= LoadedOn;

    /// <summary>The same numbers, adjusted by their vendors for the same of these actions.</summary>
    public bool Means(in StoredBar other, IReadOnlyList<CorporateAction> actions)
    {
        if (!Bar.Says(other.Bar)) return false;
        var day = DateOnly.FromDateTime(Bar.Date);
        foreach (var action in actions)
            if (action.ExDate > day && (Covers(in action) != other.Covers(in action)
                || action.IsSplit && IsAfter(action.ExDate) != other.IsAfter(action.ExDate))) return false;
        return true;
    }

    /// <summary>
    /// The same prices as they were traded, the same volume, in the same shares: what an adjusted close or a dividend says does not count.
    /// </summary>
    /// <param name="splits">Those that are known.</param>
    public bool Traded(in StoredBar other, IReadOnlyList<CorporateAction> splits)
    {
        if (!(Bar with { AdjustedClose = null }).Says(other.Bar with { AdjustedClose = null })) return false;
        var day = DateOnly.FromDateTime(Bar.Date);
        foreach (var split in splits)
            if (split.ExDate > day && IsAfter(split.ExDate) != other.IsAfter(split.ExDate)) return false;
        return true;
    }

    /// <summary>The same, known since another moment; what its vendor had adjusted for stays what it is.</summary>
    public StoredBar Since(DateTime known) => this with { KnownAt = known, Origin = Origin with { LoadedOn = LoadedOn } };

    /// <summary>The vendor has adjusted for it: the adjusted close, or without one the close.</summary>
    public bool Covers(in CorporateAction action) =>
        (Bar.AdjustedClose is not null || Origin.SplitsInPrices && action.Kind == CorporateActionKind.Split) && action.ExDate <= LoadedOn;
}

public enum CorporateActionKind
{
    /// <summary>Value: new shares for one old.</summary>
    Split,

    /// <summary>Value: cash a share.</summary>
    Dividend,
}

/// <param name="InPrices">The bars that it came with are adjusted for it, as Yahoo's are for splits. What others carry is told by their own
/// origin.</param>
public readonly record struct CorporateAction(DateOnly ExDate, CorporateActionKind Kind, double Value, bool InPrices)
{
    public bool IsSplit => Kind == CorporateActionKind.Split;
}

/// <summary>An action and since when it is known with this value.</summary>
public readonly record struct KnownAction(CorporateAction Action, DateTime KnownAt);
