using System.Text;
using Bellwether.App;
using Bellwether.Engines.DuckDb;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Retention.Erase;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>Whose a post is: told by its own author, in the forms that the platforms send, and by nobody whom it names.</summary>
public sealed class ErasureAuthorTests(TestServer server) : IAsyncLifetime
{
    static readonly ErasureSubject AnnById = new(ErasurePlatform.X, "7", null), AnnByName = new(ErasurePlatform.X, null, "ann");
    static readonly HashSet<string> Nothing = [];

    TestDesk _desk = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    Desk Desk => _desk.Desk;

    public async ValueTask InitializeAsync() =>
        _desk = await TestDesk.OpenAsync(server, nameof(ErasureAuthorTests), options => options with { DuckDb = DuckDbTestLibrary.Path });

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    async Task IngestAsync(string name, string content, EventType? type = null)
    {
        var file = Path.Combine(_desk.Folder, name);
        await File.WriteAllTextAsync(file, content, Token);
        await _desk.IngestAsync(new() { Type = type }, file);
    }

    async Task<string[]> TextsAsync() => await _desk.Database.ScalarAsync<string[]>("SELECT coalesce(array_agg(DISTINCT text ORDER BY text), '{}') FROM sentiment.all_sentiment");

    // As the interfaces of version 1.1 and 2 send posts.
    const string Old = """
        {"created_at":"2026-03-02T10:00:00Z","id":11,"id_str":"11","full_text":"ann rises $AAPL","source":"<a href=\"https://twitter.com\">Web</a>","user":{"id":7,"id_str":"7","name":"Ann Somebody","screen_name":"ann","followers_count":5},"entities":{"user_mentions":[]},"retweet_count":0}
        {"created_at":"2026-03-02T10:01:00Z","id":12,"id_str":"12","full_text":"bob quotes ann $AAPL","user":{"id":8,"id_str":"8","name":"ann","screen_name":"bob"},"entities":{"user_mentions":[{"screen_name":"ann","id":7,"id_str":"7"}]},"quoted_status":{"id_str":"11","full_text":"ann rises $AAPL","user":{"id":7,"id_str":"7","screen_name":"ann"}}}
        {"created_at":"2026-03-02T10:02:00Z","id":13,"id_str":"13","full_text":"bob answers ann $AAPL","in_reply_to_user_id_str":"7","in_reply_to_screen_name":"ann","user":{"id":8,"id_str":"8","screen_name":"bob"},"retweeted_status":{"user":{"id_str":"7","screen_name":"ann"}}}
        """;

    const string New = """
        {"data":[
          {"id":"21","text":"ann falls $AAPL","author_id":"7","created_at":"2026-03-02T11:00:00Z","edit_history_tweet_ids":["21"]},
          {"id":"22","text":"bob names ann $AAPL","author_id":"8","created_at":"2026-03-02T11:01:00Z","in_reply_to_user_id":"7","entities":{"mentions":[{"start":4,"end":8,"username":"ann","id":"7"}]},"referenced_tweets":[{"type":"quoted","id":"21"}]}],
         "includes":{"users":[{"id":"7","name":"Ann","username":"ann"},{"id":"8","name":"ann","username":"bob","description":"friend of @ann"}]}}
        """;

