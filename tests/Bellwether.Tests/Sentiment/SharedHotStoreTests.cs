using Bellwether.App;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

/// <summary>A desk with a Redis server that is killed, paused and emptied under it.</summary>
public sealed class SharedHotStoreTests(TestServer server)
{
    static CancellationToken None => TestContext.Current.CancellationToken;

    static DeskOptions With(DeskOptions options, RedisServer redis) => options with
    {
        HotStore = new()
        {
            Kind = HotStoreKind.Redis,
            Redis = new()
            {
                Connection = redis.Connection,
                Timeout = TimeSpan.FromMilliseconds(300),
                ConnectTimeout = TimeSpan.FromSeconds(1),
                BreakDuration = TimeSpan.FromMilliseconds(500),
            },
        },
    };

    static GuardedHotStore HotOf(TestDesk desk) => (GuardedHotStore)desk.Desk.Hot;

    static async Task IngestAsync(TestDesk desk, string name, params string[] tickers)
    {
        var file = Path.Combine(desk.Folder, $"{name}.jsonl");
        await File.WriteAllLinesAsync(file, tickers.Select((t, i) =>
            $$"""{"event_id":"{{name}}-{{i}}","timestamp":"2024-05-01T14:30:00Z","tickers":["{{t}}"],"article_title":"{{t}} profit rises","text":"{{t}} profit rises to a record","source":"wire"}"""), None);
        var outcome = await desk.IngestAsync(new(), file);
        Assert.Equal(tickers.Length, outcome.Scored);
    }

