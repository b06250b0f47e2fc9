using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.App.Api.Sentiment;

/// <summary>Sentiment of one ticker.</summary>
/// <param name="Score">Decayed weighted mean of the scores, −1 to 1.</param>
/// <param name="Level">very_bearish, bearish, neutral, bullish or very_bullish; cut at ±0.15 and ±0.35.</param>
/// <param name="Weight">Decayed weight behind the score at the newest result.</param>
/// <param name="Count">Results ever counted.</param>
/// <param name="ArticleTitle">Title of the newest article.</param>
/// <param name="LastUpdated">When the state was last written, UTC.</param>
/// <param name="LatestTimestamp">Event time of the newest result, UTC.</param>
/// <param name="ModelCounts">Results by model.</param>
/// <param name="AsOf">Moment for which this is the sentiment: nothing that became known later is in it.</param>
/// <param name="Revision">Grows with every change.</param>
public sealed record TickerSentiment(
    string Ticker, double Score, string Level, double Weight, long Count, string? ArticleTitle, string? SourceUrl, string? TextPreview,
    DateTimeOffset LastUpdated, DateTimeOffset LatestTimestamp, IReadOnlyDictionary<string, long> ModelCounts, DateTimeOffset AsOf,
    long Revision)
{
    // Sums of decayed weights carry the dust of their arithmetic: 1 would be 0.99999999985.
    const int WeightDigits = 9;

    public static TickerSentiment Of(TickerSnapshot s, DateTimeOffset asOf) => new(
        s.Ticker, s.Score, SentimentLevel.Of(s.Score), Math.Round(s.Weight, WeightDigits), s.Count, s.ArticleTitle, s.SourceUrl, s.TextPreview, s.LastUpdated,
        s.LatestTimestamp,
        s.ModelCounts, asOf, s.Revision);
}

/// <param name="Missing">Tickers asked for of which nothing is known.</param>
/// <param name="NextCursor">For the next page; null on the last.</param>
public sealed record TickerSentimentPage(DateTimeOffset AsOf, IReadOnlyList<TickerSentiment> Items, IReadOnlyList<string> Missing,
    string? NextCursor);

/// <param name="Interval">Length of an interval in seconds.</param>
/// <param name="Items">Intervals with results, oldest first.</param>
public sealed record SentimentHistory(
    string Ticker, DateTimeOffset From, DateTimeOffset To, long Interval, DateTimeOffset AsOf, IReadOnlyList<SentimentInterval> Items);

/// <param name="Items">Stories, those told most often first.</param>
public sealed record ChainPage(string Ticker, DateTimeOffset From, DateTimeOffset To, DateTimeOffset AsOf, IReadOnlyList<StoryChain> Items);

/// <param name="Items">Newest first.</param>
public sealed record ArticlePage(string Ticker, DateTimeOffset AsOf, IReadOnlyList<Article> Items, string? NextCursor);
