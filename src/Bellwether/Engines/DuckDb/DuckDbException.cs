namespace Bellwether.Engines.DuckDb;

/// <summary>DuckDB refused or failed; the message is its own.</summary>
public sealed class DuckDbException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The class that DuckDB puts in front of its messages, such as <c>Parser</c> or <c>Permission</c>; empty if there is none.</summary>
    public string ErrorClass { get; } = message.IndexOf(" Error:", StringComparison.Ordinal) is > 0 and < 40 and var end ? message[..end] : "";

    internal static DuckDbException Native(string message, string context) =>
        new(string.IsNullOrWhiteSpace(message) ? $"DuckDB failed without a message: {context}" : message.TrimEnd());
}
