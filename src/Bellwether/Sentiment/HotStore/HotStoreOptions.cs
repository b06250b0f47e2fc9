using System.ComponentModel.DataAnnotations;

namespace Bellwether.Sentiment.HotStore;

/// <summary>Where live snapshots are kept.</summary>
public enum HotStoreKind
{
    /// <summary>Inside each process.</summary>
    Memory,

    /// <summary>On a Redis server that several processes and machines share.</summary>
    Redis,
}

public sealed record HotStoreOptions
{
    public HotStoreKind Kind { get; init; } = HotStoreKind.Memory;

    /// <summary>Used when <see cref="Kind"/> is <see cref="HotStoreKind.Redis"/>.</summary>
    [Required] public RedisOptions Redis { get; init; } = new();

    /// <summary>Lifetime of a snapshot after its last successful write, before jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Lifetimes are spread over ± this fraction, so that what was written together does not expire together.</summary>
    [Range(0, 0.5)]
    public double TimeToLiveJitter { get; init; } = 0.1;

    /// <summary>Most snapshots kept in this process's memory; beyond that, those that would expire first are dropped. About 1 kB each.</summary>
    [Range(16, 10_000_000)]
    public int MaxEntries { get; init; } = 100_000;

    /// <summary>Lifetime of one write. The same ticker and revision always get the same one, so a rerun can be compared.</summary>
    public TimeSpan LifetimeOf(string ticker, long revision)
    {
        var hash = 14695981039346656037UL ^ (ulong)revision;
        foreach (var c in ticker)
            hash = (hash ^ c) * 1099511628211UL;
        hash = (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15UL;
        var spread = (hash >> 11) * (1.0 / (1UL << 52)) - 1;
        return TimeToLive * (1 + TimeToLiveJitter * spread);
    }
}
