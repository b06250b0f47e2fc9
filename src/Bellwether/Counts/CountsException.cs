namespace Bellwether.Counts;

public enum CountsProblem
{
    /// <summary>What was given cannot be used: an argument, a file.</summary>
    Input,

    /// <summary>There is no such account, event, gap or model.</summary>
    Unknown,

    /// <summary>The account is known, but what was asked needs more data than there is.</summary>
    NotEnough,
}

/// <summary>Something that the user can mend. The message is a sentence that names the value.</summary>
public sealed class CountsException(CountsProblem problem, string message, string? mend = null, Exception? inner = null) : Exception(message, inner)
{
    public CountsProblem Problem { get; } = problem;

    /// <summary>What to do next, as a sentence.</summary>
    public string? Mend { get; } = mend;

    internal static CountsException Input(string message, string? mend = null, Exception? inner = null) => new(CountsProblem.Input, message, mend, inner);
}
