namespace Bellwether.Sentiment.HotStore;

/// <summary>
/// Cache of live ticker sentiment: one snapshot under <c>sentiment:{ticker}</c> and the set <c>tickers</c>. Always rebuildable from the
/// database, so an entry may expire or be evicted at any time. Thread-safe. Every call carries a batch, to be one round trip.
/// </summary>
public interface IHotStore
{
    /// <summary>The snapshot, or null if there is none or it has expired.</summary>
    ValueTask<TickerSnapshot?> GetAsync(string ticker, CancellationToken cancellationToken);

    /// <summary>Snapshot i belongs to ticker i; null where there is none. Asking twice for a ticker is allowed.</summary>
    ValueTask<IReadOnlyList<TickerSnapshot?>> GetManyAsync(IReadOnlyList<string> tickers, CancellationToken cancellationToken);

    /// <summary>Tickers that have a live snapshot, each once, in ordinal order.</summary>
    ValueTask<IReadOnlyList<string>> TickersAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Stores snapshots in the order given and starts their lifetime anew; result i tells whether snapshot i won. One whose revision is
    /// not above the stored revision loses and changes nothing, not even the lifetime. Throws <see cref="ArgumentException"/> for a
    /// snapshot that <see cref="HotStoreKeys.Require"/> refuses, before anything is stored.
    /// </summary>
    ValueTask<IReadOnlyList<bool>> SetManyAsync(IReadOnlyList<TickerSnapshot> snapshots, CancellationToken cancellationToken);

    /// <summary>Forgets a ticker, its revision included; true if there was a live snapshot.</summary>
    ValueTask<bool> RemoveAsync(string ticker, CancellationToken cancellationToken);

    ValueTask<HotStoreStats> StatsAsync(CancellationToken cancellationToken);
}

/// <summary>What a store holds, and how often it could answer.</summary>
/// <param name="Entries">Live snapshots.</param>
/// <param name="BytesByFamily">UTF-8 bytes of keys and values by key family, without the store's overhead.</param>
/// <param name="Hits">Tickers asked for and found, by this process.</param>
/// <param name="Misses">Tickers asked for and not found, by this process.</param>
public sealed record HotStoreStats(long Entries, IReadOnlyDictionary<string, long> BytesByFamily, long Hits, long Misses);
