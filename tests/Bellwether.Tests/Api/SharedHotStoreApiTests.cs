using System.Net;
using System.Text.Json;
using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>A server whose Redis goes away and comes back: it stays ready, says that it is degraded, and answers all the same.</summary>
public sealed class SharedHotStoreApiTests(TestServer server)
{
    static async Task<JsonElement> HealthAsync(ServedDesk desk, Func<JsonElement, bool> until)
    {
        while (true)
        {
            var health = await desk.JsonAsync("/health");
            if (until(health)) return health;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Token);
        }
    }

    static JsonElement CheckOf(JsonElement health) =>
        health.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "hot store");

    [Fact(Timeout = 120_000)]
    public async Task Losing_redis_degrades_and_gaining_it_mends()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await ServedDesk.StartAsync(server, nameof(SharedHotStoreApiTests), desk: o => o with
        {
            HotStore = new()
            {
                Kind = HotStoreKind.Redis,
                Redis = new() { Connection = redis.Connection, ConnectTimeout = TimeSpan.FromSeconds(1), BreakDuration = TimeSpan.FromMilliseconds(500) },
            },
        });
        await desk.PushAsync(Event("1", "ACME", "Acme profit rises"));
        var well = await HealthAsync(desk, h => !h.GetProperty("degraded").GetBoolean() && h.GetProperty("hot_tickers").GetInt64() == 1);
        Assert.True(CheckOf(well).GetProperty("ok").GetBoolean());

        await redis.KillAsync();
        await desk.PushAsync(Event("2", "ACME", "Acme loss widens"));
        var away = await HealthAsync(desk, h => h.GetProperty("degraded").GetBoolean());
        Assert.True(away.GetProperty("ready").GetBoolean());
        Assert.Contains("cannot be reached", CheckOf(away).GetProperty("detail").GetString());
        using var ready = await desk.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(2, (await desk.JsonAsync("/api/v1/sentiment/ACME")).GetProperty("count").GetInt32());
        using var metrics = await desk.GetAsync("/metrics");
        var text = await metrics.Content.ReadAsStringAsync(Token);
        Assert.Contains("bellwether_breaker_state{breaker=\"hot_store\"}", text);
        Assert.Contains("bellwether_hot_store_failures_total{operation=\"write\"}", text);
        Assert.Contains("bellwether_hot_store_behind 1", text);

        await redis.RestartAsync();
        var back = await HealthAsync(desk, h => !h.GetProperty("degraded").GetBoolean() && h.GetProperty("hot_tickers").GetInt64() == 1);
        Assert.True(back.GetProperty("ready").GetBoolean());
        await using var direct = TestRedis.Store(new(), new() { Connection = redis.Connection, Timeout = TimeSpan.FromSeconds(20) });
        // The server is well as soon as it reaches the store, and then writes what the store lacks.
        var found = await direct.GetAsync("ACME", Token);
        for (var attempt = 0; found?.Count != 2 && attempt < 200; attempt++)
        {
            await Task.Delay(100, Token);
            found = await direct.GetAsync("ACME", Token);
        }
        Assert.Equal(2, found!.Count);
    }
}
