namespace Bellwether.Retention;

/// <summary>What becomes of rows whose period is over.</summary>
public enum RetentionMethod
{
    /// <summary>They stay.</summary>
    Keep,

    /// <summary>Their day is sealed in the lake: queries over both tiers still see every row.</summary>
    Seal,

    /// <summary>They move to Parquet files that are verified first. Partitions are dropped whole, other rows are deleted file by file.</summary>
    Archive,

    /// <summary>They are summed up by day, archived, and then dropped or deleted.</summary>
    Downsample,

    /// <summary>They are deleted, in batches or by whole partitions.</summary>
    Delete,
}

/// <summary>How another table depends on the rows of a policy's table.</summary>
public enum RetentionLinkKind
{
    /// <summary>Its rows may outlive these: their link becomes NULL, their natural key stays.</summary>
    Outlives,

    /// <summary>Its rows mean nothing without these, and go with them.</summary>
    Owned,

    /// <summary>It sums these up, and is to be there as long as they are.</summary>
    Rollup,
}

/// <summary>An arrow of the graph, from a table to one that depends on it.</summary>
/// <param name="Link">Column that holds the link, where it can be made anew after a restore.</param>
/// <param name="Key">The natural key by which it is found, in both tables.</param>
/// <param name="Reach">Of a rollup: column whose greatest value tells how far it sums up.</param>
public sealed record RetentionLink(string Dependent, RetentionLinkKind Kind, string? Link = null, string? Key = null, string? Reach = null)
{
    public static RetentionLink Rollup(string dependent, string reach) => new(dependent, RetentionLinkKind.Rollup, Reach: reach);
}

/// <summary>How long rows of one table stay, and what becomes of them then.</summary>
/// <param name="Table">Name without schema; names are unique in a desk.</param>
/// <param name="Time">Column that the age is counted by.</param>
/// <param name="Period">Null: without end.</param>
public sealed record RetentionPolicy(string Table, string Time, TimeSpan? Period, RetentionMethod Method)
{
    /// <summary>Why, in half a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Only rows of which this is true; SQL of this program, never of a user.</summary>
    public string? Condition { get; init; }

    public IReadOnlyList<RetentionLink> Dependents { get; init; } = [];

    /// <summary>For <see cref="RetentionMethod.Downsample"/>.</summary>
    public DailySummary? Summary { get; init; }

    /// <summary>The period may be set by the user; other rules, named by the reason, decide elsewhere.</summary>
    public bool Settable { get; init; } = true;

    /// <summary>Moments before which rows are too old; null where they stay.</summary>
    public DateTimeOffset? Before(DateTimeOffset now) => Method == RetentionMethod.Keep || Period is not { } period ? null
        : Method is RetentionMethod.Seal or RetentionMethod.Downsample ? new((now - period).UtcDateTime.Date, TimeSpan.Zero) : now - period;
}

/// <summary>A set of policies that would lose data. The message tells why and what to change.</summary>
public sealed class RetentionPolicyException(string message) : Exception(message);
