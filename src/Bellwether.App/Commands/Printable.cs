namespace Bellwether.App.Commands;

/// <summary>Text from outside on its way to a terminal.</summary>
static class Printable
{
    const char Replacement = '\uFFFD';
    const int Most = 4_000;

    /// <summary>
    /// Without control characters, which could move the cursor, set the title or worse, and cut where a line goes on without end. Line breaks and tabs stay.
    /// </summary>
    public static string Text(string text)
    {
        if (text.Length > Most) text = text[..Most] + "…";
        return text.Any(IsHarmful) ? string.Concat(text.Select(c => IsHarmful(c) ? Replacement : c)) : text;
    }

    static bool IsHarmful(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
