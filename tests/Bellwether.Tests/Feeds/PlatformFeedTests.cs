using Bellwether.Feeds;
using static Bellwether.Tests.Feeds.FeedTestKit;

namespace Bellwether.Tests.Feeds;

public sealed class PlatformFeedTests
{
    [Fact]
    public async Task Reddit_listing_gives_posts_and_comments()
    {
        const string Json =
            """
            {"kind":"Listing","data":{"after":null,"children":[
              {"kind":"t3","data":{"id":"abc","name":"t3_abc","title":"DD on $GME","selftext":"Buy &amp; hold","author":"ann","created_utc":1591353000.0,
                "permalink":"/r/stocks/comments/abc/dd/","url":"https://example.com/chart.png","score":5}},
              {"kind":"t3","data":{"id":"def","name":"t3_def","title":"Link only","selftext":"","created_utc":1591353001}},
              {"kind":"t1","data":{"id":"ghi","name":"t1_ghi","body":"$AMC too","created_utc":1591353002,
                "replies":{"kind":"Listing","data":{"children":[{"kind":"t1","data":{"id":"jkl","name":"t1_jkl","body":"no","created_utc":1591353003}},{"kind":"more","data":{"children":["x"]}}]}}}}
            ]}}
            """;
        var result = await ReadAsync(Json);
        Assert.Empty(result.Rejected);
        Assert.Equal(["Buy & hold", "Link only", "$AMC too", "no"], result.Accepted.Select(e => e.Text));
        var post = result.Accepted[0];
        Assert.Equal(("reddit", EventType.Reddit, "DD on $GME", "ann"), (post.Source, post.Type, post.ArticleTitle, post.Author?.Username));
        Assert.Equal("https://www.reddit.com/r/stocks/comments/abc/dd/", post.SourceUrl);
        Assert.Equal(ArticleId.FromNativeId("reddit", "t3_abc"), post.ArticleId);
        Assert.Equal(["GME"], post.Tickers);
        Assert.Equal(new DateTimeOffset(2020, 6, 5, 10, 30, 0, TimeSpan.Zero), post.Timestamp);
        Assert.Contains("\"score\":5", post.RawPayload);
        Assert.DoesNotContain("replies", result.Accepted[2].RawPayload);
    }

    [Fact]
    public async Task X_page_gives_posts_with_authors_whole_text_and_cashtags()
    {
        const string Json =
            """
            {"data":[
              {"id":"1","text":"cut off…","author_id":"7","created_at":"2025-04-25T16:45:00.000Z","note_tweet":{"text":"cut off no more &lt;3 $ABC"},
               "entities":{"cashtags":[{"start":0,"end":4,"tag":"Tsla"}]},"public_metrics":{"like_count":3}},
              {"id":"2","text":"$MSFT","created_at":"2025-04-25T16:46:00.000Z"},
              {"id":"3","created_at":"2025-04-25T16:46:00.000Z"}],
             "includes":{"users":[{"id":"7","username":"ann","name":"Ann","public_metrics":{"followers_count":99}}]},"meta":{"result_count":3}}
            """;
        var result = await ReadAsync(Json);
        Assert.Equal("no text: body, content, text and title are all missing or blank", Assert.Single(result.Rejected).Reason);
        Assert.Equal(3, result.Rejected[0].Position);
        var first = result.Accepted[0];
        Assert.Equal("cut off no more <3 $ABC", first.Text);
        Assert.Equal(["TSLA"], first.Tickers);
        Assert.Equal(new EventAuthor { Id = "7", Username = "ann", Followers = 99 }, first.Author);
        Assert.Equal(("x", EventType.Tweet, "https://x.com/ann/status/1"), (first.Source, first.Type, first.SourceUrl));
        Assert.Equal(ArticleId.FromNativeId("tweet", "1"), first.ArticleId);
        Assert.Contains("\"like_count\":3", first.RawPayload);
        Assert.Equal(["MSFT"], result.Accepted[1].Tickers);
    }

