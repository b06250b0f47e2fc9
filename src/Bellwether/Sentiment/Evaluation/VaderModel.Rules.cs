namespace Bellwether.Sentiment.Evaluation;

public sealed partial class VaderModel
{
    // The constants of the paper: degree words, capitals, negation, and the alpha of the normalisation.
    const double Degree = 0.293, Capitals = 0.733, Negation = -0.74, Alpha = 15;

    static readonly HashSet<string> Stronger = Set(
        """
        absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous enormously entirely especially
        exceptional exceptionally extreme extremely fabulously fully fuckin fucking greatly highly hugely incredible incredibly intensely
        major majorly more most particularly purely quite really remarkably so substantially thoroughly total totally tremendous
        tremendously uber unbelievably unusually utter utterly very
        """);

    static readonly HashSet<string> Weaker = Set(
        """
        almost barely hardly kinda kindof less little marginal marginally occasional occasionally partly scarce scarcely slight slightly
        somewhat sorta sortof
        """);

    static readonly HashSet<string> Negations = Set(
        """
        aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt neither never none nope nor
        not nothing nowhere oughtnt rarely seldom shant shouldnt despite uhuh uh-uh wasnt werent without wont wouldnt
        """);

    // Phrases with a valence of their own, and those that weaken.
    static readonly Dictionary<string, double> Idioms = new(StringComparer.Ordinal)
    {
        ["the shit"] = 3,
        ["the bomb"] = 3,
        ["bad ass"] = 1.5,
        ["bus stop"] = 0,
        ["yeah right"] = -2,
        ["kiss of death"] = -1.5,
        ["to die for"] = 3,
        ["beating heart"] = 3.1,
        ["broken heart"] = -2.9,
    };

    static readonly HashSet<string> WeakerPhrases = ["just enough", "kind of", "sort of"];

    static HashSet<string> Set(string words) => [.. words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    internal double Compound(string text)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Bare).Where(w => w.Length > 1).ToArray();
        var lower = words.Select(w => w.ToLowerInvariant()).ToArray();
        var isMixed = words.Any(IsCapitals) && !words.All(IsCapitals);
        var values = new double[words.Length];
        for (var i = 0; i < words.Length; i++) values[i] = ValueAt(words, lower, i, isMixed);
        if (Array.IndexOf(lower, "but") is var but and >= 0)
            for (var i = 0; i < values.Length; i++) values[i] *= i < but ? 0.5 : i > but ? 1.5 : 1;
        var sum = values.Sum();
        if (sum != 0) sum += Math.Sign(sum) * Emphasis(text);
        return sum / Math.Sqrt(sum * sum + Alpha);
    }

    double ValueAt(string[] words, string[] lower, int i, bool isMixed)
    {
        if (Stronger.Contains(lower[i]) || Weaker.Contains(lower[i]) || !_valence.TryGetValue(lower[i], out var value)) return 0;
        // "kind of"; and "no" before a word that has a valence is a negation, not a valence.
        if (lower[i] == "kind" && i + 1 < lower.Length && lower[i + 1] == "of") return 0;
        if (lower[i] == "no" && i + 1 < lower.Length && _valence.ContainsKey(lower[i + 1])) return 0;
        if (IsAfterNo(lower, i)) value *= Negation;
        if (isMixed && IsCapitals(words[i])) value += Math.Sign(value) * Capitals;
        for (var back = 1; back <= 3 && i - back >= 0; back++)
        {
            var before = lower[i - back];
            if (_valence.ContainsKey(before)) continue;
            if (Stronger.Contains(before) || Weaker.Contains(before))
            {
                // By the sign that the value has by now: a negation between has turned it. Capitals always add to it.
                var degree = (Stronger.Contains(before) ? Degree : -Degree) + (isMixed && IsCapitals(words[i - back]) ? Capitals : 0);
                value += (value < 0 ? -degree : degree) * (back == 1 ? 1 : back == 2 ? 0.95 : 0.9);
            }
            value = Negated(lower, i, back, value);
            if (back == 3) value = InPhrase(lower, i, value);
        }
        return i > 0 && lower[i - 1] == "least" && !(i > 1 && lower[i - 2] is "at" or "very") ? value * Negation : value;
    }

    static bool IsAfterNo(string[] lower, int i) =>
        (i > 0 && lower[i - 1] == "no") || (i > 1 && lower[i - 2] == "no")
            || (i > 2 && lower[i - 3] == "no" && lower[i - 1] is "or" or "nor");

    /// <summary>The value of the phrase that the word stands in, with the three words before it and the two behind.</summary>
    static double InPhrase(string[] lower, int i, double value)
    {
        foreach (var (from, to) in (ReadOnlySpan<(int, int)>)[(-1, 0), (-2, 0), (-2, -1), (-3, -1), (-3, -2)])
            if (Idioms.TryGetValue(Phrase(from, to), out var own))
            {
                value = own;
                break;
            }
        foreach (var to in (ReadOnlySpan<int>)[1, 2])
            if (i + to < lower.Length && Idioms.TryGetValue(Phrase(0, to), out var own)) value = own;
        foreach (var from in (ReadOnlySpan<int>)[-3, -2])
            if (WeakerPhrases.Contains(Phrase(from, from + 1))) value -= Degree;
        return value;

        string Phrase(int from, int to) => string.Join(' ', lower[(i + from)..(i + to + 1)]);
    }

    static double Negated(string[] lower, int i, int back, double value)
    {
        var before = lower[i - back];
        // "never so good", "without doubt".
        if (before == "never" && back > 1 && lower.AsSpan(i - back + 1, back - 1).ContainsAny("so", "this")) return value * 1.25;
        if (before == "without" && back > 1 && lower.AsSpan(i - back + 1, back - 1).Contains("doubt")) return value;
        return Negations.Contains(before.Replace("'", "").Replace("’", "")) || before.EndsWith("n't", StringComparison.Ordinal)
            ? value * Negation : value;
    }

    static double Emphasis(string text)
    {
        var (exclamations, questions) = (Math.Min(4, text.Count(c => c == '!')), text.Count(c => c == '?'));
        return exclamations * 0.292 + (questions <= 1 ? 0 : questions <= 3 ? questions * 0.18 : 0.96);
    }

    // Punctuation around a word goes, unless nothing is left: an emoticon.
    static string Bare(string word)
    {
        var bare = word.Trim([.. "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]);
        return bare.Length <= 2 ? word : bare;
    }

    static bool IsCapitals(string word) => word.Any(char.IsLetter) && !word.Any(char.IsLower);
}
