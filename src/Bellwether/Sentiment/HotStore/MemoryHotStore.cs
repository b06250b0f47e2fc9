using System.Collections.Concurrent;

namespace Bellwether.Sentiment.HotStore;

/// <summary>The store inside this process. Reads take no lock; a write is a compare-and-set on its own key.</summary>
public sealed partial class MemoryHotStore(HotStoreOptions options, TimeProvider time) : IHotStore
{
    readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    readonly Lock _evicting = new();
    long _hits;
    long _misses;

    public ValueTask<TickerSnapshot?> GetAsync(string ticker, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Find(ticker, time.GetUtcNow()));
    }

    public ValueTask<IReadOnlyList<TickerSnapshot?>> GetManyAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        var found = new TickerSnapshot?[tickers.Count];
        for (var i = 0; i < found.Length; i++)
            found[i] = Find(tickers[i], now);
        return new(found);
    }

    public ValueTask<IReadOnlyList<string>> TickersAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        var tickers = new List<string>();
        foreach (var (ticker, entry) in _entries)
            if (entry.Expires > now)
                tickers.Add(ticker);
        tickers.Sort(StringComparer.Ordinal);
        return new(tickers);
    }

    public ValueTask<IReadOnlyList<bool>> SetManyAsync(IReadOnlyList<TickerSnapshot> snapshots, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var i = 0; i < snapshots.Count; i++)
            HotStoreKeys.Require(snapshots[i]);
        var now = time.GetUtcNow();
        var won = new bool[snapshots.Count];
        for (var i = 0; i < won.Length; i++)
            won[i] = Set(snapshots[i], now);
        return new(won);
    }

    public ValueTask<bool> RemoveAsync(string ticker, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(_entries.TryRemove(ticker, out var entry) && entry.Expires > time.GetUtcNow());
    }

    TickerSnapshot? Find(string ticker, DateTimeOffset now)
    {
        if (_entries.TryGetValue(ticker, out var entry))
        {
            if (entry.Expires > now)
            {
                Interlocked.Increment(ref _hits);
                return entry.Snapshot;
            }
            // Removes this very entry only: a newer one that was written meanwhile stays.
            _entries.TryRemove(KeyValuePair.Create(ticker, entry));
        }
        Interlocked.Increment(ref _misses);
        return null;
    }

    bool Set(TickerSnapshot snapshot, DateTimeOffset now)
    {
        var fresh = new Entry(snapshot, now + options.LifetimeOf(snapshot.Ticker, snapshot.Revision));
        while (true)
        {
            if (!_entries.TryGetValue(snapshot.Ticker, out var stored))
            {
                if (_entries.TryAdd(snapshot.Ticker, fresh))
                {
                    if (_entries.Count > options.MaxEntries)
                        Evict();
                    return true;
                }
            }
            else if (stored.Expires > now && stored.Snapshot.Revision >= snapshot.Revision)
            {
                return false;
            }
            else if (_entries.TryUpdate(snapshot.Ticker, fresh, stored))
            {
                return true;
            }
        }
    }
}
