using System.ComponentModel.DataAnnotations;

namespace Bellwether.Events;

/// <summary>How records that were put aside for a cause that may pass are tried again.</summary>
public sealed record DeadLetterOptions
{
    /// <summary>A record that was refused this often is not tried again by itself.</summary>
    [Range(1, 100)] public int MaxAttempts { get; init; } = 5;

    /// <summary>Wait before the second attempt; it doubles with each further one, and varies by half so that many do not come at once.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(30);

    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")] public TimeSpan LongestRetry { get; init; } = TimeSpan.FromHours(1);
}
