using Bellwether.Retention.Archive;

namespace Bellwether.Retention.Erase;

/// <summary>A record of the event log, and what is left of it.</summary>
readonly record struct ErasedRecord(string Topic, int Partition, long Offset, DateTimeOffset AppendedAt, byte[] Value);

/// <summary>Everything of one account that was found.</summary>
sealed class ErasureFinds
{
    public HashSet<string> Articles { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Posts { get; } = new(StringComparer.Ordinal);

    /// <summary>Results of both tiers, with the day that they lie in.</summary>
    public HashSet<(DateOnly Day, string Article, string Ticker)> Results { get; } = [];

    /// <summary>Articles with tickers, so that a redelivery is still recognised.</summary>
    public HashSet<(string Article, string Ticker)> Keys { get; } = [];

    public List<ErasedRecord> Records { get; } = [];
    public List<long> Letters { get; } = [];

    /// <summary>Archive files with the condition that finds the rows in them, in the SQL of DuckDB, and how many those are.</summary>
    public List<(ArchiveFile File, string Condition, long Rows)> Files { get; } = [];

    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public bool IsEmpty => Counts.Values.All(count => count == 0);
}