    [Theory]
    [InlineData("7", null)]
    [InlineData(null, "ann")]
    public async Task Posts_that_mention_quote_answer_or_carry_on_somebody_stay(string? id, string? name)
    {
        await IngestAsync("old.jsonl", Old, EventType.Tweet);
        await IngestAsync("new.json", New);
        Assert.Equal(["ann falls $AAPL", "ann rises $AAPL", "bob answers ann $AAPL", "bob names ann $AAPL", "bob quotes ann $AAPL"], await TextsAsync());
        var receipt = await (await Desk.EraserAsync(null, Token)).EraseAsync(new(ErasurePlatform.X, id, name), Token);
        Assert.Equal(["bob answers ann $AAPL", "bob names ann $AAPL", "bob quotes ann $AAPL"], await TextsAsync());
        Assert.Equal((2, 2, 2, 1), (receipt.Counts["all_sentiment"], receipt.Counts["tweets"], receipt.Counts["tweet_sentiments"], receipt.Counts["influencers"]));
        Assert.Equal(3, await _desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweets WHERE author_id = '8'"));
    }

    [Theory]
    [InlineData("t2_9", null)]
    [InlineData(null, "carl")]
    public async Task Crosspost_of_somebody_else_stays(string? id, string? name)
    {
        const string Own = """{"id":"abc","name":"t3_abc","title":"carl soars $GME","selftext":"profits","author":"Carl","author_fullname":"t2_9","created_utc":1767225600,"permalink":"/r/s/comments/abc/","subreddit":"s"}""";
        await IngestAsync("listing.json", $$$"""
            {"kind":"Listing","data":{"children":[{"kind":"t3","data":{{{Own}}}},
              {"kind":"t3","data":{"id":"def","name":"t3_def","title":"dora shares $GME","selftext":"","author":"dora","author_fullname":"t2_8","created_utc":1767225601,"permalink":"/r/t/comments/def/","subreddit":"t","crosspost_parent":"t3_abc","crosspost_parent_list":[{{{Own}}}]}},
              {"kind":"t1","data":{"id":"ghi","name":"t1_ghi","body":"dora answers $GME","author":"dora","author_fullname":"t2_8","link_author":"Carl","created_utc":1767225602,"permalink":"/r/s/comments/abc/ghi/","subreddit":"s"}}]}}
            """);
        var before = await TextsAsync();
        var receipt = await (await Desk.EraserAsync(null, Token)).EraseAsync(new(ErasurePlatform.Reddit, id, name), Token);
        Assert.Equal(1, receipt.Counts["all_sentiment"]);
        Assert.Equal(before.Where(text => text != "profits"), await TextsAsync());
        Assert.Equal(0, await _desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.reddit_posts WHERE author <> 'dora'"));
    }

    /// <summary>Old files often tell no type; their rows are stored as news.</summary>
    [Fact]
    public async Task Posts_that_are_stored_as_news_are_found_by_what_they_tell()
    {
        var old = Directory.CreateDirectory(Path.Combine(_desk.Folder, "old")).FullName;
        using (var engine = DuckDbTestLibrary.Open())
        using (var connection = engine.Connect())
            connection.Execute($$$"""
                COPY (SELECT '2024-03-05T10:00:00Z' AS timestamp, 0.5 AS sentiment, 0.9 AS confidence, * FROM (VALUES
                    ('t1', 'by source', 'twitter', NULL, '7', 'ann', NULL),
                    ('t2', 'by address', NULL, 'https://x.com/Ann/status/5', NULL, NULL, NULL),
                    ('t3', 'by account alone', NULL, NULL, '7', NULL, NULL),
                    ('t4', 'by own payload', NULL, NULL, NULL, NULL, '{"tweet_id":"9","author_id":"7","full_text":"x"}'),
                    ('b1', 'of bob', 'twitter', 'https://x.com/bob/status/6', '8', 'bob', '{"in_reply_to_screen_name":"ann"}'),
                    ('r1', 'of a namesake', 'reddit', NULL, NULL, 'ann', NULL),
                    ('n1', 'of a journalist', 'Reuters', 'https://www.reuters.com/a', '7', NULL, NULL))
                    AS v(article_id, text, source, url, author_id, username, raw_payload))
                TO '{{{old}}}/aapl.parquet' (FORMAT parquet)
                """);
        Assert.Equal(7, (await (await Desk.LegacyMigrationAsync(null, Token)).RunAsync(new() { From = old }, false, false, null, Token)).Migrated);
        Assert.Equal(7, await _desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE event_type = 'news'"));
        await (await Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);

        Assert.Equal(3, (await (await Desk.EraserAsync(null, Token)).FindAsync(AnnById, Token)).Counts["all_sentiment"]);
        await (await Desk.EraserAsync(null, Token)).EraseAsync(AnnById, Token);
        Assert.Equal(["by address", "of a journalist", "of a namesake", "of bob"], await TextsAsync());
        var receipt = await (await Desk.EraserAsync(null, Token)).EraseAsync(AnnByName, Token);
        Assert.Equal(1, receipt.Counts["all_sentiment"]);
        Assert.Equal(["of a journalist", "of a namesake", "of bob"], await TextsAsync());
    }

    [Theory]
    // Who has an account there, and who only writes.
    [InlineData("news", "Reuters", null, """{"author":"ann"}""", "Doubtful")]
    [InlineData("news", "news", null, """{"author":"ann","title":"t"}""", "Doubtful")]
    [InlineData("news", "news", null, """{"author":{"name":"ann","id":"7"}}""", "Doubtful")]
    [InlineData("news", "news", null, """{"username":"ann"}""", "Theirs")]
    [InlineData("news", "news", null, """{"user":{"id":7,"name":"x"}}""", "Theirs")]
    [InlineData("tweet", "x", null, """{"author":"@Ann"}""", "Theirs")]
    // A name to be shown is no name of an account where there is one.
    [InlineData("tweet", "x", null, """{"user":{"id":8,"screen_name":"bob","name":"ann"}}""", "Others")]
    [InlineData("tweet", "x", null, """{"user":{"name":"ann"}}""", "Theirs")]
    // Old columns beside an old payload.
    [InlineData("news", "legacy", null, """{"payload":{"retweet_count":1,"user":{"screen_name":"ann"}},"columns":{"a":1}}""", "Theirs")]
    [InlineData("news", "legacy", null, """{"payload":{"quoted_status":{"user":{"screen_name":"ann"}}},"columns":{"username":"bob"}}""", "Others")]
    [InlineData("news", "legacy", null, """{"kind":"t3","data":{"subreddit":"s","author":"ann"}}""", "Others")]
    // Platforms.
    [InlineData("reddit", "reddit", null, """{"author":"ann"}""", "Others")]
    [InlineData("filing", "sec", null, """{"author":"ann","user_id":"7"}""", "Others")]
    [InlineData("news", "r/stocks", null, """{"username":"ann"}""", "Others")]
    [InlineData("news", "news", "https://old.reddit.com/r/s/comments/1", """{"username":"ann"}""", "Others")]
    [InlineData("news", "stocktwits", null, """{"username":"ann"}""", "Doubtful")]
    [InlineData("tweet", "x", "https://twitter.com/ann/status/1", null, "Theirs")]
    [InlineData("tweet", "x", "https://twitter.com/ann/status/1", """{"author_id":"8"}""", "Others")]
    [InlineData("tweet", "x", "https://x.com/i/web/status/1", "[1]", "Others")]
    public void Verdict_goes_by_the_record_s_own_author_and_place(string type, string source, string? url, string? payload, string verdict)
    {
        var account = new ErasureAccount(AnnByName);
        account.Learn("7", "ann");
        Assert.Equal(verdict, $"{account.Judge(new("a", type, source, url, null, payload), Nothing)}");
    }

    [Fact]
    public void Id_that_was_asked_for_is_not_found_by_a_name_where_there_is_another_id()
    {
        var account = new ErasureAccount(AnnById);
        account.Learn(null, "ann");
        Assert.Equal(ErasureVerdict.Others, account.Judge(new("a", "tweet", "x", null, null, """{"author_id":"9","username":"ann"}"""), Nothing));
        Assert.Equal(ErasureVerdict.Theirs, account.Judge(new("a", "tweet", "x", null, null, """{"username":"ann"}"""), Nothing));
        Assert.Equal(ErasureVerdict.Others, account.Judge(new("a", "tweet", "x", null, new() { Id = "9", Username = "ann" }, null), Nothing));
    }

    static string Cut(string json) => json[..^3];

    public static TheoryData<string, bool> Letters => new()
    {
        // Events: of her, of her namesake elsewhere, of others.
        { Envelope("tweet", "7", "ann"), true },
        { Envelope("reddit", null, "ann"), false },
        { Envelope("reddit", "7", null), false },
        { Envelope("news", null, "ann"), false },
        { Envelope("tweet", "8", "bob"), false },
        // Records as they came in.
        { """{"tweet_id":"1","author_id":"7","created_at":"never"}""", true },
        { """{"author_id":"7","text":"x"}""", true },
        { """{"author":"ann","text":"x"}""", true },
        { """{"id":"abc","author":"ann","author_fullname":"t2_9","subreddit":"s"}""", false },
        { """{"id":"abc","author":"ann","url":"https://www.nytimes.com/a"}""", false },
        { """{"tweet_id":"1","author_id":"8","entities":{"mentions":[{"username":"ann","id":"7"}]}}""", false },
        { """[{"tweet_id":"1","author_id":"8"},{"tweet_id":"2","username":"ann"}, 5]""", true },
        { """{"data":[{"id":"1","text":"x","author_id":"8"},{"id":"2","text":"x","author_id":"7"}]}""", true },
        // Too long, or broken: what can be read is read.
        { Cut("""{"tweet_id":"1","author_id":"7","text":"very long"}"""), true },
        { Cut("""{"tweet_id":"1","entities":{"mentions":[{"username":"ann"}]},"text":"very long"}"""), false },
        { """{"tweet_id":"1","text":"x" "author_id":"7"}""", true },
        { """{"tweet_id":"1","text":"x" "author_id":"8"}""", false },
        // Lines whose header nobody knows any more.
        { "198,never,7,ann,\"profits, $AAPL\"", true },
        { "198,never,7,carl,\"profits $AAPL\"", false },
        { "7,2026-03-01,AAPL,\"losses\"", false },
        { "5;@Ann;profits", true },
        { "5,ANN,profits of a ticker", false },
        { "5,bob,\"hello, ann, how are you\"", false },
        { "5,https://x.com/ann/status/5,profits", true },
        { "5,ann,https://www.reddit.com/r/s/comments/5,profits", false },
    };

    static string Envelope(string type, string? id, string? name) => Encoding.UTF8.GetString(EnvelopeJson.Serialize(new()
    {
        EventId = "1",
        ArticleId = ArticleId.FromNativeId(type, $"{id}{name}"),
        Timestamp = DateTimeOffset.UnixEpoch,
        Source = type,
        Type = Enum.Parse<EventType>(type, ignoreCase: true),
        Tickers = ["AAPL"],
        Text = "profits",
        FetchedAt = DateTimeOffset.UnixEpoch,
        Author = new() { Id = id, Username = name },
        RawPayload = "{\"a\":1}",
    }));

    [Fact]
    public async Task Dead_letters_of_others_and_of_other_platforms_stay()
    {
        var letters = Letters.Select(row => (Value: row.Data.Item1, IsHers: row.Data.Item2)).ToArray();
        await using (var connection = await Desk.DataSource.OpenConnectionAsync(Token))
            await DeadLetter.StoreAsync(connection, [.. letters.Select((letter, i) => DeadLetter.From($"file:{i}", Encoding.UTF8.GetBytes(letter.Value), "a reason", letter.Value.Length))], Token);
        // An account whose id is learned from its name.
        await _desk.Database.ScalarAsync<object>("INSERT INTO sentiment.influencers (platform, account_id, username, first_seen, last_seen) VALUES ('twitter', '7', 'ann', now(), now()); SELECT 1");
        var receipt = await (await Desk.EraserAsync(null, Token)).EraseAsync(AnnByName, Token);
        var left = await _desk.Database.ScalarAsync<string[]>("SELECT array_agg(convert_from(value, 'UTF8') ORDER BY id) FROM ops.dead_letters");
        Assert.Equal(letters.Where(letter => !letter.IsHers).Select(letter => letter.Value).Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
        Assert.Equal(letters.Count(letter => letter.IsHers), receipt.Counts["dead_letters"]);
        Assert.Contains(receipt.Notes, note => note.StartsWith("left as they are: 1 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("44196397123456789,x,y", true)]
    [InlineData("7,x,y", false)]
    [InlineData("t2_9,x,y", true)]
    public void Id_counts_in_a_line_where_it_can_be_nothing_else(string line, bool expected) =>
        Assert.Equal(expected, new ErasureAccount(AnnById with { Author = line.Split(',')[0] }).IsInLine(line));
}
