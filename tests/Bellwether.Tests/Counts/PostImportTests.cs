using System.IO.Compression;
using System.Text;
using Bellwether.Counts;
using Bellwether.Counts.Import;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Counts;

public sealed class PostImportTests(TestServer server)
{
    const string Csv = """
        tweet_id,created_at,kind
        1,2024-06-01T10:00:00Z,post
        2,2024-06-01T10:30:00Z,reply
        two words,2024-06-01T11:00:00Z,post
        4,yesterday,post
        5,2024-06-01T12:00:00Z,poem
        2,2024-06-01T10:30:00Z,reply
        6,2199-01-01T00:00:00Z,post
        7
        8,2024-06-01T13:15:00Z,
        """;

    [Fact]
    public async Task Records_are_accounted_for_and_rejections_name_line_and_reason()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        var result = await lab.ImportAsync(Csv);
        Assert.Equal((9, 3, 1, 5), (result.Read, result.Accepted, result.Duplicates, result.Rejected));
        Assert.Equal([4, 5, 6, 8, 9], result.Rejections.Select(r => r.Line));
        Assert.Equal(["two words", "yesterday", "poem", "future", "1 fields"], result.Rejections.Zip(["two words", "yesterday", "poem", "future", "1 fields"],
            (r, word) => r.Reason.Contains(word, StringComparison.Ordinal) ? word : r.Reason));
        Assert.Equal((CountsLab.At("2024-06-01T10:00Z"), CountsLab.At("2024-06-01T14:00Z")), (result.ObservedFrom, result.ObservedUntil));
        Assert.Equal(["1|post|False", "2|reply|False", "8|unknown|False"], await lab.RowsAsync("SELECT tweet_id, kind, is_deleted FROM counts.raw_tweets ORDER BY tweet_id"));
        var columns = await lab.RowsAsync("SELECT column_name FROM information_schema.columns WHERE table_schema = 'counts' AND table_name = 'raw_tweets'");
        Assert.DoesNotContain(columns, c => c.Contains("text", StringComparison.Ordinal) || c.Contains("content", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Same_file_twice_adds_nothing_and_other_accounts_are_apart()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        await lab.ImportAsync(Csv);
        var before = await lab.RowsAsync("SELECT * FROM counts.raw_tweets ORDER BY id");
        var again = await lab.ImportAsync(Csv);
        Assert.Equal((9, 0, 4, 5), (again.Read, again.Accepted, again.Duplicates, again.Rejected));
        Assert.Equal(before, await lab.RowsAsync("SELECT * FROM counts.raw_tweets ORDER BY id"));
        Assert.Equal(3, (await lab.ImportAsync(Csv, "bob")).Accepted);
    }

    [Fact]
    public async Task Stored_time_stands_against_another_and_unknown_kind_gives_way_to_a_known_one()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        await lab.ImportAsync(Csv);
        var result = await lab.ImportAsync("id,date,type\n1,2024-06-01T10:00:01Z,post\n8,2024-06-01T13:15:00Z,retweeted");
        Assert.Equal((2, 0, 1, 1, 1), (result.Read, result.Accepted, result.Duplicates, result.Rejected, result.Reclassified));
        Assert.Contains("2024-06-01T10:00:00", Assert.Single(result.Rejections).Reason);
        Assert.Equal("repost", await lab.Database.ScalarAsync<string>("SELECT kind FROM counts.raw_tweets WHERE tweet_id = '8'"));
    }

