namespace Bellwether.App.Demo;

/// <summary>A security that the generated day speaks of.</summary>
/// <param name="Popularity">Share of the talk relative to the others.</param>
/// <param name="Price">Where its generated price starts, dollars.</param>
sealed record DemoSecurity(string Ticker, string Name, string Sector, double Popularity, double Price)
{
    public static IReadOnlyList<DemoSecurity> All { get; } =
    [
        new("AAPL", "Apple", "technology", 9, 230), new("MSFT", "Microsoft", "technology", 7, 430), new("NVDA", "Nvidia", "semiconductors", 10, 140),
        new("AMD", "AMD", "semiconductors", 6, 150), new("INTC", "Intel", "semiconductors", 4, 25), new("AVGO", "Broadcom", "semiconductors", 3, 180),
        new("MU", "Micron Technology", "semiconductors", 2, 105), new("GOOGL", "Alphabet", "technology", 6, 170), new("META", "Meta Platforms", "technology", 5, 570),
        new("AMZN", "Amazon.com", "retail", 7, 200), new("TSLA", "Tesla", "automobiles", 10, 330), new("F", "Ford Motor", "automobiles", 3, 11),
        new("GM", "General Motors", "automobiles", 2, 55), new("NFLX", "Netflix", "media", 3, 850), new("DIS", "Walt Disney", "media", 3, 110),
        new("JPM", "JPMorgan Chase", "banks", 3, 240), new("BAC", "Bank of America", "banks", 3, 46), new("GS", "Goldman Sachs", "banks", 2, 590),
        new("WFC", "Wells Fargo", "banks", 2, 74), new("V", "Visa", "payments", 2, 310), new("PYPL", "PayPal", "payments", 2, 85),
        new("COIN", "Coinbase", "payments", 4, 300), new("XOM", "Exxon Mobil", "energy", 3, 120), new("CVX", "Chevron", "energy", 2, 160),
        new("OXY", "Occidental Petroleum", "energy", 1, 51), new("PFE", "Pfizer", "health care", 2, 26), new("MRNA", "Moderna", "health care", 2, 42),
        new("LLY", "Eli Lilly", "health care", 3, 790), new("UNH", "UnitedHealth", "health care", 2, 590), new("JNJ", "Johnson & Johnson", "health care", 1, 155),
        new("WMT", "Walmart", "retail", 2, 90), new("COST", "Costco", "retail", 2, 940), new("NKE", "Nike", "retail", 2, 77),
        new("SBUX", "Starbucks", "restaurants", 1, 100), new("MCD", "McDonald's", "restaurants", 1, 295), new("BA", "Boeing", "industrials", 3, 145),
        new("CAT", "Caterpillar", "industrials", 1, 390), new("GE", "GE Aerospace", "industrials", 1, 180), new("PLTR", "Palantir", "software", 5, 62),
        new("CRM", "Salesforce", "software", 2, 330), new("SNOW", "Snowflake", "software", 2, 150), new("GME", "GameStop", "retail", 3, 27),
    ];
}