    [Fact]
    public async Task X_page_without_posts_gives_nothing()
    {
        var result = await ReadAsync("""{"meta":{"result_count":0}}""");
        Assert.Null(result.Error);
        Assert.Empty(result.Records);
    }

    [Fact]
    public async Task Rss_gives_items_as_plain_text()
    {
        const string Xml =
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
            <title>Example Wire</title><link>https://wire.example/</link><image><title>logo</title></image>
            <item><title>Intel &amp;amp; AMD jump</title><link>https://wire.example/1?utm_source=rss</link><guid isPermaLink="false">w-1</guid>
              <description>short</description><content:encoded><![CDATA[<p>Shares of <b>Intel</b> rose.</p><p>So did AMD&#8217;s.</p>]]></content:encoded>
              <pubDate>Fri, 05 Jun 2020 10:30:00 GMT</pubDate><dc:creator>Ann</dc:creator><category>chips</category></item>
            <item><title>No date</title></item>
            <item><title>Second</title><pubDate>Fri, 05 Jun 2020 10:31:00 +0200</pubDate><guid>https://wire.example/2</guid></item>
            </channel></rss>
            """;
        var result = await ReadAsync(Xml);
        Assert.Null(result.Error);
        var item = result.Accepted[0];
        Assert.Equal("Intel & AMD jump", item.ArticleTitle);
        Assert.Equal("Shares of Intel rose.\n\nSo did AMD’s.", item.Text);
        Assert.Equal(("Example Wire", "Ann", ArticleId.FromNativeId("Example Wire", "w-1")),
            (item.Source, item.Author?.Username, item.ArticleId));
        Assert.Equal(["AMD", "INTC"], item.Tickers);
        Assert.Equal(ArticleId.FromCanonicalUrl("https://wire.example/2"), result.Accepted[1].ArticleId);
        Assert.StartsWith("no timestamp", Assert.Single(result.Rejected).Reason);
        Assert.Equal(7, result.Rejected[0].Position);
    }

    [Fact]
    public async Task Atom_gives_entries_as_plain_text()
    {
        const string Xml =
            """
            <feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Filings</title><id>urn:feed</id><updated>2020-06-05T00:00:00Z</updated>
            <entry><id>urn:1</id><title>8-K</title><link rel="self" href="https://f.example/self"/><link href="https://f.example/1"/>
              <published>2020-06-05T10:30:00-04:00</published><updated>2020-06-06T00:00:00Z</updated><author><name>Ann</name><email>a@f.example</email></author>
              <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>Two</p></div></content></entry></feed>
            """;
        var entry = (await ReadAsync(Xml, Options with { Type = EventType.Filing })).Single();
        Assert.Equal(("One\n\nTwo", "8-K", "https://f.example/1", "Filings", "Ann"),
            (entry.Text, entry.ArticleTitle, entry.SourceUrl, entry.Source, entry.Author?.Username));
        Assert.Equal(new DateTimeOffset(2020, 6, 5, 14, 30, 0, TimeSpan.Zero), entry.Timestamp);
        Assert.Equal(EventType.Filing, entry.Type);
    }

    [Theory]
    [InlineData("<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><rss><channel><item><title>&x;</title></item></channel></rss>", "DTD")]
    [InlineData("<html><body>sign in</body></html>", "neither RSS nor Atom")]
    [InlineData("<rss><channel><item><title>a</title><pubDate>2020-06-05</pubDate></item><item><title>b</tit", "not well-formed XML")]
    public async Task Xml_that_is_unsafe_or_broken_ends_in_a_clear_message(string xml, string expected)
    {
        var result = await ReadAsync(xml);
        Assert.Contains(expected, result.Error!.Message);
        Assert.Equal(xml.Contains("pubDate") ? 1 : 0, result.Accepted.Count);
    }
}
