using Bellwether.App.Commands;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Commands;

/// <summary><c>bellwether hotstore</c> and what doctor says of a shared store, over a server of their own.</summary>
public sealed class HotStoreCommandTests(TestServer server)
{
    static async Task<CliDesk> OpenAsync(TestServer server, string redis)
    {
        var desk = await CliDesk.OpenAsync(server, nameof(HotStoreCommandTests));
        Settings(desk, redis);
        return desk;
    }

    static void Settings(CliDesk desk, string redis) =>
        desk.Write("bellwether.json", """{"HotStore":{"Kind":"redis","Redis":{""" + redis + "}}}");

    static string News(CliDesk desk) => desk.Write("news.jsonl", string.Join('\n', Enumerable.Range(0, 30).Select(i =>
        $$"""{"event_id":"{{i}}","timestamp":"2024-05-01T14:30:00Z","tickers":["T{{i}}"],"article_title":"Profit rises","text":"T{{i}} profit rises","source":"wire"}""")));

    [Fact]
    public async Task Store_that_was_emptied_is_rebuilt_and_measured()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await OpenAsync(server, $"\"Connection\":\"{redis.Connection}\",\"Timeout\":\"00:00:20\"");
        (await desk.RunAsync("ingest", News(desk), "--wait")).Succeeds();
        // The last batch too is there when the command has ended.
        Assert.Equal(30, (await desk.RunAsync("hotstore", "memory", "--json")).Succeeds().Json.GetProperty("tickers").GetInt64());
        await redis.KillAsync();
        await redis.RestartAsync();

        var empty = (await desk.RunAsync("hotstore", "memory", "--json")).Succeeds().Json;
        var rebuilt = (await desk.RunAsync("hotstore", "rebuild", "--json")).Succeeds().Json;
        var full = (await desk.RunAsync("hotstore", "memory", "--json")).Succeeds().Json;
        var text = (await desk.RunAsync("hotstore", "memory")).Succeeds().Out;

        Assert.Equal(0, empty.GetProperty("tickers").GetInt64());
        Assert.Equal((30L, 30L, 0L), (rebuilt.GetProperty("tickers").GetInt64(), rebuilt.GetProperty("stored").GetInt64(), rebuilt.GetProperty("removed").GetInt64()));
        Assert.Equal(redis.Connection, rebuilt.GetProperty("address").GetString());
        Assert.Equal(30, full.GetProperty("tickers").GetInt64());
        Assert.Equal(["sentiment", "tickers"], full.GetProperty("families").EnumerateArray().Select(f => f.GetProperty("family").GetString()));
        Assert.True(full.GetProperty("bytes_per_ticker").GetDouble() > 100);
        Assert.Contains("30 tickers", text);
    }

    [Fact]
    public async Task Ingest_beside_a_store_that_is_away_succeeds_and_tells()
    {
        await using var desk = await OpenAsync(server, "\"Connection\":\"127.0.0.1:1\",\"ConnectTimeout\":\"00:00:00.3\"");

        var ingested = (await desk.RunAsync("ingest", News(desk), "--wait", "--json")).Succeeds();
        var read = (await desk.RunAsync("sentiment", "T1", "--json")).Succeeds();
        var rebuild = (await desk.RunAsync("hotstore", "rebuild", "--json")).Fails(ExitCode.Unavailable);

        Assert.Equal(30, ingested.Json.GetProperty("scored").GetInt32());
        Assert.Contains("hotstore rebuild", ingested.Error);
        Assert.Equal(1, read.Json.GetProperty("count").GetInt32());
        Assert.Equal("hot_store", rebuild.ErrorJson.GetProperty("kind").GetString());
        Assert.Contains("127.0.0.1:1", rebuild.ErrorJson.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Data_of_somebody_else_fails_a_rebuild_with_the_key()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var desk = await OpenAsync(server, $"\"Connection\":\"{redis.Connection}\",\"Timeout\":\"00:00:20\",\"KeyPrefix\":\"d1:\"");
        using var client = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Connection);
        await client.GetDatabase().ListLeftPushAsync("d1:sentiment:T7", "theirs");
        (await desk.RunAsync("ingest", News(desk), "--wait")).Succeeds();

        var failed = (await desk.RunAsync("hotstore", "rebuild", "--json")).Fails(ExitCode.Unavailable).ErrorJson;

        Assert.Contains("d1:sentiment:T7", failed.GetProperty("message").GetString());
        Assert.Contains("KeyPrefix", failed.GetProperty("mend").GetString());
        Assert.Equal(1, await client.GetDatabase().ListLengthAsync("d1:sentiment:T7"));
        Assert.True(await client.GetDatabase().KeyExistsAsync("d1:sentiment:T8"));
    }

    [Fact]
    public async Task Without_a_shared_store_there_is_nothing_to_rebuild()
    {
        await using var desk = await CliDesk.OpenAsync(server, nameof(HotStoreCommandTests));

        Assert.Contains("HotStore:Kind", (await desk.RunAsync("hotstore", "rebuild")).Fails(ExitCode.Usage).Error);
        Assert.Contains("HotStore:Kind", (await desk.RunAsync("hotstore", "memory")).Fails(ExitCode.Usage).Error);
    }

    [Theory]
    [InlineData("\"Connection\":\"127.0.0.1:6379,nonsense=1,password=hidden-secret\"", "HotStore:Redis:Connection")]
    [InlineData("\"Connection\":\"\"", "Connection")]
    [InlineData("\"PasswordFile\":\"/no/such/file\"", "/no/such/file")]
    [InlineData("\"TlsAuthorityFile\":\"/no/such/ca.pem\"", "certificate")]
    [InlineData("\"TlsCertificateFile\":\"/no/such/cert.pem\"", "TlsKeyFile")]
    [InlineData("\"Timeout\":\"00:00:00\"", "Timeout")]
    [InlineData("\"Pasword\":\"hidden-secret\"", "Pasword")]
    public async Task Settings_that_cannot_be_used_are_named_before_anything_starts(string redis, string named)
    {
        await using var desk = await OpenAsync(server, redis);

        var failed = (await desk.RunAsync("sentiment", "--verbose")).Fails(ExitCode.Usage);

        Assert.Contains(named, failed.Error);
        Assert.DoesNotContain("hidden-secret", failed.Error);
    }

    [Fact]
    public async Task Doctor_tells_whether_the_server_answers()
    {
        await using var redis = await RedisServer.StartAsync("--requirepass", "right-secret");
        await using var desk = await OpenAsync(server, $"\"Connection\":\"{redis.Connection}\",\"Password\":\"right-secret\",\"Timeout\":\"00:00:20\"");
        var found = Finding((await desk.RunAsync("doctor", "--json")).Json);
        Settings(desk, $"\"Connection\":\"{redis.Connection}\",\"Password\":\"other-secret\",\"Timeout\":\"00:00:20\"");
        var refused = (await desk.RunAsync("doctor", "--json")).Json;

        Assert.Equal("ok", found.GetProperty("status").GetString());
        Assert.Contains($"at {redis.Connection}", found.GetProperty("detail").GetString());
        Assert.Equal("warning", Finding(refused).GetProperty("status").GetString());
        Assert.Contains("password", Finding(refused).GetProperty("detail").GetString());
        Assert.DoesNotContain("secret", refused.ToString());

        static System.Text.Json.JsonElement Finding(System.Text.Json.JsonElement json) =>
            json.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "redis");
    }
}
