using System.ComponentModel.DataAnnotations;
using Bellwether.Events.Kafka;

namespace Bellwether.Events;

/// <summary>What keeps the event log.</summary>
public enum EventLogKind
{
    /// <summary>Tables in the desk's PostgreSQL: nothing else to install.</summary>
    Postgres,

    /// <summary>Apache Kafka, for more than one machine.</summary>
    Kafka,
}

/// <summary>Settings of the event log.</summary>
public sealed record EventLogOptions
{
    public EventLogKind Kind { get; init; }

    /// <summary>Used where <see cref="Kind"/> is Kafka.</summary>
    [Required] public KafkaOptions Kafka { get; init; } = new();

    /// <summary>Partitions that a new topic gets. A topic keeps the number that it was created with.</summary>
    [Range(1, 256)] public int Partitions { get; init; } = 8;

    /// <summary>How long a member of a consumer group may be silent before the others take its partitions.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>A poll stops adding records when the batch has reached this size.</summary>
    [Range(1 << 16, 1 << 30)] public int MaxPollBytes { get; init; } = 16 << 20;

    /// <summary>Records that every group has read are dropped when they are this old.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Under which name the offsets of a group stand in <c>ops.consumer_offsets</c>. Each log has its own, so that a desk can be moved to
    /// Kafka and back, and goes on in each where it was.
    /// </summary>
    public string StoredGroup(string group) => Kind == EventLogKind.Kafka ? $"{group}@kafka{(Kafka.TopicPrefix.Length > 0 ? ":" + Kafka.TopicPrefix : "")}" : group;
}
