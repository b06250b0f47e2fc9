namespace Bellwether.Engines.DuckDb;

/// <summary>DuckDB refused or failed; the message is its own.</summary>
public sealed class DuckDbException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The class that DuckDB puts in front of its messages, such as <c>Parser</c> or <c>Permission</c>; empty if there is none.</summary>
    public string ErrorClass { get; } = message.IndexOf(" Error:", StringComparison.Ordinal) is > 0 and < 40 and var end ? message[..end] : "";

    /// <summary>The message without its class, and without the statement that it points into, which no user wrote.</summary>
    public string Plain
    {
        get
        {
            var end = Message.IndexOf("\nLINE ", StringComparison.Ordinal);
            var text = (end < 0 ? Message : Message[..end]).Trim().ReplaceLineEndings(" ");
            return ErrorClass.Length > 0 ? text[(ErrorClass.Length + " Error:".Length)..].TrimStart() : text;
        }
    }

    internal static DuckDbException Native(string message, string context) =>
        new(string.IsNullOrWhiteSpace(message) ? $"DuckDB failed without a message: {context}" : message.TrimEnd());
}
