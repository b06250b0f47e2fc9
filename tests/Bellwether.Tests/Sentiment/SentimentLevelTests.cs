using Bellwether.Sentiment;

namespace Bellwether.Tests.Sentiment;

public sealed class SentimentLevelTests
{
    [Theory]
    [InlineData(1.0, "very_bullish")]
    [InlineData(0.35, "very_bullish")]
    [InlineData(0.34, "bullish")]
    [InlineData(0.15, "bullish")]
    [InlineData(0.149, "neutral")]
    [InlineData(-0.149, "neutral")]
    [InlineData(-0.15, "bearish")]
    [InlineData(-0.35, "very_bearish")]
    public void Of_cuts_at_the_stated_bounds(double score, string level) => Assert.Equal(level, SentimentLevel.Of(score));
}
