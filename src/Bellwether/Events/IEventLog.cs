namespace Bellwether.Events;

/// <summary>
/// A partitioned, append-only log. Records of one key keep their order. Offsets within a partition have no gaps and become visible in order.
/// </summary>
public interface IEventLog
{
    /// <summary>Appends all records or none, durably: when the task completes, no crash can lose them.</summary>
    Task AppendAsync(string topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken);

    /// <summary>
    /// Joins a consumer group. Partitions are shared between the members that are alive; each partition has one owner at a time.
    /// Reading starts at the offset that the group stored in <c>ops.consumer_offsets</c>, else at the oldest record.
    /// </summary>
    Task<ILogConsumer> JoinAsync(string topic, string group, CancellationToken cancellationToken);

    /// <summary>
    /// Follows a topic outside any group, for live views: batches as they are appended, from the given offsets (a partition that is not
    /// named starts at its oldest record), or from the end when <paramref name="from"/> is null. Never ends by itself.
    /// </summary>
    IAsyncEnumerable<IReadOnlyList<LogEntry>> TailAsync(string topic, IReadOnlyList<PartitionOffset>? from, CancellationToken cancellationToken);

    /// <summary>Makes a topic that is not there; one that is there stays as it is. First use makes topics too: this is for choosing numbers.</summary>
    /// <param name="partitions">Null for the number of the options.</param>
    /// <param name="replication">Copies of every record, where the log keeps them itself; null for the default.</param>
    Task<TopicMade> CreateAsync(string topic, int? partitions, int? replication, CancellationToken cancellationToken);

    /// <summary>Number of partitions and first and next offset of each; empty for a topic that is not there.</summary>
    Task<IReadOnlyList<PartitionState>> DescribeAsync(string topic, CancellationToken cancellationToken);

    /// <summary>Drops records that were appended before <paramref name="before"/> and that every known group has read; returns how many.</summary>
    Task<long> TrimAsync(string topic, DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>
/// A member of a consumer group. One loop polls; it may poll the next batch while the one before is still being committed. Acknowledging may
/// come from elsewhere.
/// </summary>
public interface ILogConsumer : IAsyncDisposable
{
    /// <summary>
    /// The next records of the partitions this member owns, at most <paramref name="maxRecords"/>; waits up to
    /// <paramref name="wait"/> for the first one. Empty when nothing came.
    /// </summary>
    Task<IReadOnlyList<LogEntry>> PollAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>
    /// Rewinds to the offsets stored in <c>ops.consumer_offsets</c>: called when the transaction that held the results was rolled back.
    /// </summary>
    Task RewindAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Tells the log, after the results were committed, how far this group has come: for lag tools, and because a partition that goes to another
    /// member is given up when its batches are acknowledged.
    /// </summary>
    Task AcknowledgeAsync(IReadOnlyList<PartitionOffset> next, CancellationToken cancellationToken);

    /// <summary>Records behind the newest one, over the owned partitions, as of the last poll.</summary>
    long Lag { get; }
}

/// <summary>A record to append.</summary>
/// <param name="Key">Decides the partition; a ticker.</param>
/// <param name="Headers">Small text headers such as <c>traceparent</c>; null for none.</param>
public readonly record struct LogRecord(string Key, ReadOnlyMemory<byte> Value, IReadOnlyDictionary<string, string>? Headers = null);

/// <summary>A record as read back.</summary>
public sealed record LogEntry(
    string Topic,
    int Partition,
    long Offset,
    string Key,
    ReadOnlyMemory<byte> Value,
    IReadOnlyDictionary<string, string> Headers,
    DateTimeOffset AppendedAt);

/// <param name="Offset">The offset to read next.</param>
public readonly record struct PartitionOffset(int Partition, long Offset);

public readonly record struct PartitionState(int Partition, long FirstOffset, long NextOffset);

/// <param name="Created">False for one that was there before.</param>
/// <param name="Note">What went otherwise than asked for; null for nothing.</param>
public sealed record TopicMade(string Topic, int Partitions, bool Created, string? Note);

/// <summary>Topic names of the founding plan.</summary>
public static class Topics
{
    public const string HighPriority = "hipri-events";
    public const string StandardPriority = "stdpri-events";
    public const string AnalyzedSentiment = "analyzed-sentiment";

    /// <summary>Ends the name of a topic with what was refused of another.</summary>
    const string DeadLetterSuffix = ".dlq";

    // What was refused before it came to any topic.
    const string Feeds = "feeds";

    /// <summary>What the desk writes and reads.</summary>
    public static IReadOnlyList<string> All { get; } = [HighPriority, StandardPriority, AnalyzedSentiment];

    /// <summary>What is in brokers only, for others to read: in PostgreSQL the table of dead letters stands for them.</summary>
    public static IReadOnlyList<string> DeadLetters { get; } = [.. All.Append(Feeds).Select(topic => topic + DeadLetterSuffix)];

    /// <param name="topic">Topic of the refused record; null for one that came to none.</param>
    public static string DeadLettersOf(string? topic) => (topic ?? Feeds) + DeadLetterSuffix;
}
