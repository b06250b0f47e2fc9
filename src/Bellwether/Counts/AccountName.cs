namespace Bellwether.Counts;

/// <summary>The name that posts are kept under: a handle without its at sign, in lower case, since platforms do not tell cases apart.</summary>
public static class AccountName
{
    public const int MaxLength = 64;

    /// <exception cref="CountsException">It is empty, too long, or holds other characters than letters, digits, dots, dashes, underscores and colons.</exception>
    public static string Parse(string text)
    {
        var name = text.Trim().TrimStart('@').ToLowerInvariant();
        if (name.Length is > 0 and <= MaxLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':')) return name;
        throw CountsException.Input(
            $"'{(text.Length > 80 ? text[..80] + "…" : text)}' is no account: a name has 1 to {MaxLength} letters, digits, dots, dashes, underscores and colons.");
    }
}
