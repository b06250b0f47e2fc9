using System.Text.Json.Serialization;
using Bellwether.Market.Calendars;

namespace Bellwether.Market.Conditions;

/// <summary>What a symbol and its market were like at the close of a session; null for what is not defined.</summary>
/// <param name="Timestamp">Close of the session, UTC.</param>
/// <param name="KnownAt">Since when everything that went into it is known.</param>
/// <param name="Volatility20d">Sample deviation of twenty log returns, a year: 0.2 is 20 %.</param>
/// <param name="Vix">Close of the volatility index, of the same session (a quarter of an hour after the timestamp) or at most five days
/// older.</param>
/// <param name="DetectedRegime">trending_up, trending_down, ranging or volatile, by the filtered probabilities of a hidden Markov
/// model.</param>
/// <param name="RegimeConfidence">That probability.</param>
/// <param name="ReferenceRegime">The same four, by plain rules.</param>
/// <param name="SpyCorrelation">Of sixty daily returns with the market's, over sessions that both have.</param>
public sealed record MarketCondition(
    string Symbol, DateTime Timestamp, DateOnly Session, DateTime KnownAt, double Open, double High, double Low, double Close, long? Volume,
    [property: JsonPropertyName("atr_14")] double? Atr14, [property: JsonPropertyName("rsi_14")] double? Rsi14,
    [property: JsonPropertyName("ema_20")] double? Ema20,
    [property: JsonPropertyName("ema_50")] double? Ema50, double? BbUpper, double? BbLower, double? MacdLine, double? MacdSignal,
    [property: JsonPropertyName("volatility_20d")] double? Volatility20d, double? Vix, string? DetectedRegime, double? RegimeConfidence,
    string? ReferenceRegime, double? SpyCorrelation, double? SectorCorrelation)
{
    /// <summary>Formula of the columns, stored beside them.</summary>
    public string Formula => ConditionCalculator.Formula;
}

/// <summary>Bars of one ticker and its splits, as they are known at one moment.</summary>
public sealed record ConditionSeries(IReadOnlyList<StoredBar> Bars, IReadOnlyList<KnownSplit> Splits)
{
    public static ConditionSeries Empty { get; } = new([], []);

    public TradingHours Hours { get; init; }

    /// <summary>Since when it is known that these hours, and this series, are the ones to take.</summary>
    public DateTime KnownAt { get; init; } = DateTime.MinValue;

    public DateTime EndOf(DateTime date) => BarEnd.Of(Hours, BarInterval.Day, date);
}

/// <summary>A split; which bars are in the shares of after it, they tell themselves.</summary>
/// <param name="Ratio">New shares for one old.</param>
public readonly record struct KnownSplit(DateOnly ExDate, double Ratio, DateTime KnownAt);

/// <summary>Which tickers stand for the market.</summary>
public sealed record ConditionTickers(string Market = "SPY", string Volatility = "VIX");
