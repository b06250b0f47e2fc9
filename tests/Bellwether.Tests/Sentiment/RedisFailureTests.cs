using Bellwether.Sentiment.HotStore;
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
}
