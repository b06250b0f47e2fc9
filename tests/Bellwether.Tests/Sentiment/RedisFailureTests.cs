using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Faults;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

/// <summary>What callers see when the server is away, refuses, or holds somebody else's data.</summary>
public sealed class RedisFailureTests
{
    static CancellationToken None => TestContext.Current.CancellationToken;

    static readonly HotStoreOptions Options = new();

    static RedisHotStore Store(RedisOptions options) => TestRedis.Store(Options, options);

    [Fact]
    public async Task Server_that_is_not_there_is_named_with_what_to_do()
    {
        await using var store = Store(new() { Connection = "127.0.0.1:1", ConnectTimeout = TimeSpan.FromMilliseconds(300) });

        var error = await Assert.ThrowsAsync<HotStoreException>(async () => await store.GetAsync("A", None));

        Assert.Equal(HotStoreProblem.Unreachable, error.Problem);
        Assert.Contains("127.0.0.1:1", error.Message);
        Assert.Contains("HotStore:Redis:Connection", error.Mend);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData(null)]
    public async Task Wrong_or_missing_password_is_told_and_never_shown(string? password)
    {
        await using var server = await RedisServer.StartAsync("--requirepass", "right-secret");
        await using var store = Store(new() { Connection = server.Connection, Password = password, Timeout = TimeSpan.FromSeconds(10) });

        var error = await Assert.ThrowsAsync<HotStoreException>(async () => await store.GetAsync("A", None));

        Assert.True(error.Problem == HotStoreProblem.Authentication, error.ToString());
        Assert.Contains("PasswordFile", error.Mend);
        if (password is not null) Assert.DoesNotContain(password, $"{error}");
    }

    [Theory]
    [InlineData("redis.internal:6379", false)]
    [InlineData("10.1.2.3:6379,password=right-secret", false)]
    [InlineData("10.1.2.3:6379,password=right-secret", true)]
    public void Password_goes_to_another_machine_only_with_tls_or_by_leave(string connection, bool allowed)
    {
        var options = new RedisOptions { Connection = connection, Password = connection.Contains("password") ? null : "right-secret", AllowClearPassword = allowed };
        if (allowed) Assert.Equal("right-secret", RedisSettings.Of(options).Password);
        else
        {
            var error = Assert.Throws<HotStoreException>(() => RedisSettings.Of(options));
            Assert.Contains("in clear", error.Message);
            Assert.DoesNotContain("right-secret", $"{error}");
        }
        Assert.True(RedisSettings.Of(options with { Tls = true }).Ssl);
        Assert.Equal("own", RedisSettings.Of(new() { Connection = "localhost:6379", Password = "own" }).Password);
    }

    [Fact]
    public async Task Password_is_read_from_a_file()
    {
        await using var server = await RedisServer.StartAsync("--requirepass", "right-secret");
        var folder = TestFolder.Create("secret");
        var file = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(file, "right-secret\n", None);
        await using var store = Store(new() { Connection = server.Connection, PasswordFile = file, Timeout = TimeSpan.FromSeconds(10) });

        await store.PingAsync(None);
        await store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Connection_that_the_network_has_forgotten_is_replaced()
    {
        await using var server = await RedisServer.StartAsync();
        await using var network = new FaultProxy(server.Port);
        await using var store = Store(new() { Connection = $"127.0.0.1:{network.Port}" });
        await AnswersAsync();
        var restored = 0;
        store.Restored += () => Interlocked.Increment(ref restored);

        network.Forget();
        network.Mend();
        var failure = await Assert.ThrowsAsync<HotStoreException>(() => store.PingAsync(None));
        Assert.Equal(HotStoreProblem.Timeout, failure.Problem);
        // By itself, and those who keep the store level are told: what was written meanwhile is missing.
        await AnswersAsync();
        Assert.Equal(1, restored);

        async Task AnswersAsync()
        {
            while (true)
            {
                try
                {
                    await store.PingAsync(None);
                    return;
                }
                catch (HotStoreException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, None);
                }
            }
        }
    }

    [Fact]
    public async Task Host_name_that_nobody_knows_is_unreachable()
    {
        await using var store = Store(new() { Connection = "no-such-host.invalid:6379", ConnectTimeout = TimeSpan.FromMilliseconds(300) });

        var error = await Assert.ThrowsAsync<HotStoreException>(async () => await store.GetAsync("A", None));
        Assert.Equal(HotStoreProblem.Unreachable, error.Problem);
    }

    [Fact]
    public async Task Server_is_found_by_name()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = Store(new() { Connection = $"localhost:{server.Port}", Timeout = TimeSpan.FromSeconds(10) });
        await store.PingAsync(None);
    }

    [Fact]
    public async Task Server_without_memory_left_is_told_and_keeps_what_it_has()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        await using var store = Store(new() { Connection = server.Connection, Timeout = TimeSpan.FromSeconds(10) });
        Assert.Equal([true], await store.SetManyAsync([Snapshot("A", 1)], None));
        using var client = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(server.Connection);
        await client.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        var error = await Assert.ThrowsAsync<HotStoreException>(async () => await store.SetManyAsync([Snapshot("A", 2)], None));

        Assert.Equal(HotStoreProblem.Refused, error.Problem);
        Assert.Contains("out of memory", error.Message);
        Assert.Contains("maxmemory", error.Mend);
        Assert.Equal(1, (await store.GetAsync("A", None))!.Revision);
    }

    [Fact]
    public async Task Replica_that_may_not_be_written_is_told()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync("--replicaof", "127.0.0.1", $"{primary.Port}");
        await using var store = Store(new() { Connection = replica.Connection, Timeout = TimeSpan.FromSeconds(10) });

        var error = await Assert.ThrowsAsync<HotStoreException>(async () => await store.SetManyAsync([Snapshot("A", 1)], None));

        Assert.Equal(HotStoreProblem.Refused, error.Problem);
        Assert.Contains("replica", error.Message);
    }

    static TickerSnapshot Snapshot(string ticker, long revision) => new()
    {
        Ticker = ticker,
        Score = 0,
        Weight = 1,
        Count = 1,
        LastUpdated = DateTimeOffset.UnixEpoch,
        ModelCounts = new Dictionary<string, long>(),
        Revision = revision,
        LatestTimestamp = DateTimeOffset.UnixEpoch,
    };
}
