using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace Bellwether.Sentiment.HotStore;

public sealed partial class MemoryHotStore
{
    /// <summary>Drops what has expired; for its owner to call now and then: an entry nobody asks for stays otherwise.</summary>
    /// <returns>How many were dropped.</returns>
    public int Sweep()
    {
        var now = time.GetUtcNow();
        var dropped = 0;
        foreach (var pair in _entries)
            if (pair.Value.Expires <= now && _entries.TryRemove(pair))
                dropped++;
        return dropped;
    }

    public ValueTask<HotStoreStats> StatsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        long entries = 0, tickerBytes = 0, sentimentBytes = 0;
        foreach (var (ticker, entry) in _entries)
        {
            if (entry.Expires <= now)
                continue;
            entries++;
            var bytes = Encoding.UTF8.GetByteCount(ticker);
            tickerBytes += bytes;
            sentimentBytes += HotStoreKeys.SentimentFamily.Length + 1 + bytes + entry.Bytes;
        }
        if (entries > 0)
            tickerBytes += HotStoreKeys.Tickers.Length;
        var families = new Dictionary<string, long>
        {
            [HotStoreKeys.SentimentFamily] = sentimentBytes,
            [HotStoreKeys.Tickers] = tickerBytes,
        }.ToFrozenDictionary();
        return new(new HotStoreStats(entries, families, Interlocked.Read(ref _hits), Interlocked.Read(ref _misses)));
    }

    // Makes room for a sixteenth at once: sorting all for each newcomer would cost n log n a write.
    void Evict()
    {
        lock (_evicting)
        {
            if (_entries.Count <= options.MaxEntries)
                return;
            Sweep();
            var surplus = _entries.Count - options.MaxEntries;
            if (surplus <= 0)
                return;
            var pairs = _entries.ToArray();
            Array.Sort(pairs, static (a, b) =>
            {
                var order = a.Value.Expires.CompareTo(b.Value.Expires);
                return order != 0 ? order : string.CompareOrdinal(a.Key, b.Key);
            });
            foreach (var pair in pairs.AsSpan(0, Math.Min(pairs.Length, surplus + options.MaxEntries / 16)))
                _entries.TryRemove(pair);
        }
    }

    // A class: TryUpdate and TryRemove compare by identity, so a snapshot's equal twin is not taken for it.
    sealed class Entry(TickerSnapshot snapshot, DateTimeOffset expires)
    {
        int _bytes;

        public TickerSnapshot Snapshot { get; } = snapshot;

        public DateTimeOffset Expires { get; } = expires;

        /// <summary>Length of the JSON; computed when first asked for and kept, since most entries outlive a scrape unchanged.</summary>
        public int Bytes => _bytes > 0 ? _bytes : _bytes = JsonSerializer.SerializeToUtf8Bytes(
            Snapshot, TickerSnapshotJson.Default.TickerSnapshot).Length;
    }
}
