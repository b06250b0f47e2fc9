namespace Bellwether.Sentiment.Aggregation;

/// <summary>The kinds of sources that sentiment comes from.</summary>
public static class SentimentSource
{
    public const string Twitter = "twitter", Reddit = "reddit", News = "news", Options = "options";

    /// <summary>In the order in which they are computed and stored.</summary>
    public static IReadOnlyList<string> All { get; } = [Twitter, Reddit, News, Options];

    /// <summary>Those that write texts.</summary>
    public static IReadOnlyList<string> Written { get; } = [Twitter, Reddit, News];

    /// <param name="type">Type of an event; filings are news of the company itself.</param>
    public static string OfType(string type) => type switch
    {
        "tweet" => Twitter,
        "reddit" => Reddit,
        _ => News,
    };
}