    /// <summary>Waits for something that comes about by itself; the test's own limit ends what never does.</summary>
    static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, None);
    }

    /// <summary>What the server itself holds, past every layer of the program.</summary>
    static async Task<IReadOnlyList<TickerSnapshot?>> BehindAsync(TestDesk desk, params string[] tickers)
    {
        await using var direct = TestRedis.Store(new(), desk.Desk.Options.HotStore.Redis with { Timeout = TimeSpan.FromSeconds(20) });
        return await direct.GetManyAsync(tickers, None);
    }

    [Fact(Timeout = 120_000)]
    public async Task Server_killed_and_back_empty_is_level_again_without_help()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await TestDesk.OpenAsync(server, "redis_killed", o => With(o, redis));
        using var stop = new CancellationTokenSource();
        await IngestAsync(desk, "before", "AAA", "BBB");
        Assert.DoesNotContain(null, await BehindAsync(desk, "AAA", "BBB"));
        var upkeep = desk.Desk.CreateCatchUp()!.RunAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(!HotOf(desk).IsBehind));

        await redis.KillAsync();
        // Scoring goes on, and readers get the newest from the database.
        await IngestAsync(desk, "while", "BBB", "CCC");
        Assert.Equal([1L, 2L, 1L], (await desk.Desk.Reader.LatestAsync(["AAA", "BBB", "CCC"], None)).Select(s => s!.Count));
        Assert.True(HotOf(desk).State.IsDegraded);
        Assert.Contains("cannot be reached", HotOf(desk).State.Problem);
        Assert.True(HotOf(desk).IsBehind);

        await redis.RestartAsync();
        await UntilAsync(() => Task.FromResult(!HotOf(desk).IsBehind));

        Assert.Equal([1L, 2L, 1L], (await BehindAsync(desk, "AAA", "BBB", "CCC")).Select(s => s!.Count));
        Assert.False(HotOf(desk).State.IsDegraded);
        await stop.CancelAsync();
        await upkeep;
    }

    [Fact(Timeout = 120_000)]
    public async Task Server_emptied_while_nobody_asked_is_filled_again()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await TestDesk.OpenAsync(server, "redis_emptied", o => With(o, redis));
        using var stop = new CancellationTokenSource();
        await IngestAsync(desk, "before", "AAA", "BBB");
        var upkeep = desk.Desk.CreateCatchUp()!.RunAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(!HotOf(desk).IsBehind));

        // No call of this process fails: it only sees its connection break and come back.
        await redis.KillAsync();
        await redis.RestartAsync();

        await UntilAsync(async () => !(await BehindAsync(desk, "AAA", "BBB")).Contains(null));
        await stop.CancelAsync();
        await upkeep;
    }

    [Fact(Timeout = 120_000)]
    public async Task Server_that_falls_silent_holds_nobody_up_and_late_commands_do_no_harm()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await TestDesk.OpenAsync(server, "redis_paused", o => With(o, redis));
        using var stop = new CancellationTokenSource();
        await IngestAsync(desk, "before", "AAA");
        var upkeep = desk.Desk.CreateCatchUp()!.RunAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(!HotOf(desk).IsBehind));

        redis.Pause();
        try
        {
            for (var i = 0; i < 5; i++)
            {
                await IngestAsync(desk, $"while{i}", "AAA", "BBB");
                Assert.Equal([i + 2L, i + 1L], (await desk.Desk.Reader.LatestAsync(["AAA", "BBB"], None)).Select(s => s!.Count));
            }
            await UntilAsync(async () => (await HotOf(desk).ProbeAsync(None)).Breaker != Polly.CircuitBreaker.CircuitState.Closed);
            Assert.True(HotOf(desk).State.IsDegraded);
            Assert.Contains("no answer within", HotOf(desk).State.Problem);
        }
        finally
        {
            redis.Resume();
        }

        await UntilAsync(() => Task.FromResult(!HotOf(desk).IsBehind));
        Assert.Equal([6L, 5L], (await BehindAsync(desk, "AAA", "BBB")).Select(s => s!.Count));
        Assert.False((await HotOf(desk).ProbeAsync(None)).IsDegraded);
        await stop.CancelAsync();
        await upkeep;
    }

    [Fact]
    public async Task Breaker_leaves_a_server_alone_that_is_away()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        await using var desk = await TestDesk.OpenAsync(server, "redis_breaker", o => With(o, redis) is var with
            ? with with { HotStore = with.HotStore with { Redis = with.HotStore.Redis with { BreakDuration = TimeSpan.FromMinutes(5) } } } : o);
        await IngestAsync(desk, "one", "AAA");

        Assert.Equal([null, null], await HotOf(desk).GetManyAsync(["AAA", "BBB"], None));
        Assert.Equal(Polly.CircuitBreaker.CircuitState.Open, HotOf(desk).State.Breaker);
        await redis.RestartAsync();

        // It is back, and still not asked before its time.
        Assert.False((await HotOf(desk).SetManyAsync([(await desk.Desk.Reader.LatestAsync(["AAA"], None))[0]!], None))[0]);
        Assert.Equal([null], await BehindAsync(desk, "AAA"));
        Assert.True(HotOf(desk).HasMissedWrites);
    }

    [Fact]
    public async Task Rebuild_makes_the_store_equal_to_the_database_whatever_was_in_it()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await TestDesk.OpenAsync(server, "redis_rebuild", o => With(o, redis));
        await IngestAsync(desk, "one", [.. Enumerable.Range(0, 1_300).Select(i => $"T{i:D4}")]);
        await IngestAsync(desk, "two", "T0001", "T0002");
        var store = HotOf(desk).Inner;
        var truth = await desk.Desk.Reader.StatesAsync([.. Enumerable.Range(0, 1_300).Select(i => $"T{i:D4}")], None);
        // Gone, ahead of a database that went back, and of a ticker that the database does not know.
        await store.RemoveAsync("T0000", None);
        await store.SetManyAsync([truth[1] with { Revision = 1_000, Score = -1 }, truth[2] with { Ticker = "GONE" }], None);

        var done = await new HotStoreRebuild(desk.Desk.Reader, store).RunAsync(null, None);

        Assert.Equal(new(1_300, 1_300, 1), done);
        var rebuilt = await store.GetManyAsync([.. truth.Select(s => s.Ticker)], None);
        Assert.Equal(truth.Select(Json), rebuilt.Select(s => Json(s!)));
        Assert.Equal(truth.Select(s => s.Ticker), await store.TickersAsync(None));

        static string Json(TickerSnapshot s) => System.Text.Json.JsonSerializer.Serialize(s, TickerSnapshotJson.Default.TickerSnapshot);
    }

    [Fact]
    public async Task Rebuild_beside_working_writers_never_loses_the_newest_state()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await TestDesk.OpenAsync(server, "redis_beside", o => With(o, redis));
        string[] tickers = ["AAA", "BBB", "CCC"];
        await IngestAsync(desk, "first", tickers);
        using var stop = new CancellationTokenSource();
        var rebuilding = Task.Run(async () =>
        {
            var rounds = 0;
            for (; !stop.IsCancellationRequested; rounds++) await new HotStoreRebuild(desk.Desk.Reader, HotOf(desk).Inner).RunAsync(null, None);
            return rounds;
        }, None);
        for (var i = 0; i < 10; i++) await IngestAsync(desk, $"more{i}", tickers);
        await stop.CancelAsync();
        Assert.True(await rebuilding > 0);

        Assert.Equal((await desk.Desk.Reader.StatesAsync(tickers, None)).Select(s => s.Revision), (await BehindAsync(desk, tickers)).Select(s => s!.Revision));
    }
}
