using Bellwether.Sentiment.HotStore;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Sentiment;

/// <summary>The contract on a real server. Its clock is moved by shortening every lifetime.</summary>
public abstract class RedisHotStoreContract(TestRedis redis, SnapshotEncoding encoding) : HotStoreContract, IAsyncLifetime
{
    const string Shorten = """
        for i = 1, #KEYS do
          local left = redis.call('PTTL', KEYS[i])
          if left >= 0 then redis.call('PEXPIRE', KEYS[i], left - ARGV[1]) end
        end
        """;

    RedisHotStore? _store;
    string _prefix = "";

    protected override IHotStore Store => _store!;

    public async ValueTask InitializeAsync()
    {
        var options = await redis.OptionsAsync("contract");
        _prefix = options.KeyPrefix;
        _store = TestRedis.Store(Options, options with { Encoding = encoding });
    }

    protected override async ValueTask PassAsync(TimeSpan time)
    {
        var keys = new[] { "A", "B" }.Select(t => (StackExchange.Redis.RedisKey)(_prefix + HotStoreKeys.Sentiment(t))).ToArray();
        await redis.Database.ScriptEvaluateAsync(Shorten, keys, [(long)time.TotalMilliseconds]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

public sealed class JsonRedisHotStoreTests(TestRedis redis) : RedisHotStoreContract(redis, SnapshotEncoding.Json);

public sealed class CompactRedisHotStoreTests(TestRedis redis) : RedisHotStoreContract(redis, SnapshotEncoding.Compact);
