namespace Bellwether.Retention;

/// <summary>What is kept of a column's values of one day.</summary>
public enum SummaryKind
{
    /// <summary>The first that is not NULL.</summary>
    First,

    /// <summary>The last that is not NULL.</summary>
    Last,

    Least,

    Greatest,

    Sum,
}

public sealed record SummaryColumn(string Name, SummaryKind Kind);

/// <summary>One row for each key and UTC day, in a table beside the source.</summary>
/// <param name="Target">Table of the summaries, in the schema of the source; made when it is first needed.</param>
/// <param name="Formula">Stored beside the values.</param>
public sealed record DailySummary(string Target, string Formula, IReadOnlyList<string> Keys, IReadOnlyList<SummaryColumn> Columns)
{
    /// <summary>Bars, indicators and regime of a symbol: open of the first bar, highest high, lowest low, close and indicators of the last.</summary>
    public static DailySummary OfMarketConditions { get; } = new("market_conditions_daily", "daily-bar-v1", ["symbol"],
    [
        new("open", SummaryKind.First), new("high", SummaryKind.Greatest), new("low", SummaryKind.Least), new("close", SummaryKind.Last),
        new("volume", SummaryKind.Sum),
        .. new[]
        {
            "atr_14", "rsi_14", "ema_20", "ema_50", "bb_upper", "bb_lower", "macd_line", "macd_signal", "volatility_20d", "vix",
            "detected_regime", "regime_confidence", "spy_correlation", "sector_correlation",
        }.Select(name => new SummaryColumn(name, SummaryKind.Last)),
    ]);
}
