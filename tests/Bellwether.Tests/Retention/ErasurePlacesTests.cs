using System.Globalization;
using Bellwether.App;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Retention;
using Bellwether.Retention.Archive;
using Bellwether.Retention.Erase;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>Places that cannot be reached, or that do not behave: what can be erased is, and there is no receipt for the rest.</summary>
public sealed class ErasurePlacesTests(TestServer server)
{
    static readonly ErasureSubject Ann = new(ErasurePlatform.X, "7", null);

    static CancellationToken Token => TestContext.Current.CancellationToken;

    static string Post(string id, string author, string text, DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"tweet_id":"{{id}}","created_at":"{{at:O}}","author_id":"{{author}}","username":"name{{author}}","text":"{{text}} $AAPL"}""");

    static async Task IngestAsync(TestDesk desk, string name, params string[] posts)
    {
        var file = Path.Combine(desk.Folder, name);
        await File.WriteAllLinesAsync(file, posts, Token);
        await desk.IngestAsync(new() { Type = EventType.Tweet }, file);
    }

    static async Task WriteLakeAsync(TestDesk desk) => await (await desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);

    [Fact(Timeout = 120_000)]
    public async Task No_receipt_while_a_shared_hot_store_cannot_be_asked()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await TestDesk.OpenAsync(server, nameof(ErasurePlacesTests), options => options with
        {
            HotStore = new()
            {
                Kind = HotStoreKind.Redis,
                Redis = new() { Connection = redis.Connection, Timeout = TimeSpan.FromMilliseconds(300), ConnectTimeout = TimeSpan.FromSeconds(1), BreakDuration = TimeSpan.FromMilliseconds(500) },
            },
        });
        await IngestAsync(desk, "posts.jsonl", Post("1", "7", "ecstatic-ann $ZANN", DateTimeOffset.UnixEpoch.AddYears(56)), Post("2", "8", "losses deepen", DateTimeOffset.UnixEpoch.AddYears(56)));
        await using var direct = TestRedis.Store(new(), desk.Desk.Options.HotStore.Redis with { Timeout = TimeSpan.FromSeconds(20) });
        var kept = await direct.GetAsync("ZANN", Token);
        Assert.Contains("ecstatic-ann", kept!.TextPreview);

        redis.Pause();
        await Assert.ThrowsAsync<HotStoreException>(async () => await (await desk.Desk.EraserAsync(null, Token)).EraseAsync(Ann, Token));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.erasures WHERE finished_at IS NOT NULL"));
        redis.Resume();
        await (await desk.Desk.EraserAsync(null, Token)).EraseAsync(Ann, Token);
        Assert.Null(await direct.GetAsync("ZANN", Token));

        // A process that was slow puts the old state back: it is found, and goes too.
        await direct.SetManyAsync([kept], Token);
        var found = await (await desk.Desk.EraserAsync(null, Token)).FindAsync(Ann, Token);
        Assert.Equal(("hot_store", 1L), Assert.Single(found.Counts.Where(count => count.Value > 0).Select(count => (count.Key, count.Value))));
        Assert.False(found.IsClean);
        await (await desk.Desk.EraserAsync(null, Token)).EraseAsync(Ann, Token);
        Assert.Null(await direct.GetAsync("ZANN", Token));
    }

    [Fact]
    public async Task Rows_that_were_not_written_yet_are_erased_though_their_day_s_file_stays_the_same()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ErasurePlacesTests));
        var at = TimeProvider.System.GetUtcNow().AddDays(-2);
        await IngestAsync(desk, "bob.jsonl", Post("1", "8", "losses deepen", at));
        await WriteLakeAsync(desk);
        var hash = await desk.Database.ScalarAsync<string>("SELECT file_sha256 FROM ops.lake_files");
        await IngestAsync(desk, "ann.jsonl", Post("2", "7", "ecstatic-ann", at));
        Assert.Equal(1, (await (await desk.Desk.EraserAsync(null, Token)).EraseAsync(Ann, Token)).Counts["all_sentiment"]);
        Assert.Equal(hash, await desk.Database.ScalarAsync<string>("SELECT file_sha256 FROM ops.lake_files"));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_days WHERE revision > written_revision"));
    }

    [Fact]
    public async Task Replaced_versions_go_though_the_store_s_clock_is_ahead()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ErasurePlacesTests), options => options with { LakeKeepReplaced = TimeSpan.FromHours(5) });
        var at = TimeProvider.System.GetUtcNow().AddDays(-2);
        await IngestAsync(desk, "posts.jsonl", Post("1", "8", "losses deepen", at), Post("2", "7", "ecstatic-ann", at));
        await WriteLakeAsync(desk);
        var kept = Path.Combine(desk.Folder, "lake", "_kept");
        await desk.Database.ScalarAsync<object>("""
            DELETE FROM sentiment.sentiment_data WHERE text LIKE 'ecstatic%'; UPDATE ops.lake_days SET revision = revision + 1, hot_rows = hot_rows - 1; SELECT 1
            """);
        await WriteLakeAsync(desk);
        Assert.Single(Directory.EnumerateFiles(kept));
        var behind = new ManualTime(TimeProvider.System.GetUtcNow().AddMinutes(-10));
        await new LakePurge(desk.Desk.DataSource, await desk.Desk.LakeOptionsAsync(null, Token), null, null, behind).RunAsync([DateOnly.FromDateTime(at.UtcDateTime)], Token);
        Assert.Empty(Directory.Exists(kept) ? Directory.EnumerateFiles(kept) : []);
        Assert.True(File.Exists(Path.Combine(desk.Folder, "lake", await desk.Database.ScalarAsync<string>("SELECT path FROM ops.lake_files"))));
    }

    [Fact]
    public async Task Archive_file_that_is_lost_stops_nothing_but_the_receipt()
    {
        await using var desk = await TestDesk.OpenAsync(server, nameof(ErasurePlacesTests), options => options with { Retention = new() { RowsPerFile = 20 } });
        var at = TimeProvider.System.GetUtcNow().AddDays(-200);
        await IngestAsync(desk, "posts.jsonl", [.. Enumerable.Range(0, 60).Select(i => Post($"{i}", i % 2 == 0 ? "7" : "8", i % 2 == 0 ? $"ecstatic-ann {i}" : "losses deepen", at.AddMinutes(i)))]);
        await (await desk.Desk.RetentionEngineAsync(null, Token)).RunAsync(RetentionCause.Command, null, Token);
        var (posts, scores) = (await FilesAsync("tweets"), await FilesAsync("tweet_sentiments"));
        Assert.Equal((3, 3), (posts.Count, scores.Count));
        // One of the scores is away for a while, one of the posts for good.
        var aside = Path.Combine(desk.Folder, "aside");
        File.Move(PathOf(scores[1]), aside);
        File.Delete(PathOf(posts[0]));

        var unread = (await (await EraserAsync()).FindAsync(Ann, Token)).Unreadable;
        Assert.Equal([posts[0].Key, scores[1].Key], unread.Select(file => file.Path));
        var error = await Assert.ThrowsAsync<RetentionException>(async () => await (await EraserAsync()).EraseAsync(Ann, Token));
        Assert.Contains(posts[0].Key, error.Message);
        Assert.Contains(scores[1].Key, error.Message);
        Assert.Contains("archive forget --lost", error.Message);
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.erasures WHERE finished_at IS NOT NULL"));
        Assert.Equal(0, await desk.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment WHERE text LIKE 'ecstatic%'"));
        Assert.Equal([20, 10, 10], (await FilesAsync("tweets")).Select(file => file.Rows));
        Assert.Equal([10, 20, 10], (await FilesAsync("tweet_sentiments")).Select(file => file.Rows));

        // What came back is found, although the posts are gone that told whose it is.
        File.Move(aside, PathOf(scores[1]));
        Assert.Equal(10, (await (await EraserAsync()).FindAsync(Ann, Token)).Counts["archive of tweet_sentiments"]);
        await Assert.ThrowsAsync<RetentionException>(async () => await (await EraserAsync()).EraseAsync(Ann, Token));
        Assert.Equal([10, 10, 10], (await FilesAsync("tweet_sentiments")).Select(file => file.Rows));

        var (forget, sound) = (await desk.Desk.ArchiveForgetAsync(null, Token), (await FilesAsync("tweets"))[1].Key);
        Assert.Contains("holds what the manifest says", (await Assert.ThrowsAsync<RetentionException>(() => forget.RunAsync([posts[0].Key, sound], Token))).Message);
        Assert.Equal(3, (await FilesAsync("tweets")).Count);
        Assert.Equal((posts[0].Key, 20L, false), Assert.Single(await forget.RunAsync([posts[0].Key], Token)) is var gone ? (gone.Path, gone.Rows, gone.InTable) : default);
        Assert.Contains(posts[0].Sha256, await desk.Database.ScalarAsync<string>("SELECT detail FROM ops.retention_actions WHERE action = 'forget_lost'"));
        var receipt = await (await EraserAsync()).EraseAsync(Ann, Token);
        Assert.Equal((20, 20), (receipt.Counts["archive of tweets"], receipt.Counts["archive of tweet_sentiments"]));
        Assert.Equal(receipt.Hash, (await ErasureReceipt.ReadAsync(desk.Desk.DataSource, receipt.Id, Token))!.ComputeHash());
        // Nothing is left of what had to be remembered.
        Assert.DoesNotContain("post ", await desk.Database.ScalarAsync<string>("SELECT string_agg(e::text, ';') FROM ops.erasures e"));
        Assert.True((await (await EraserAsync()).FindAsync(Ann, Token)).IsClean);

        Task<Eraser> EraserAsync() => desk.Desk.EraserAsync(null, Token);
        Task<IReadOnlyList<ArchiveFile>> FilesAsync(string table) => ArchiveList.ReadAsync(desk.Desk.DataSource, table, null, null, Token);
        string PathOf(ArchiveFile file) => Path.Combine(desk.Folder, "archive", file.Key);
    }
}
