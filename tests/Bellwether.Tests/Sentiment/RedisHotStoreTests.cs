using System.Text.Json;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;
using StackExchange.Redis;

namespace Bellwether.Tests.Sentiment;

/// <summary>What only a shared store has to do: keys as others know them, lifetimes, other people's data, many writers.</summary>
public sealed class RedisHotStoreTests(TestRedis redis) : IAsyncLifetime
{
    static readonly HotStoreOptions Options = new();

    RedisOptions _redis = new();
    RedisHotStore? _store;

    static CancellationToken None => TestContext.Current.CancellationToken;

    RedisHotStore Store => _store!;

    IDatabase Database => redis.Database;

    public async ValueTask InitializeAsync() => _store = TestRedis.Store(Options, _redis = await redis.OptionsAsync("store"));

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    string Key(string ticker) => _redis.KeyPrefix + HotStoreKeys.Sentiment(ticker);

    static TickerSnapshot Snapshot(string ticker, long revision, double score = 0.5) => new()
    {
        Ticker = ticker,
        Score = score,
        Weight = 1,
        Count = 1,
        LastUpdated = new(2024, 5, 6, 13, 30, 0, TimeSpan.Zero),
        ModelCounts = new Dictionary<string, long> { ["lexicon"] = 1 },
        Revision = revision,
        LatestTimestamp = new(2024, 5, 6, 13, 29, 59, TimeSpan.Zero),
    };

