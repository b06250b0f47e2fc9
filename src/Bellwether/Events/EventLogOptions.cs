using System.ComponentModel.DataAnnotations;

namespace Bellwether.Events;

/// <summary>Settings of the event log.</summary>
public sealed record EventLogOptions
{
    /// <summary>Partitions that a new topic gets. A topic keeps the number that it was created with.</summary>
    [Range(1, 256)] public int Partitions { get; init; } = 8;

    /// <summary>How long a member of a consumer group may be silent before the others take its partitions.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")] public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A poll stops adding records when the batch has reached this size.</summary>
    [Range(1 << 16, 1 << 30)] public int MaxPollBytes { get; init; } = 16 << 20;

    /// <summary>Records that every group has read are dropped when they are this old.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);
}
