using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// The store on a Redis server: a string under <c>sentiment:{ticker}</c> that expires, and the set <c>tickers</c>. Writes compare
/// revisions on the server, so that the later state wins whoever writes it and in whatever order. Throws
/// <see cref="HotStoreException"/> when the server fails. A key that holds somebody else's data reads as absent, is never overwritten,
/// and is listed in <see cref="ForeignKeys"/>.
/// </summary>
public sealed partial class RedisHotStore : IHotStore, IAsyncDisposable
{
    // Short enough for a script of a few milliseconds, during which the server answers nobody else.
    const int Chunk = 500;

    const int MaxForeignKeys = 100;

    readonly HotStoreOptions _options;
    readonly RedisConnection _connection;
    readonly ILogger _logger;
    readonly RedisKey _tickers;
    readonly string _sentiment;
    readonly ConcurrentDictionary<string, byte> _foreign = new(StringComparer.Ordinal);
    long _hits;
    long _misses;

    public RedisHotStore(HotStoreOptions options, TimeProvider time, ILogger<RedisHotStore> logger)
    {
        (_options, _logger) = (options, logger);
        _connection = new(options.Redis, time, logger);
        _connection.Restored += () => Restored?.Invoke();
        _tickers = options.Redis.KeyPrefix + HotStoreKeys.Tickers;
        _sentiment = options.Redis.KeyPrefix + HotStoreKeys.Sentiment("");
    }

    /// <summary>Called when the connection was lost and is back: the server may have lost everything meanwhile.</summary>
    public event Action? Restored;

    /// <summary>Host and port, without any secret.</summary>
    public string Address => _connection.Address;

    /// <summary>Keys found to hold somebody else's data; up to a hundred.</summary>
    public IReadOnlyList<string> ForeignKeys => [.. _foreign.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Throws <see cref="HotStoreException"/> for settings that cannot be used, such as a password file that is not there.</summary>
    public static void Require(HotStoreOptions options)
    {
        if (options.Kind == HotStoreKind.Redis) RedisSettings.Of(options.Redis);
    }

    /// <summary>Returns when the server answers.</summary>
    public Task PingAsync(CancellationToken cancellationToken) => _connection.RunAsync(db => db.ExecuteAsync("PING"), cancellationToken);

    /// <summary>Counts tickers as not found that this store could not be asked for.</summary>
    internal void Missed(int tickers) => Interlocked.Add(ref _misses, tickers);

    /// <summary>What can be told without the server.</summary>
    internal HotStoreStats StatsWithoutServer => new(0, FrozenDictionary<string, long>.Empty, Interlocked.Read(ref _hits), Interlocked.Read(ref _misses));

    public async ValueTask<TickerSnapshot?> GetAsync(string ticker, CancellationToken cancellationToken) =>
        (await GetManyAsync([ticker], cancellationToken))[0];

    public async ValueTask<IReadOnlyList<TickerSnapshot?>> GetManyAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var parts = await Task.WhenAll(tickers.Chunk(Chunk).Select(chunk =>
        {
            var keys = Array.ConvertAll(chunk, KeyOf);
            return _connection.RunAsync(db => db.StringGetAsync(keys), cancellationToken);
        }));
        var found = new TickerSnapshot?[tickers.Count];
        for (var i = 0; i < found.Length; i++)
            if (parts[i / Chunk][i % Chunk] is { IsNull: false } value && Decode(tickers[i], value) is { } snapshot) found[i] = snapshot;
        var hits = found.Count(s => s is not null);
        Interlocked.Add(ref _hits, hits);
        Interlocked.Add(ref _misses, found.Length - hits);
        return found;
    }

    public async ValueTask<IReadOnlyList<bool>> SetManyAsync(IReadOnlyList<TickerSnapshot> snapshots, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var i = 0; i < snapshots.Count; i++)
            HotStoreKeys.Require(snapshots[i]);
        var won = new bool[snapshots.Count];
        // One chunk after the other: a ticker that comes twice is stored in the order given.
        for (var start = 0; start < won.Length; start += Chunk)
        {
            var count = Math.Min(Chunk, won.Length - start);
            var (keys, values) = (new RedisKey[count + 1], new RedisValue[count * 4]);
            keys[0] = _tickers;
            for (var i = 0; i < count; i++)
            {
                var snapshot = snapshots[start + i];
                keys[i + 1] = KeyOf(snapshot.Ticker);
                values[i * 4] = snapshot.Ticker;
                values[i * 4 + 1] = snapshot.Revision.ToString(CultureInfo.InvariantCulture);
                values[i * 4 + 2] = (long)_options.LifetimeOf(snapshot.Ticker, snapshot.Revision).TotalMilliseconds;
                values[i * 4 + 3] = SnapshotCodec.Encode(snapshot, _options.Redis.Encoding);
            }
            var answer = (string)await _connection.EvaluateAsync(RedisScripts.Set, keys, values, cancellationToken);
            for (var i = 0; i < count; i++)
            {
                if (answer[i] == RedisScripts.Foreign) FoundForeign(keys[i + 1]!);
                won[start + i] = answer[i] == RedisScripts.Won;
                // Of somebody else no longer: that was deleted, and what is there now is ours.
                if (won[start + i] && !_foreign.IsEmpty) _foreign.TryRemove(keys[i + 1]!, out _);
            }
        }
        return won;
    }

    public async ValueTask<bool> RemoveAsync(string ticker, CancellationToken cancellationToken)
    {
        var key = KeyOf(ticker);
        var answer = (string)await _connection.EvaluateAsync(RedisScripts.Remove, [_tickers, key], [ticker], cancellationToken);
        if (answer[0] == RedisScripts.Foreign) FoundForeign(key!);
        return answer[0] == RedisScripts.Won;
    }

    RedisKey KeyOf(string ticker) => _sentiment + ticker;

    TickerSnapshot? Decode(string ticker, byte[] value)
    {
        if (SnapshotCodec.TryDecode(ticker, value, out var snapshot)) return snapshot;
        FoundForeign(_sentiment + ticker);
        return null;
    }

    void FoundForeign(string key)
    {
        if (_foreign.Count < MaxForeignKeys && _foreign.TryAdd(key, 0)) ForeignData(_logger, key);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [LoggerMessage(EventId = 2103, Level = LogLevel.Error,
        Message = "the Redis key {Key} holds data that this program has not written; it is left alone, and its ticker is served from the database")]
    static partial void ForeignData(ILogger logger, string key);
}
