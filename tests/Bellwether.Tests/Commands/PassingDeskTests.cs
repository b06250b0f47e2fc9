using Bellwether.App;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.Tests.Commands;

/// <summary>Demo and bench play with invented numbers: a shared hot store must never show them as those of a real desk.</summary>
public sealed class PassingDeskTests
{
    [Fact]
    public void Desk_that_is_thrown_away_has_keys_of_its_own_that_do_not_last()
    {
        var real = new DeskOptions { HotStore = new() { Kind = HotStoreKind.Redis, Redis = new() { KeyPrefix = "desk1:" } } };

        var (one, two) = (real.Passing().HotStore, real.Passing().HotStore);

        Assert.StartsWith("desk1:passing-", one.Redis.KeyPrefix);
        Assert.NotEqual(one.Redis.KeyPrefix, two.Redis.KeyPrefix);
        Assert.True(one.TimeToLive < TimeSpan.FromHours(1));
        Assert.Equal(real.HotStore.Redis.Connection, one.Redis.Connection);
    }

    [Theory]
    [InlineData("demo", "--events", "200")]
    [InlineData("bench", "pipeline", "--events", "200")]
    public async Task Demo_and_bench_leave_the_keys_of_a_desk_alone(params string[] command)
    {
        await using var redis = await Support.RedisServer.StartAsync();
        var program = new System.Diagnostics.ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Bellwether.App"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var folder = Support.TestFolder.Create("passing");
        foreach (var argument in (string[])[.. command, "--data", Path.Combine(folder, "demo"), "--json"]) program.ArgumentList.Add(argument);
        program.Environment["BELLWETHER__HOTSTORE__KIND"] = "redis";
        program.Environment["BELLWETHER__HOTSTORE__REDIS__CONNECTION"] = redis.Connection;
        using (var run = System.Diagnostics.Process.Start(program)!)
        {
            var (answer, error) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
            await run.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(run.ExitCode == 0, await error);
            Assert.StartsWith("{", await answer);
        }
        Directory.Delete(folder, recursive: true);

        using var client = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(redis.Connection);
        var keys = ((string[])await client.GetDatabase().ExecuteAsync("KEYS", "*"))!;
        Assert.NotEmpty(keys);
        foreach (var key in keys)
        {
            Assert.StartsWith("passing-", key);
            Assert.NotNull(await client.GetDatabase().KeyTimeToLiveAsync(key));
        }
    }
}
