using Bellwether.Feeds;
using static Bellwether.Tests.Feeds.FeedTestKit;

namespace Bellwether.Tests.Feeds;

public sealed class IdentityTests
{
    [Theory]
    [InlineData("HTTPS://News.Example.COM:443/a/b/?utm_source=x&id=7&fbclid=z#top", "https://news.example.com/a/b?id=7")]
    [InlineData("http://example.com:80", "http://example.com")]
    [InlineData("http://example.com:8080/", "http://example.com:8080")]
    [InlineData("https://user:pass@example.com/a?ref=home", "https://example.com/a")]
    [InlineData("https://example.com/A?b=2&a=1", "https://example.com/A?b=2&a=1")]
    [InlineData("ftp://example.com/a", null)]
    [InlineData("not a url", null)]
    public void CanonicalUrl_is_one_spelling_of_an_address(string text, string? expected) => Assert.Equal(expected, CanonicalUrl.Of(text));

    [Fact]
    public void CanonicalUrl_of_its_result_is_itself()
    {
        foreach (var url in new[] { "https://ex.com/a/?q=%20&utm_x=1&r", "https://ex.com/?a&&b=", "http://EX.com:81/%7Ea//" })
            Assert.Equal(CanonicalUrl.Of(url), CanonicalUrl.Of(CanonicalUrl.Of(url)));
    }

    [Fact]
    public void ArticleId_parts_do_not_run_into_each_other()
    {
        var when = DateTimeOffset.UnixEpoch;
        Assert.NotEqual(ArticleId.FromContent("a", EventType.News, when, "bc", "d"),
            ArticleId.FromContent("a", EventType.News, when, "b", "cd"));
        Assert.NotEqual(ArticleId.FromNativeId("ab", "c"), ArticleId.FromNativeId("a", "bc"));
        Assert.NotEqual(ArticleId.FromEventId("x"), ArticleId.FromCanonicalUrl("x"));
        Assert.NotEqual(ArticleId.FromContent("a", EventType.News, when, "t", "x"),
            ArticleId.FromContent("a", EventType.Filing, when, "t", "x"));
        Assert.NotEqual(ArticleId.FromContent("a", EventType.News, when, "t", "x"),
            ArticleId.FromContent("a", EventType.News, null, "t", "x"));
    }

    // Stored identities must never change: a new version of the program would ingest everything twice.
    [Fact]
    public void ArticleId_and_EventKey_are_what_they_were()
    {
        Assert.Equal("83beb8f2dacf7c7deb12ec241f82220d", ArticleId.FromNativeId("reuters", "42"));
        Assert.Equal("6cddb6154e928bd05f48b38d1aaa8439", ArticleId.FromCanonicalUrl("https://example.com/a"));
        Assert.Equal("25950bfa2910898e79f419d710943ed5", ArticleId.FromEventId("6fa459ea"));
        Assert.Equal("04f77a4301aa3e781a97c8aff448cc95",
            ArticleId.FromContent("s", EventType.Tweet, new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero), "ü",
                new string('x', 5000)));
        Assert.Equal("deec5573-3e8a-0bb0-e314-3ccd6b407ec5", EventKey.Of("0123456789abcdef0123456789abcdef", "BRK.B").ToString());
    }

    [Fact]
    public void ArticleId_of_an_id_that_is_an_address_is_that_of_the_address() =>
        Assert.Equal(ArticleId.FromCanonicalUrl("https://example.com/a"),
            ArticleId.FromNativeId("any", "https://example.com/a/?utm_medium=rss"));

    [Fact]
    public void EventKey_differs_by_article_and_ticker()
    {
        Assert.Equal(EventKey.Of("a", "T"), EventKey.Of("a", "T"));
        Assert.NotEqual(EventKey.Of("a", "T"), EventKey.Of("a", "V"));
        Assert.NotEqual(EventKey.Of("aT", "T"), EventKey.Of("a", "TT"));
    }

    [Theory]
    [InlineData("\"id\":\"7\",\"url\":\"https://example.com/a\",\"event_id\":\"e\"", "id")]
    [InlineData("\"url\":\"https://example.com/a#x\",\"event_id\":\"e\"", "url")]
    [InlineData("\"event_id\":\"e\"", "event")]
    [InlineData("\"x\":1", "content")]
    [InlineData("\"article_id\":\"00112233445566778899aabbccddeeff\",\"url\":\"https://example.com/a\"", "own")]
    [InlineData("\"tweet_id\":99,\"id\":1", "tweet")]
    public async Task Identity_is_the_first_of_id_address_event_id_content(string fields, string kind)
    {
        var e = (await ReadAsync("{\"timestamp\":\"2025-04-25\",\"text\":\"t\",\"source\":\"s\"," + fields + "}")).Single();
        Assert.Equal(kind switch
        {
            "id" => ArticleId.FromNativeId("s", "7"),
            "url" => ArticleId.FromCanonicalUrl("https://example.com/a"),
            "event" => ArticleId.FromEventId("e"),
            "own" => "00112233445566778899aabbccddeeff",
            "tweet" => ArticleId.FromNativeId("tweet", "99"),
            _ => ArticleId.FromContent("s", EventType.News, e.Timestamp, "", "t"),
        }, e.ArticleId);
        Assert.Equal(fields.Contains("event_id") ? "e" : e.ArticleId, e.EventId);
    }
}
