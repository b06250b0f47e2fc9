namespace Bellwether.Retention;

/// <summary>What is to be done, or was done, to one table.</summary>
/// <param name="Action"><c>seal</c>, <c>archive_drop</c>, <c>archive_delete</c>, <c>downsample_drop</c>, <c>downsample_delete</c>, <c>drop</c>, <c>delete</c> or <c>keep</c>.</param>
/// <param name="Rows">Rows that leave their table; of a dry run those that would.</param>
/// <param name="Bytes">Their share of the table's size, estimated by the number of rows.</param>
/// <param name="Before">Rows before this moment are too old; null where they stay.</param>
/// <param name="Reason">Why, and what holds rows back.</param>
public sealed record RetentionItem(string Table, string Action, long Rows, long Bytes, DateTimeOffset? Before, string Reason);

/// <summary>Seals days of hot rows in the lake; the seam to the feature that does it.</summary>
public interface IDaySealer
{
    /// <summary>What sealing all days before one would move, and what holds days back.</summary>
    Task<DaySealPlan> PlanAsync(DateOnly before, CancellationToken cancellationToken);

    /// <summary>Seals them; returns what was moved.</summary>
    Task<DaySealResult> SealAsync(DateOnly before, CancellationToken cancellationToken);
}

/// <param name="Blockers">Reasons, each once.</param>
public sealed record DaySealPlan(long Days, long Rows, long Bytes, IReadOnlyList<string> Blockers);

public sealed record DaySealResult(long Days, long Rows, long Bytes);
