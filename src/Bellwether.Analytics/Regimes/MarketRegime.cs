namespace Bellwether.Analytics.Regimes;

public enum MarketRegime
{
    TrendingUp,
    TrendingDown,
    Ranging,
    Volatile,
}

/// <summary>What is thought of the market at one bar, from that bar and those before it.</summary>
/// <param name="Confidence">0 to 1: the filtered probability of the regime.</param>
public readonly record struct RegimeReading(MarketRegime Regime, double Confidence)
{
    /// <summary>As it is stored: trending_up, trending_down, ranging or volatile.</summary>
    public string Name => NameOf(Regime);

    public static string NameOf(MarketRegime regime) => regime switch
    {
        MarketRegime.TrendingUp => "trending_up",
        MarketRegime.TrendingDown => "trending_down",
        MarketRegime.Ranging => "ranging",
        _ => "volatile",
    };
}