    [Fact]
    public async Task Keys_and_fields_are_those_that_other_programs_read()
    {
        await Store.SetManyAsync([Snapshot("BRK.B", 3) with { ArticleTitle = "Title", SourceUrl = "https://e.com", TextPreview = "Text" }], None);

        using var json = JsonDocument.Parse((string)(await Database.StringGetAsync(Key("BRK.B")))!);
        Assert.Equal(
            ["ticker", "score", "weight", "count", "article_title", "source_url", "text_preview", "last_updated", "model_counts", "revision", "latest_timestamp"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(1, json.RootElement.GetProperty("model_counts").GetProperty("lexicon").GetInt64());
        Assert.True(await Database.SetContainsAsync(_redis.KeyPrefix + "tickers", "BRK.B"));
    }

    [Fact]
    public async Task Lifetimes_on_the_server_are_those_of_the_options_with_their_jitter()
    {
        var snapshots = Enumerable.Range(0, 400).Select(i => Snapshot($"T{i}", i + 1)).ToArray();
        await Store.SetManyAsync(snapshots, None);

        foreach (var snapshot in snapshots)
        {
            var left = (await Database.KeyTimeToLiveAsync(Key(snapshot.Ticker)))!.Value;
            var whole = Options.LifetimeOf(snapshot.Ticker, snapshot.Revision);
            Assert.InRange(left, whole - TimeSpan.FromMinutes(10), whole);
            Assert.InRange(whole, Options.TimeToLive * 0.9, Options.TimeToLive * 1.1);
        }
        // The set of tickers outlives every one of them, and is not kept for ever either.
        var longest = snapshots.Max(s => Options.LifetimeOf(s.Ticker, s.Revision));
        Assert.InRange((await Database.KeyTimeToLiveAsync(_redis.KeyPrefix + "tickers"))!.Value, longest - TimeSpan.FromMinutes(10), longest);
    }

    [Fact]
    public async Task Set_of_tickers_never_dies_before_its_snapshots()
    {
        await Store.SetManyAsync([Snapshot("LONG", 1)], None);
        await using var brief = TestRedis.Store(Options with { TimeToLive = TimeSpan.FromHours(1) }, _redis);

        await brief.SetManyAsync([Snapshot("BRIEF", 1)], None);

        Assert.True(await Database.KeyTimeToLiveAsync(_redis.KeyPrefix + "tickers") > TimeSpan.FromDays(6));
    }

    [Fact]
    public async Task Server_itself_lets_a_snapshot_expire()
    {
        await using var brief = TestRedis.Store(Options with { TimeToLive = TimeSpan.FromSeconds(1) }, _redis);
        await brief.SetManyAsync([Snapshot("A", 1)], None);

        while (await brief.GetAsync("A", None) is not null) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, None);
        Assert.Empty(await brief.TickersAsync(None));
        // The set of tickers forgets it too.
        Assert.Equal(0, await Database.SetLengthAsync(_redis.KeyPrefix + "tickers"));
    }

    [Fact]
    public async Task Late_writers_lose_however_many_write_at_once()
    {
        var random = new Random(7);
        string[] tickers = ["A", "B", "C", "D", "E"];
        var last = tickers.ToDictionary(t => t, _ => 0L);
        // Every revision of every ticker in one random order, dealt out to writers with connections of their own, in batches of any size.
        var writes = tickers.SelectMany(t => Enumerable.Range(1, 300).Select(r => Snapshot(t, r * (1L << 40) + r, r / 300.0))).OrderBy(_ => random.Next()).ToArray();
        foreach (var write in writes) last[write.Ticker] = Math.Max(last[write.Ticker], write.Revision);
        var wins = new System.Collections.Concurrent.ConcurrentBag<(string Ticker, long Revision)>();

        await Task.WhenAll(writes.Chunk(250).Select((share, i) => Task.Run(async () =>
        {
            var batches = new Random(i);
            var encoding = i % 2 == 0 ? SnapshotEncoding.Json : SnapshotEncoding.Compact;
            await using var writer = TestRedis.Store(Options, _redis with { Encoding = encoding });
            for (var at = 0; at < share.Length;)
            {
                var batch = share.Skip(at).Take(batches.Next(1, 20)).ToArray();
                var won = await writer.SetManyAsync(batch, None);
                foreach (var (snapshot, win) in batch.Zip(won))
                    if (win) wins.Add((snapshot.Ticker, snapshot.Revision));
                at += batch.Length;
            }
        }, None)));

        foreach (var snapshot in await Store.GetManyAsync(tickers, None))
        {
            Assert.Equal(last[snapshot!.Ticker], snapshot.Revision);
            Assert.Equal(1, snapshot.Score);
        }
        // Nobody won twice with the same revision, and the last of each did win.
        Assert.Equal(wins.Count, wins.Distinct().Count());
        Assert.All(tickers, t => Assert.Contains((t, last[t]), wins));
    }

    [Theory]
    [InlineData(long.MaxValue - 1, long.MaxValue)]
    [InlineData(1L << 53, (1L << 53) + 1)]
    [InlineData(999_999_999, 1_000_000_000)]
    [InlineData(long.MinValue, long.MinValue + 1)]
    [InlineData(-1_000_000_000, -999_999_999)]
    [InlineData(-1, 0)]
    public async Task Revisions_are_compared_exactly(long lower, long higher)
    {
        foreach (var encoding in Enum.GetValues<SnapshotEncoding>())
        {
            await using var store = TestRedis.Store(Options, _redis with { Encoding = encoding });
            Assert.Equal([true, true, false], await store.SetManyAsync([Snapshot("A", lower), Snapshot("A", higher), Snapshot("A", lower)], None));
            Assert.True(await store.RemoveAsync("A", None));
        }
    }

    [Fact]
    public async Task Field_named_revision_elsewhere_is_not_taken_for_the_revision()
    {
        var tricky = Snapshot("A", 5) with
        {
            ArticleTitle = "\"revision\":99,",
            ModelCounts = new Dictionary<string, long> { ["revision"] = 77, ["\"revision\":88"] = 1 },
        };
        Assert.Equal([true, true], await Store.SetManyAsync([tricky, Snapshot("A", 6)], None));
    }

    [Fact]
    public async Task Entry_of_a_program_without_revisions_is_replaced()
    {
        await Database.StringSetAsync(Key("A"), """{"ticker":"A","score":0.1,"weight":2.0,"count":7,"last_updated":123.5}""");

        Assert.Equal([true], await Store.SetManyAsync([Snapshot("A", 1)], None));
        Assert.Equal(0.5, (await Store.GetAsync("A", None))!.Score);
    }

    [Fact]
    public async Task Data_of_somebody_else_is_left_alone_and_named()
    {
        await Database.HashSetAsync(Key("HASH"), "field", "theirs");
        await Database.StringSetAsync(Key("TEXT"), "theirs");
        await Database.StringSetAsync(Key("JSON"), """{"theirs":1}""");

        var won = await Store.SetManyAsync([Snapshot("OURS", 1), Snapshot("HASH", 1), Snapshot("TEXT", 1), Snapshot("JSON", 1)], None);

        Assert.Equal([true, false, false, false], won);
        Assert.Equal([Key("HASH"), Key("JSON"), Key("TEXT")], Store.ForeignKeys);
        Assert.Equal(["OURS", null, null, null], (await Store.GetManyAsync(["OURS", "HASH", "TEXT", "JSON"], None)).Select(s => s?.Ticker));
        Assert.False(await Store.RemoveAsync("TEXT", None));
        Assert.Equal("theirs", await Database.StringGetAsync(Key("TEXT")));
        Assert.Equal("theirs", await Database.HashGetAsync(Key("HASH"), "field"));
        Assert.Equal(["OURS"], await Store.TickersAsync(None));

        // Once they are gone, the tickers are ours.
        await Database.KeyDeleteAsync([Key("HASH"), Key("TEXT"), Key("JSON")]);
        Assert.DoesNotContain(false, await Store.SetManyAsync([Snapshot("HASH", 1), Snapshot("TEXT", 1), Snapshot("JSON", 1)], None));
        Assert.Empty(Store.ForeignKeys);
    }

    [Fact]
    public async Task Set_of_tickers_that_is_somebody_elses_is_an_error_that_names_the_key()
    {
        await Database.StringSetAsync(_redis.KeyPrefix + "tickers", "theirs");

        var write = await Assert.ThrowsAsync<HotStoreException>(async () => await Store.SetManyAsync([Snapshot("A", 1)], None));
        var list = await Assert.ThrowsAsync<HotStoreException>(async () => await Store.TickersAsync(None));

        foreach (var error in new[] { write, list })
        {
            Assert.Equal(HotStoreProblem.ForeignData, error.Problem);
            Assert.Contains(_redis.KeyPrefix + "tickers", error.Message);
            Assert.Contains("KeyPrefix", error.Mend);
        }
        Assert.False(await Database.KeyExistsAsync(Key("A")));
    }

    [Fact]
    public async Task Server_that_forgot_the_scripts_gets_them_again()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = TestRedis.Store(Options, new() { Connection = server.Connection, Timeout = TimeSpan.FromSeconds(20) });
        using var client = await ConnectionMultiplexer.ConnectAsync(server.Connection);
        Assert.Equal([true], await store.SetManyAsync([Snapshot("A", 1)], None));

        await client.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");

        Assert.Equal([true], await store.SetManyAsync([Snapshot("A", 2)], None));
        Assert.Equal(["A"], await store.TickersAsync(None));
        Assert.True(await store.RemoveAsync("A", None));
    }

