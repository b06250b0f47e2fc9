using Bellwether.Feeds;
using static Bellwether.Tests.Feeds.FeedTestKit;

namespace Bellwether.Tests.Feeds;

public sealed class NormalizerTests
{
    static async Task<FeedTestKit.Result> Read(string fields, FeedOptions? options = null) =>
        await ReadAsync("{\"timestamp\":\"2025-04-25T16:45:00Z\"," + fields + "}", options, "x.jsonl");

    [Theory]
    [InlineData("\"body\":\"b\",\"content\":\"c\",\"text\":\"t\"", "b")]
    [InlineData("\"text\":\"t\",\"content\":\"c\",\"body\":\" \"", "c")]
    [InlineData("\"text\":\"t\",\"content\":\"\\n\\t\",\"body\":null", "t")]
    [InlineData("\"title\":\"only a title\"", "only a title")]
    public async Task Text_is_the_first_of_body_content_text_title(string fields, string expected) =>
        Assert.Equal(expected, (await Read(fields)).Single().Text);

    [Theory]
    [InlineData("\"url\":\"https://a.example/1\",\"link\":\"https://a.example/2\"", "https://a.example/1")]
    [InlineData("\"url\":\"\",\"link\":\"https://a.example/2\"", "https://a.example/2")]
    [InlineData("\"url\":\"javascript:alert(1)\"", null)]
    public async Task SourceUrl_is_the_first_of_url_link_and_only_of_the_web(string fields, string? expected) =>
        Assert.Equal(expected, (await Read("\"text\":\"t\"," + fields)).Single().SourceUrl);

    [Fact]
    public async Task Event_of_the_founding_plan_keeps_every_field()
    {
        var e = (await Read(
            """
            "event_id":"6fa459ea-ee8a-3ca4-894e-db77e160355e","text":"Example Corp (EXM) today reported record profits.","source":"Reuters",
            "source_url":"https://reuters.com/articles/example-corp-profits?utm_source=x","type":"news","tickers":["EXM","COMP"],"weight":1.5,
            "premium_tier":"premium","article_title":"Example Corp Announces Record Profits","processed_at":"2025-04-25T16:46:00Z"
            """.ReplaceLineEndings(""))).Single();
        Assert.Equal("6fa459ea-ee8a-3ca4-894e-db77e160355e", e.EventId);
        Assert.Equal(ArticleId.FromCanonicalUrl("https://reuters.com/articles/example-corp-profits"), e.ArticleId);
        Assert.Equal(("Reuters", EventType.News, 1.5, "premium", Priority.High), (e.Source, e.Type, e.Weight, e.PremiumTier, e.Priority));
        Assert.Equal(["COMP", "EXM"], e.Tickers);
        Assert.Equal("Example Corp Announces Record Profits", e.ArticleTitle);
        Assert.Equal(new DateTimeOffset(2025, 4, 25, 16, 45, 0, TimeSpan.Zero), e.Timestamp);
        Assert.Equal(Now, e.FetchedAt);
        Assert.Contains("\"processed_at\"", e.RawPayload);
        Assert.DoesNotContain("record profits", e.RawPayload);
    }

    [Fact]
    public async Task Text_with_nul_and_lone_surrogates_is_mended()
    {
        var e = (await Read("\"text\":\"a\\u0000b\\ud800c\\ud83d\\ude00\",\"note\":\"x\\u0000\\udfff\",\"n\\u0000\":1e999999")).Single();
        Assert.Equal("ab\uFFFDc😀", e.Text);
        Assert.Contains("\"note\":\"x\uFFFD\",\"n\":\"1e999999\"", e.RawPayload);
        Assert.DoesNotContain("\\u0000", e.RawPayload);
    }

    [Theory]
    [InlineData("\"text\":\" \"", "no text")]
    [InlineData("\"text\":\"\\u0000\"", "no text")]
    [InlineData("\"text\":\"t\",\"weight\":\"NaN\"", "weight 'NaN' is not a number above 0 and at most 1,000")]
    [InlineData("\"text\":\"t\",\"weight\":0", "weight '0'")]
    [InlineData("\"text\":\"t\",\"author\":\"LONG\"", "author has 300 characters; at most 256 are allowed")]
    [InlineData("\"text\":\"t\",\"author_id\":\"LONG\"", "author id has 300 characters; at most 256 are allowed")]
    [InlineData("\"text\":\"t\",\"weight\":-1", "weight '-1'")]
    [InlineData("\"text\":\"t\",\"weight\":1001", "weight '1001'")]
    [InlineData("\"text\":\"t\",\"weight\":1e400", "weight '1e400'")]
    [InlineData("\"text\":\"t\",\"ticker\":\"'; DROP TABLE sentiment_data; --\"", "ticker 'DROP TABLE sentiment_data'")]
    [InlineData("\"text\":\"t\",\"tickers\":[\"OK\",\"'; DELETE\"]", "ticker ''; DELETE'")]
    [InlineData("\"text\":\"t\",\"type\":\"twet\"", "type 'twet' is none of news, tweet, reddit, filing")]
    [InlineData("\"text\":\"t\",\"priority\":\"urgent\"", "priority 'urgent'")]
    public async Task Record_with_a_bad_value_is_rejected_by_name(string fields, string reason) =>
        Assert.StartsWith(reason, (await Read(fields.Replace("LONG", new('x', 300), StringComparison.Ordinal))).SingleRejection().Reason);

