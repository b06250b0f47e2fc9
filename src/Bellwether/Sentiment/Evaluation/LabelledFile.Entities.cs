using System.Text.RegularExpressions;

namespace Bellwether.Sentiment.Evaluation;

public static partial class LabelledFile
{
    // {'Tata Motors': 'positive', "Osian's Fund": 'neutral'}, in the spelling of Python or of JSON; an apostrophe within a name may stand
    // unescaped.
    [GeneratedRegex("""(?:^\s*\{|,)\s*(?:"(?<name>.+?)"|'(?<name>.+?)')\s*:\s*['"](?<label>[^'"]*)['"]""", RegexOptions.CultureInvariant)]
    static partial Regex Decisions { get; }

    static bool IsEntities(string label) => label.TrimStart().StartsWith('{') && Decisions.IsMatch(label);

    static void AddEntities(string path, RawRow row, LabelledOptions options, Func<string> hint, List<LabelledRow> rows)
    {
        var decisions = Decisions.Matches(row.Labels[0]).Select(m => (Name: m.Groups["name"].Value, Label: m.Groups["label"].Value))
            .DistinctBy(d => d.Name).ToArray();
        if (decisions.Length == 0) throw Bad(path, row, $"has the entities {row.Labels[0]}", "They are of the form {'name': 'positive'}.");
        var spans = SpansOf(row.Text, [.. decisions.Select(d => d.Name)]);
        for (var i = 0; i < decisions.Length; i++)
        {
            var others = spans.Where((_, j) => j != i).SelectMany(s => s).OrderBy(s => s.Start).ToArray();
            rows.Add(new(row.Text, Class(path, row, decisions[i].Label, options, hint), null, new(row.Text, spans[i], others))
            {
                Line = row.Line,
            });
        }
    }

    /// <summary>Where each name stands in the text; a stretch belongs to the longest name that covers it.</summary>
    static List<TextSpan>[] SpansOf(string text, string[] names)
    {
        var spans = names.Select(_ => new List<TextSpan>()).ToArray();
        var taken = new bool[text.Length];
        foreach (var i in Enumerable.Range(0, names.Length).OrderByDescending(i => names[i].Length))
            for (var at = 0; (at = text.IndexOf(names[i], at, StringComparison.OrdinalIgnoreCase)) >= 0; at += names[i].Length)
            {
                if (taken[at] || !IsWord(text, at, names[i].Length)) continue;
                taken.AsSpan(at, names[i].Length).Fill(true);
                spans[i].Add(new(at, names[i].Length));
            }
        return spans;
    }

    static bool IsWord(string text, int start, int length) =>
        (start == 0 || !char.IsLetterOrDigit(text[start - 1]))
            && (start + length == text.Length || !char.IsLetterOrDigit(text[start + length]));
}
