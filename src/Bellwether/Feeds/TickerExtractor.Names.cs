namespace Bellwether.Feeds;

public sealed partial class TickerExtractor
{
    static readonly string[] LegalForms =
    [
        "Inc", "Corp", "Corporation", "Company", "Companies", "Co", "Cos", "Ltd", "Limited", "plc", "Group", "Holdings", "Holding", "NV",
        "AG", "SA", "SE", "International", "& Co", "and Company", "& Company", "Class A", "Class C",
    ];

    /// <param name="Words">The words after the first.</param>
    /// <param name="Ambiguous">An ordinary word: capitals alone do not make it a company.</param>
    sealed record Name(string Symbol, string First, string[] Words, bool Ambiguous);

    static Dictionary<string, Name[]> BuildNames(SymbolList list)
    {
        var names = new Dictionary<string, Name>(StringComparer.OrdinalIgnoreCase);
        foreach (var listed in list.Symbols)
        {
            foreach (var alias in listed.Aliases)
                AddName(names, listed.Symbol, alias.TrimEnd('?'), ambiguous: alias.EndsWith('?'));
            AddName(names, listed.Symbol, listed.Name, ambiguous: false);
            var shorter = listed.Name;
            for (var before = ""; before != shorter;)
            {
                before = shorter;
                foreach (var form in LegalForms)
                    if (shorter.EndsWith(" " + form, StringComparison.Ordinal))
                        shorter = shorter[..^(form.Length + 1)].TrimEnd(' ', '&', ',');
                // "Target" alone may be the ordinary word even though "Target Corporation" is not.
                if (!NeverAlone.Contains(shorter))
                    AddName(names, listed.Symbol, shorter, ambiguous: Words(shorter).Length == 1 && OrdinaryNames.Contains(shorter));
            }
        }
        return names.Values.GroupBy(n => n.First, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.OrderByDescending(n => n.Words.Length).ToArray(), StringComparer.OrdinalIgnoreCase);
    }

    static void AddName(Dictionary<string, Name> names, string symbol, string name, bool ambiguous)
    {
        var words = Words(name);
        // A name that is one of its own symbols (RH, UBS) is found as a bare symbol, with that guard.
        // 3M alone is three million or three months more often than the company.
        if (words.Length == 0) return;
        if (words.Length == 1 && words[0].Length < 3 && !words[0].Contains('&') && words[0] is not ("BP" or "HP")) return;
        names.TryAdd(string.Join(' ', words), new Name(symbol, words[0], words[1..], ambiguous));
    }

    static string[] Words(string name)
    {
        var tokens = new Token[64];
        var text = name.Replace('’', '\'');
        return [.. tokens[..Tokenize(text, ref tokens, out _)].Select(t => t.Of(text).ToString())];
    }

    string? NameAt(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, ref int i, in Style style)
    {
        var token = tokens[i];
        if (token.Mark is '@' or '_') return null;
        var word = token.Of(text);
        if (!_names.TryGetValue(word, out var names))
        {
            if (!token.Possessive || !_names.TryGetValue(word[..^2], out names)) return null;
        }
        foreach (var name in names)
        {
            if (!Follows(text, tokens, i, name, out var last)) continue;
            if (name.Ambiguous && (style.Shouting || !IsCompany(text, tokens, i, last, name, style))) continue;
            i = last;
            return name.Symbol;
        }
        return null;
    }