    [Fact]
    public async Task Record_with_100000_tickers_is_rejected_with_their_number()
    {
        var tickers = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"T{i}\""));
        Assert.StartsWith("100000 tickers on one event", (await Read($"\"text\":\"t\",\"tickers\":[{tickers}]")).SingleRejection().Reason);
    }

    [Fact]
    public async Task Record_without_timestamp_is_rejected_unless_receipt_may_stand_in()
    {
        const string Json = "{\"text\":\"t\",\"tickers\":\"T\"}";
        Assert.StartsWith("no timestamp", (await ReadAsync(Json)).SingleRejection().Reason);
        var options = Options with { MissingTimestamp = MissingTimestamp.UseFetchTime };
        var first = (await ReadAsync(Json, options)).Single();
        var later = (await ReadAsync(Json, options with { Clock = new FixedClock(Now.AddHours(1)) })).Single();
        Assert.Equal(Now, first.Timestamp);
        Assert.Equal(first.ArticleId, later.ArticleId);
    }

    [Fact]
    public async Task Tickers_that_are_not_given_are_taken_from_title_and_text()
    {
        Assert.Equal(["AAPL", "MSFT"], (await Read("\"title\":\"Microsoft sues\",\"text\":\"and $AAPL follows\"")).Single().Tickers);
        Assert.Empty((await Read("\"text\":\"nothing to see\"")).Single().Tickers);
        Assert.Equal(["T"], (await Read("\"text\":\"$AAPL\",\"ticker\":\"T\"")).Single().Tickers);
        Assert.Equal(["AAPL"], (await Read("\"text\":\"$AAPL\",\"tickers\":[]")).Single().Tickers);
    }

    [Theory]
    [InlineData("\"priority\":\"standard\",\"premium_tier\":\"premium\"", Priority.Standard)]
    [InlineData("\"premium_tier\":\"realtime\"", Priority.High)]
    [InlineData("\"premium_tier\":\"basic\"", Priority.Standard)]
    [InlineData("\"priority\":\"HIGH\"", Priority.High)]
    public async Task Priority_is_explicit_else_by_tier_else_by_option(string fields, Priority expected)
    {
        Assert.Equal(expected, (await Read("\"text\":\"t\"," + fields)).Single().Priority);
        Assert.Equal(Priority.High, (await Read("\"text\":\"t\"", Options with { Priority = Priority.High })).Single().Priority);
    }

    [Fact]
    public async Task Options_beat_guesses_and_yield_to_the_map()
    {
        const string Fields = "\"text\":\"t\",\"source\":\"field\",\"type\":\"tweet\"";
        var guessed = (await Read(Fields)).Single();
        Assert.Equal(("field", EventType.Tweet), (guessed.Source, guessed.Type));
        var forced = (await Read(Fields, Options with { Source = "option", Type = EventType.Filing })).Single();
        Assert.Equal(("option", EventType.Filing), (forced.Source, forced.Type));
        var map = Options with { Source = "option", Type = EventType.Filing, Map = ColumnMap.Parse("source=source,type=type") };
        var mapped = (await Read(Fields, map)).Single();
        Assert.Equal(("field", EventType.Tweet), (mapped.Source, mapped.Type));
    }

    [Fact]
    public async Task Body_in_html_becomes_text_with_paragraphs_and_stays_in_raw()
    {
        var e = (await Read("\"body\":\"<p>First &amp; <b>best</b><br/>line</p><script>x()</script><p>a &lt; b</p>\"")).Single();
        Assert.Equal("First & best\nline\n\na < b", e.Text);
        Assert.Contains("<script>", e.RawPayload);
        Assert.Equal("if 3<4 and a < b then", (await Read("\"body\":\"if 3<4 and a < b then\"")).Single().Text);
        Assert.Equal("<b>kept</b>", (await Read("\"text\":\"<b>kept</b>\"")).Single().Text);
    }
}