    [Fact]
    public async Task Large_batches_keep_their_places()
    {
        var snapshots = Enumerable.Range(0, 1_700).Select(i => Snapshot($"T{i}", i)).ToArray();

        Assert.DoesNotContain(false, await Store.SetManyAsync(snapshots, None));
        var read = await Store.GetManyAsync([.. snapshots.Select(s => s.Ticker).Reverse(), "X"], None);

        Assert.Equal([.. snapshots.Select(s => s.Revision).Reverse().Cast<long?>(), null], read.Select(s => s?.Revision));
        Assert.Equal(1_700, (await Store.StatsAsync(None)).Entries);
    }

    [Fact]
    public async Task Two_desks_with_their_own_prefixes_do_not_see_each_other()
    {
        await using var other = TestRedis.Store(Options, await redis.OptionsAsync("store"));
        await Store.SetManyAsync([Snapshot("A", 1)], None);
        await other.SetManyAsync([Snapshot("B", 1)], None);

        Assert.Equal(["A"], await Store.TickersAsync(None));
        Assert.Equal(["B"], await other.TickersAsync(None));
    }

    [Fact]
    public async Task Memory_counts_every_key_of_the_family()
    {
        await Store.SetManyAsync([.. Enumerable.Range(0, 1_200).Select(i => Snapshot($"T{i}", i))], None);

        var memory = await Store.MemoryAsync(None);

        Assert.Equal([("sentiment", 1_200L), ("tickers", 1L)], memory.Families.Select(f => (f.Family, f.Keys)));
        Assert.All(memory.Families, f => Assert.True(f.Bytes > f.Keys * 4));
        Assert.Equal(1_200, memory.Tickers);
        Assert.Equal(memory.Families.Sum(f => f.Bytes) / 1_200.0, memory.BytesPerTicker);
        Assert.True(memory.ServerBytes > memory.Families.Sum(f => f.Bytes));
    }
}