    static bool Follows(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int i, Name name, out int last)
    {
        last = i + name.Words.Length;
        if (last >= tokens.Length) return false;
        // The first word must not be a possessive inside a longer name: "Apple's Hospitality" is not "Apple Hospitality".
        if (name.Words.Length > 0 && tokens[i].Length != name.First.Length) return false;
        var opening = name.First.AsSpan(0, Math.Min(2, name.First.Length));
        if (!tokens[i].Capital && !tokens[i].Of(text).StartsWith(opening, StringComparison.Ordinal)) return false;
        for (var w = 0; w < name.Words.Length; w++)
        {
            var token = tokens[i + 1 + w];
            var gap = text[tokens[i + w].End..token.Start];
            if (gap.Length > 3 || gap.ContainsAnyExcept(" -&.'+!?") || token.Mark == '$') return false;
            var word = token.Of(text);
            if (token.Possessive && w == name.Words.Length - 1 && word.Length == name.Words[w].Length + 2) word = word[..^2];
            if (!Same(word, name.Words[w])) return false;
        }
        return true;
    }

    static bool Same(ReadOnlySpan<char> word, string expected)
    {
        if (word.Length != expected.Length) return false;
        for (var i = 0; i < word.Length; i++)
        {
            var c = word[i] == '’' ? '\'' : word[i];
            if (c != expected[i] && char.ToUpperInvariant(c) != char.ToUpperInvariant(expected[i])) return false;
        }
        // Names are written with capitals: "best buy of the week" is none. Small words inside a name ("of") may be either.
        return char.IsUpper(word[0]) || !char.IsUpper(expected[0]);
    }

    /// <summary>
    /// Decides whether a capitalised ordinary word is the company: never in a phrase known to mean something else; else yes when a word
    /// of business follows directly, when the text around speaks of markets, or when the capital stands inside a sentence
    /// written in lower case.
    /// </summary>
    static bool IsCompany(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int first, int last, Name name, in Style style)
    {
        var token = tokens[first];
        if (token.Mark == '#') return false;
        var before = first > 0 && !token.First ? tokens[first - 1].Of(text) : default;
        var after = last + 1 < tokens.Length && !tokens[last + 1].First ? tokens[last + 1].Of(text) : default;
        if (Determiners.Contains(before) || MeansOther(OtherBefore, name, before) || MeansOther(OtherAfter, name, after)) return false;
        if (tokens[last].Possessive || BusinessVerbs.Contains(after) && !IsPlural(token, text, name)) return true;
        for (var i = Math.Max(0, first - 10); i <= Math.Min(tokens.Length - 1, last + 10); i++)
            if ((i < first || i > last) && (tokens[i].Mark == '$' || MarketWords.Contains(tokens[i].Of(text)))) return true;
        return !token.First && !style.TitleCase && !before.IsEmpty && char.IsLower(before[0]) && CompanyPrepositions.Contains(before);
    }

    /// <summary>
    /// Whether a bank stands there as the author of a rating: such a text is about the company that is rated, and one bank's name in
    /// thousands
    /// of them would drown what is said about the bank itself.
    /// </summary>
    bool IsRater(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int first, int last, string symbol)
    {
        if (!Brokers.Contains(symbol)) return false;
        if (last + 1 < tokens.Length && RatingActs.Contains(tokens[last + 1].Of(text))) return true;
        var agent = first > 0 && tokens[first - 1].Of(text) is "at" or "by" or "from" or "At" or "By" or "From";
        var changes = last + 1 < tokens.Length && EstimateChanges.Contains(tokens[last + 1].Of(text));
        if (!agent && !changes) return false;
        for (var i = Math.Max(0, first - 10); i <= Math.Min(tokens.Length - 1, last + 10); i++)
            if ((i < first || i > last) && (changes && TargetWords.Contains(tokens[i].Of(text)) || agent
                && RatingWords.Contains(tokens[i].Of(text))))
                return true;
        return false;
    }

    static bool MeansOther(Dictionary<string, HashSet<string>> phrases, Name name, ReadOnlySpan<char> neighbour) =>
        phrases.TryGetValue(name.First, out var words) && words.GetAlternateLookup<ReadOnlySpan<char>>().Contains(neighbour);

    static bool IsPlural(in Token token, ReadOnlySpan<char> text, Name name) =>
        token.Length != name.First.Length && !token.Possessive && text[token.End - 1] == 's';
}