    [Theory]
    [InlineData("{\"data\":[{\"id\":\"1\",\"created_at\":\"2024-06-01T10:00:00.000Z\",\"text\":\"hush\"},{\"id\":\"2\",\"created_at\":\"2024-06-01T10:05:00Z\",\"referenced_tweets\":[{\"type\":\"quoted\"},{\"type\":\"replied_to\"}]}],\"meta\":{\"result_count\":2}}\n{\"meta\":{\"result_count\":0}}", "post,reply")]
    [InlineData("{\n \"data\": [\n  {\"id\": 1, \"created_at\": \"2024-06-01T10:00:00Z\", \"referenced_tweets\": [{\"type\": \"retweeted\"}]},\n  {\"id\": 2, \"created_at\": 1717236300}\n ]\n}\n{\"data\": []}", "repost,post")]
    [InlineData("{\"tweet_id\":\"1\",\"created_at\":\"2024-06-01T10:00:00Z\",\"kind\":\"quote\"}\n\nnot json\n{\"id_str\":\"2\",\"created_at\":\"Sat Jun 01 10:05:00 +0000 2024\",\"in_reply_to_status_id\":null}", "quote,unknown")]
    [InlineData("[{\"id\":\"1\",\"created_at\":\"2024-06-01T10:00:00Z\"},{\"id\":\"2\",\"created_at\":\"2024-06-01T10:05:00Z\",\"in_reply_to_user_id\":\"7\"}]", "unknown,reply")]
    public async Task Json_of_every_form_tells_kinds_and_keeps_no_content(string json, string kinds)
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        var result = await lab.ImportAsync(json, name: "page.json");
        Assert.Equal((2, json.Contains("not json", StringComparison.Ordinal) ? 1 : 0, "json"), (result.Accepted, result.Rejected, result.Source));
        if (result.Rejected > 0) Assert.Equal(3, result.Rejections[0].Line);
        Assert.Equal(kinds.Split(','), await lab.RowsAsync("SELECT kind FROM counts.raw_tweets ORDER BY created_at"));
    }

    [Fact]
    public async Task Damaged_input_changes_nothing()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(CountsLab.Csv(CountsLab.Posts("2024-01-01", 60))));
        var whole = packed.ToArray();
        await Assert.ThrowsAsync<CountsException>(() => lab.ImportAsync(whole[..(whole.Length / 2)], name: "posts.csv.gz"));
        await Assert.ThrowsAsync<CountsException>(() => lab.ImportAsync("{\"data\": [\n{\"id\": \"1\", \"created_at\"", name: "x.json"));
        var error = await Assert.ThrowsAsync<CountsException>(() => lab.ImportAsync("name,colour\nann,red"));
        Assert.Contains("tweet_id", error.Message);
        Assert.Equal(0, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM counts.raw_tweets"));
        Assert.Equal(0, await lab.Database.ScalarAsync<long>("SELECT count(*) FROM counts.accounts"));
        Assert.True((await lab.ImportAsync(whole, name: "posts.csv.gz")).Accepted > 100);
    }

    [Fact]
    public async Task Deleted_posts_stay_and_come_back()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        await lab.ImportAsync(Csv);
        await lab.BuildAsync();
        var deletion = new PostDeletion(lab.Source, lab.Time);
        Assert.Equal((1, 0, "9"), await Outcome(deletion.RunAsync("ann", ["1", "9"], true, CountsLab.Token)));
        Assert.Equal((0, 1, ""), await Outcome(deletion.RunAsync("ann", ["1"], true, CountsLab.Token)));
        await lab.BuildAsync();
        Assert.Equal("1", (await lab.RowsAsync("SELECT tweet_count FROM counts.time_buckets ORDER BY bucket_start"))[0]);
        // Read again it is still deleted.
        await lab.ImportAsync(Csv);
        Assert.True(await lab.Database.ScalarAsync<bool>("SELECT is_deleted FROM counts.raw_tweets WHERE tweet_id = '1'"));
        await deletion.RunAsync("ann", ["1"], false, CountsLab.Token);
        await lab.BuildAsync();
        Assert.Equal("2", (await lab.RowsAsync("SELECT tweet_count FROM counts.time_buckets ORDER BY bucket_start"))[0]);

        static async Task<(int, int, string)> Outcome(Task<DeletionResult> done) => (await done) is var d ? (d.Changed, d.Unchanged, string.Join(',', d.Unknown)) : default;
    }

    [Fact]
    public async Task Stretch_between_imports_is_a_gap_where_the_second_says_when_it_begins()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        Assert.Null((await lab.ImportAsync("tweet_id,created_at\n1,2024-01-05T10:00:00Z")).Between);
        var between = (await lab.ImportAsync("tweet_id,created_at\n2,2024-03-05T10:00:00Z", since: "2024-03-05")).Between!;
        Assert.Equal((CountsLab.At("2024-01-05T11:00Z"), CountsLab.At("2024-03-05"), true), (between.From, between.To, between.Recorded));
        Assert.Equal(1 + 11, (await lab.BuildAsync()).ObservedHours);
        // The same again, and older posts that end where they say.
        Assert.Null((await lab.ImportAsync("tweet_id,created_at\n2,2024-03-05T10:00:00Z", since: "2024-03-05")).Between);
        Assert.True((await lab.ImportAsync("tweet_id,created_at\n3,2023-12-01T10:00:00Z", until: "2023-12-01T12:00Z")).Between!.Recorded);
        Assert.Equal(2, (await lab.Gaps.ListAsync("ann", CountsLab.Token)).Count);
        // Who says nothing is told.
        Assert.False((await lab.ImportAsync("tweet_id,created_at\n4,2024-03-09T10:00:00Z")).Between!.Recorded);
        Assert.Equal(2, (await lab.Gaps.ListAsync("ann", CountsLab.Token)).Count);
    }

    [Fact]
    public async Task What_is_rejected_does_not_stretch_what_was_observed()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        await lab.ImportAsync("tweet_id,created_at\n1,2024-01-05T10:00:00Z");
        var result = await lab.ImportAsync("tweet_id,created_at\n1,2003-01-05T10:00:00Z\n2,1901-01-01T00:00:00Z\n3,2024-01-05T11:00:00Z");
        Assert.Equal((1, 2), (result.Accepted, result.Rejected));
        Assert.Contains(result.Rejections, r => r.Reason.Contains("before 2000", StringComparison.Ordinal));
        Assert.Equal((CountsLab.At("2024-01-05T10:00Z"), CountsLab.At("2024-01-05T12:00Z")), (result.ObservedFrom, result.ObservedUntil));
    }

    [Theory]
    [InlineData("""{"id":"\ud800","created_at":"2024-01-05T10:00:00Z"}""", 1)]
    [InlineData("""{"id":"7","created_at":"\udc00"}""", 1)]
    [InlineData("""{"id":"7","created_at":"2024-01-05T10:00:00Z","referenced_tweets":["x",null,3]}""", 0)]
    public async Task Strange_json_costs_its_own_record_at_most(string line, int rejected)
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        var result = await lab.ImportAsync(line + "\n" + """{"id":"8","created_at":"2024-01-05T11:00:00Z"}""", name: "posts.jsonl");
        Assert.Equal((2, 2 - rejected, rejected), (result.Read, result.Accepted, result.Rejected));
    }

    [Fact]
    public async Task Posts_that_came_for_sentiment_are_taken_by_account()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        await using (var connection = await lab.Source.OpenConnectionAsync(CountsLab.Token))
            await connection.ExecuteAsync("""
                INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, author_id, username, text, fetched_at)
                SELECT n::text, md5(n::text), timestamptz '2024-06-01 00:00+00' + n * interval '7 minutes', n % 2, CASE WHEN n % 2 = 0 THEN '@Ann' ELSE 'Bob' END, 'text', now() FROM generate_series(1, 100) n
                """);
        var result = await lab.Importer.RunFromSentimentAsync(new() { Account = "ann" }, CountsLab.Token);
        Assert.Equal((50, 50, "sentiment"), (result.Read, result.Accepted, result.Source));
        Assert.Equal(50, (await lab.Importer.RunFromSentimentAsync(new() { Account = "ann" }, CountsLab.Token)).Duplicates);
    }

    [Fact]
    public async Task Real_file_is_taken_whole()
    {
        await using var lab = await CountsLab.OpenAsync(server, nameof(PostImportTests));
        lab.Time.Advance(TimeSpan.FromDays(800));
        await using var file = PostFile.Open(SharedData.File("counts", "elonmusk_timestamps_2010_2025H1.csv.gz"));
        var result = await lab.Importer.RunAsync(new() { Account = "elonmusk" }, file, "real.csv.gz", PostFormat.Auto, null, CountsLab.Token);
        Assert.Equal((68_722, 68_722, 0), (result.Read, result.Accepted, result.Rejected));
        Assert.Equal(CountsLab.At("2025-07-01T00:00Z"), result.ObservedUntil);
        // The days on which the collector is known to have been away, and no other since the collector is what it is.
        var found = await new StatusReader(lab.Source, lab.Time).SilencesAsync("elonmusk", CountingProfile.All, TimeSpan.FromHours(12), CountsLab.Token);
        Assert.Equal(["2023-05-30", "2023-08-15", "2023-11-04", "2023-11-29", "2024-11-21"],
            found.Where(s => s.To > CountsLab.At("2022-11-01")).Select(s => s.From.AddHours(24).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
