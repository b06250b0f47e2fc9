using System.ComponentModel.DataAnnotations;
using Bellwether.Market.Conditions;
using Bellwether.Market.Providers;

namespace Bellwether.Market;

/// <summary>Settings of market data.</summary>
public sealed record MarketOptions
{
    /// <summary>Ticker whose daily bars stand for the market: SPY or what correlation with the market is to be measured by.</summary>
    [Required] public string MarketSymbol { get; init; } = "SPY";

    /// <summary>Ticker of the volatility index.</summary>
    [Required] public string VolatilitySymbol { get; init; } = "VIX";

    /// <summary>How often the scheduler looks whether market conditions have to be computed; zero for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")] public TimeSpan RefreshConditions { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where data is fetched from.</summary>
    [Required] public ProviderOptions Providers { get; init; } = new();

    public ConditionTickers Tickers => new(MarketSymbol, VolatilitySymbol);
}
