namespace Bellwether.Sentiment.HotStore;

/// <summary>Why a hot store could not do what it was asked to.</summary>
public enum HotStoreProblem
{
    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>No answer in time.</summary>
    Timeout,

    /// <summary>The server wants another password, or none.</summary>
    Authentication,

    /// <summary>A key of ours holds something else.</summary>
    ForeignData,

    /// <summary>The server answered with an error: out of memory, read-only, loading.</summary>
    Refused,

    /// <summary>A setting cannot be used.</summary>
    Settings,
}

/// <summary>The hot store failed. Nothing is lost by it: the database has everything.</summary>
/// <param name="mend">What to do about it.</param>
public sealed class HotStoreException(HotStoreProblem problem, string message, string mend, Exception? inner = null) : Exception(message, inner)
{
    public HotStoreProblem Problem { get; } = problem;

    public string Mend { get; } = mend;
}
