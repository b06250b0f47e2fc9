using System.Text;

namespace Bellwether.Tests.Commands;

/// <summary>Splits a line as a shell does: blanks, single and double quotes, no expansions.</summary>
static class ShellWords
{
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        char? quote = null;
        foreach (var c in line)
            if (quote is null && c is '\'' or '"' && quote is null) (quote, word) = (c, word ?? new());
            else if (c == quote) quote = null;
            else if (quote is null && char.IsWhiteSpace(c))
            {
                if (word is not null) words.Add(word.ToString());
                word = null;
            }
            else (word ??= new()).Append(c);
        if (word is not null) words.Add(word.ToString());
        return words;
    }
}

/// <summary>The checkout that these tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!System.IO.File.Exists(Path.Combine(folder, "Bellwether.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests do not lie in a checkout");
        return folder;
    }
}
