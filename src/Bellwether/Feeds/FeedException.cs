namespace Bellwether.Feeds;

/// <summary>
/// The input as a whole cannot be read, or not to its end. What was complete before the problem has been yielded already.
/// </summary>
/// <param name="origin">File name, URL without query string, or the option at fault.</param>
/// <param name="problem">What is wrong, as a clause that follows the origin.</param>
/// <param name="mend">What to do next, as a sentence.</param>
/// <param name="line">Line in which reading stopped, or null when the problem has no line.</param>
public sealed class FeedException(string origin, string problem, string mend, long? line = null, Exception? inner = null)
    : Exception(line is null ? $"{origin}: {problem}. {mend}" : $"{origin}, line {line}: {problem}. {mend}", inner)
{
    public string Origin { get; } = origin;

    /// <summary>An option is at fault, not an input.</summary>
    public bool IsUsage => Origin.StartsWith("--", StringComparison.Ordinal);

    public string Problem { get; } = problem;

    public string Mend { get; } = mend;

    public long? Line { get; } = line;
}
