namespace Bellwether.App.Settings;

/// <summary>The name that a misspelt one was meant to be.</summary>
static class NearestName
{
    /// <summary>Null where none is near enough: a third of its letters may differ, or two.</summary>
    public static string? To(string given, IEnumerable<string> names) =>
        names.Select(n => (Name: n, Edits: Edits(given.ToLowerInvariant(), n.ToLowerInvariant())))
            .Where(n => n.Edits <= Math.Max(n.Name.Length < 5 ? 1 : 2, n.Name.Length / 3))
            .OrderBy(n => n.Edits).Select(n => n.Name).FirstOrDefault();

    // Letters added, left out, exchanged, and neighbours that changed places.
    static int Edits(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        return d[a.Length, b.Length];
    }
}
