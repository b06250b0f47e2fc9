using Bellwether.Sentiment.HotStore;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

[assembly: AssemblyFixture(typeof(Bellwether.Tests.Support.TestRedis))]

namespace Bellwether.Tests.Support;

/// <summary>
/// One Redis server for the whole run: the one named by BELLWETHER_TEST_REDIS, else a private one. Every user of it has a key prefix of
/// its own.
/// </summary>
public sealed class TestRedis : IAsyncDisposable
{
    readonly SemaphoreSlim _once = new(1);
    RedisServer? _server;
    ConnectionMultiplexer? _client;
    string? _connection;

    /// <summary>Settings of a store under a prefix that nobody else uses.</summary>
    public async Task<RedisOptions> OptionsAsync(string name)
    {
        await StartAsync();
        return new() { Connection = _connection!, KeyPrefix = $"{name}-{Guid.NewGuid():N}:", Timeout = TimeSpan.FromSeconds(20) };
    }

    /// <summary>Direct access, for looking behind a store and for spoiling its data.</summary>
    public IDatabase Database => _client!.GetDatabase();

    public static RedisHotStore Store(HotStoreOptions options, RedisOptions redis) =>
        new(options with { Kind = HotStoreKind.Redis, Redis = redis }, TimeProvider.System, NullLogger<RedisHotStore>.Instance);

    async Task StartAsync()
    {
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_client is not null) return;
            if (Environment.GetEnvironmentVariable("BELLWETHER_TEST_REDIS") is { Length: > 0 } named) _connection = named;
            else _connection = (_server = await RedisServer.StartAsync()).Connection;
            _client = await ConnectionMultiplexer.ConnectAsync(_connection);
        }
        finally
        {
            _once.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
    }
}
