using System.Text.RegularExpressions;

namespace Bellwether.Retention.Erase;

/// <summary>A line of a delimited file that was put aside without its header.</summary>
static partial class ErasureLine
{
    /// <summary>Fields by any of the usual delimiters; what is quoted stays together, to the end where the quote is not closed.</summary>
    public static List<string> Fields(string line)
    {
        var (fields, field, quoted) = (new List<string>(), new System.Text.StringBuilder(), false);
        foreach (var letter in line)
        {
            if (letter == '"') quoted = !quoted;
            else if (!quoted && letter is ',' or ';' or '\t' or '|' or '\n' or '\r') End();
            else field.Append(letter);
        }
        End();
        return fields;

        void End()
        {
            if (field.ToString().Trim() is { Length: > 0 } text) fields.Add(text);
            field.Clear();
        }
    }

    /// <summary>With @ or u/ it is one; bare, it has a letter and is no ticker.</summary>
    public static bool CanBeName(string field) => Name().IsMatch(field) && (field[0] is '@' or '/' || field.StartsWith("u/", StringComparison.OrdinalIgnoreCase)
        || field.Any(char.IsAsciiLetter) && !Ticker().IsMatch(field));

    public static bool CanOnlyBeId(string field) => FullName().IsMatch(field) || field.Length >= 15 && field.All(char.IsAsciiDigit);

    [GeneratedRegex(@"^(?:@|/?u/)?[\p{L}\p{Nd}_-]{1,50}$", RegexOptions.IgnoreCase)]
    private static partial Regex Name();

    [GeneratedRegex("^[A-Z]{1,5}$")]
    private static partial Regex Ticker();

    [GeneratedRegex("^t2_[0-9a-z]+$")]
    private static partial Regex FullName();
}
