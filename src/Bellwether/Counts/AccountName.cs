namespace Bellwether.Counts;

/// <summary>The name that posts are kept under: a handle without its at sign, in lower case, since platforms do not tell cases apart.</summary>
public static class AccountName
{
    public const int MaxLength = 64;

    /// <exception cref="CountsException">It is empty, too long, begins with a dot, dash or colon, or holds other characters than letters, digits, dots, dashes, underscores and colons.</exception>
    public static string Parse(string text)
    {
        var name = text.Trim().TrimStart('@').ToLowerInvariant();
        if (IsOne(name)) return name;
        throw CountsException.Input(
            $"'{(text.Length > 80 ? text[..80] + "…" : text)}' is no account: a name has 1 to {MaxLength} letters, digits, dots, dashes, underscores and colons, and begins with none of the marks.");
    }

    /// <summary>Whether it is a name as it is kept. It names a folder too, so that it must not lead out of its place.</summary>
    internal static bool IsOne(string name) => name.Length is > 0 and <= MaxLength && (char.IsAsciiLetterOrDigit(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or '.' or ':');
}
