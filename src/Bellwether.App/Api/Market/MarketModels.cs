using Bellwether.Market;
using Bellwether.Market.Conditions;

namespace Bellwether.App.Api.Market;

/// <param name="Timestamp">Start of the bar, UTC; of a daily one midnight of its session's date.</param>
/// <param name="KnownAt">Since when this version is known.</param>
public sealed record MarketBar(
    DateTime Timestamp, double Open, double High, double Low, double Close, double? AdjustedClose, long? Volume, DateTime KnownAt, string Source)
{
    public static MarketBar Of(StoredBar stored, PriceBar bar) =>
        new(bar.Date, bar.Open, bar.High, bar.Low, bar.Close, bar.AdjustedClose, bar.Volume, stored.KnownAt, stored.Source);
}

/// <summary>From when until when bars are known, where a range has none of them.</summary>
/// <param name="Symbol">Of which they are: the symbol, or the benchmark that has none in the range.</param>
public sealed record KnownRange(string Symbol, DateTimeOffset First, DateTimeOffset Last);

/// <param name="AsOf">Nothing that became known later is in it.</param>
/// <param name="Items">Oldest first; where there are more than the limit, the latest.</param>
/// <param name="Known">Only where there are no items.</param>
public sealed record MarketBars(
    string Symbol, string Interval, bool Adjusted, DateTimeOffset AsOf, IReadOnlyList<MarketBar> Items, KnownRange? Known);

/// <param name="Values">By name; what is not defined is left out.</param>
public sealed record IndicatorRow(DateTime Timestamp, IReadOnlyDictionary<string, double> Values);

/// <param name="Regular">Only from bars within the hours of the exchange.</param>
/// <param name="Items">Oldest first; where there are more than the limit, the latest.</param>
/// <param name="Known">Only where there are no items.</param>
public sealed record MarketIndicators(
    string Symbol, string Interval, bool Adjusted, bool Regular, DateTimeOffset AsOf, IReadOnlyList<IndicatorRow> Items, KnownRange? Known);

/// <param name="Items">Oldest first; where there are more than the limit, the latest.</param>
/// <param name="Known">Only where there are no items.</param>
public sealed record MarketConditions(string Symbol, DateTimeOffset AsOf, IReadOnlyList<MarketCondition> Items, KnownRange? Known);
