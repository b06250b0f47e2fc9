using Bellwether.Feeds;

namespace Bellwether.Tests.Sentiment.Routing;

static class RoutedEvents
{
    public static EventEnvelope Of(string text) => new()
    {
        EventId = "e",
        ArticleId = "a",
        Timestamp = DateTimeOffset.UnixEpoch,
        FetchedAt = DateTimeOffset.UnixEpoch,
        Source = "test",
        Tickers = ["T"],
        Text = text,
    };
}
