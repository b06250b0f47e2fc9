using Bellwether.Retention.Archive;

namespace Bellwether.Retention.Erase;

/// <summary>What a look at every place has found.</summary>
/// <param name="Counts">Rows or records by place.</param>
/// <param name="Unreadable">Files of the archive that could not be looked into.</param>
/// <param name="Notes">What lies beyond the reach of this program, and what was left because it is not certain whose it is.</param>
public sealed record ErasureFound(IReadOnlyDictionary<string, long> Counts, IReadOnlyList<BadArchiveFile> Unreadable, IReadOnlyList<string> Notes)
{
    /// <summary>Nothing is there, and everything could be looked into.</summary>
    public bool IsClean => Unreadable.Count == 0 && Counts.Values.All(count => count == 0);
}

/// <summary>A record of the event log, and what is left of it.</summary>
readonly record struct ErasedRecord(string Topic, int Partition, long Offset, DateTimeOffset AppendedAt, byte[] Value);

/// <summary>Everything of one account that was found.</summary>
sealed class ErasureFinds
{
    public HashSet<string> Articles { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Posts { get; } = new(StringComparer.Ordinal);

    /// <summary>Names under which the account's posts are counted.</summary>
    public HashSet<string> Accounts { get; } = new(StringComparer.Ordinal);

    /// <summary>Results of both tiers, with the day that they lie in.</summary>
    public HashSet<(DateOnly Day, string Article, string Ticker)> Results { get; } = [];

    /// <summary>Articles with tickers, so that a redelivery is still recognised.</summary>
    public HashSet<(string Article, string Ticker)> Keys { get; } = [];

    public List<ErasedRecord> Records { get; } = [];
    public List<long> Letters { get; } = [];

    /// <summary>Archive files with the condition that finds the rows in them, in the SQL of DuckDB, and how many those are.</summary>
    public List<(ArchiveFile File, string Condition, long Rows)> Files { get; } = [];

    /// <summary>Archive files that could not be looked into, with the reason.</summary>
    public List<(ArchiveFile File, string Reason)> Unreadable { get; } = [];

    /// <summary>Tickers whose live states show the account's posts, or nothing that the database has.</summary>
    public HashSet<string> Live { get; } = new(StringComparer.Ordinal);

    /// <summary>Results and records by an author of that id or name that do not tell whether it is this account.</summary>
    public long Doubtful { get; set; }

    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public bool IsEmpty => Counts.Values.All(count => count == 0);

    /// <summary>Tickers whose states change.</summary>
    public IEnumerable<string> Tickers => Keys.Select(key => key.Ticker).Where(ticker => ticker.Length > 0).Concat(Live).Distinct(StringComparer.Ordinal);

    public void Add(string? post, string? article)
    {
        if (post is not null) Posts.Add(post);
        if (article is not null) Articles.Add(article);
    }
}
