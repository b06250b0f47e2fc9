using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace Bellwether.Sentiment.HotStore;

public sealed partial class RedisHotStore
{
    public async ValueTask<IReadOnlyList<string>> TickersAsync(CancellationToken cancellationToken)
    {
        var tickers = new List<string>();
        await foreach (var (ticker, _) in SizesAsync(cancellationToken)) tickers.Add(ticker);
        tickers.Sort(StringComparer.Ordinal);
        return tickers;
    }

    public async ValueTask<HotStoreStats> StatsAsync(CancellationToken cancellationToken)
    {
        long entries = 0, tickerBytes = 0, sentimentBytes = 0;
        await foreach (var (ticker, size) in SizesAsync(cancellationToken))
        {
            entries++;
            var bytes = Encoding.UTF8.GetByteCount(ticker);
            tickerBytes += bytes;
            // Without the prefix: it belongs to the server's order, and two stores with the same content tell the same size.
            sentimentBytes += HotStoreKeys.SentimentFamily.Length + 1 + bytes + size;
        }
        if (entries > 0) tickerBytes += HotStoreKeys.Tickers.Length;
        var families = new Dictionary<string, long>
        {
            [HotStoreKeys.SentimentFamily] = sentimentBytes,
            [HotStoreKeys.Tickers] = tickerBytes,
        }.ToFrozenDictionary();
        return new(entries, families, Interlocked.Read(ref _hits), Interlocked.Read(ref _misses));
    }

    /// <summary>What the server's memory is used for. Looks at every key: minutes apart, not seconds.</summary>
    public async Task<HotStoreMemory> MemoryAsync(CancellationToken cancellationToken)
    {
        var (keys, bytes) = (0L, 0L);
        var cursor = "0";
        do
        {
            var at = cursor;
            var page = (RedisResult[])await _connection.RunAsync(
                db => db.ExecuteAsync("SCAN", at, "MATCH", GlobOf(_sentiment) + "*", "COUNT", Chunk), cancellationToken);
            cursor = (string)page[0];
            foreach (var size in await Task.WhenAll(((string[])page[1]).Select(key => BytesOfAsync(key, cancellationToken))))
                if (size is { } known) (keys, bytes) = (keys + 1, bytes + known);
        }
        while (cursor != "0");
        var set = await BytesOfAsync(_tickers!, cancellationToken);
        var info = (string)await _connection.RunAsync(db => db.ExecuteAsync("INFO", "memory"), cancellationToken);
        return new(
            [new(HotStoreKeys.SentimentFamily, keys, bytes), new(HotStoreKeys.Tickers, set is null ? 0 : 1, set ?? 0)], keys,
            Number(info, "used_memory:"), Number(info, "maxmemory:"));
    }

    /// <summary>Version, address and memory policy of the server in one line.</summary>
    public async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        var server = (string)await _connection.RunAsync(db => db.ExecuteAsync("INFO", "server"), cancellationToken);
        var tickers = (long)await _connection.RunAsync(db => db.ExecuteAsync("SCARD", _tickers), cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{Value(server, "redis_version:")} at {Address}, database {_options.Redis.Database}, {tickers} tickers");
    }

    async IAsyncEnumerable<(string Ticker, long Size)> SizesAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var members = (string[])await _connection.RunAsync(db => db.ExecuteAsync("SMEMBERS", _tickers), cancellationToken);
        foreach (var chunk in members.Chunk(Chunk))
        {
            var sizes = (long[])await _connection.EvaluateAsync(RedisScripts.Sizes, [_tickers, .. chunk.Select(KeyOf)],
                Array.ConvertAll(chunk, t => (RedisValue)t), cancellationToken);
            for (var i = 0; i < chunk.Length; i++)
                if (sizes[i] > 0) yield return (chunk[i], sizes[i]);
        }
    }

    // Null for a key that has gone since it was listed.
    async Task<long?> BytesOfAsync(string key, CancellationToken cancellationToken) =>
        (long?)await _connection.RunAsync(db => db.ExecuteAsync("MEMORY", "USAGE", (RedisKey)key, "SAMPLES", 0), cancellationToken);

    static string GlobOf(string text) => string.Concat(text.Select(c => c is '*' or '?' or '[' or ']' or '\\' or '^' ? $"\\{c}" : $"{c}"));

    static long Number(string info, string name) => long.TryParse(Value(info, name), CultureInfo.InvariantCulture, out var number) ? number : 0;

    static string? Value(string info, string name)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
            if (line.StartsWith(name, StringComparison.Ordinal)) return line[name.Length..].ToString();
        return null;
    }
}

/// <summary>Memory of one kind of key on the server, as the server counts it: key, value and their bookkeeping.</summary>
public sealed record KeyFamilyMemory(string Family, long Keys, long Bytes);

/// <param name="Tickers">Snapshots counted.</param>
/// <param name="ServerBytes">Memory of the whole server, whatever is in it.</param>
/// <param name="ServerLimit">Its maxmemory; 0 for none.</param>
public sealed record HotStoreMemory(IReadOnlyList<KeyFamilyMemory> Families, long Tickers, long ServerBytes, long ServerLimit)
{
    /// <summary>Bytes of all families for each ticker; 0 where there is none.</summary>
    public double BytesPerTicker => Tickers == 0 ? 0 : (double)Families.Sum(f => f.Bytes) / Tickers;
}
