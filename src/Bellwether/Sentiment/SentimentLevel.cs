namespace Bellwether.Sentiment;

/// <summary>The five named levels of a score, cut at ±0.15 and ±0.35.</summary>
public static class SentimentLevel
{
    public static string Of(double score) => score switch
    {
        >= 0.35 => "very_bullish",
        >= 0.15 => "bullish",
        > -0.15 => "neutral",
        > -0.35 => "bearish",
        _ => "very_bearish",
    };
}
