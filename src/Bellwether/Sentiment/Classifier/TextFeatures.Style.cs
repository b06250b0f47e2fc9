namespace Bellwether.Sentiment.Classifier;

static partial class TextFeatures
{
    /// <summary>How it is written: a tweet, a headline, a sentence of a report. The share of neutral texts differs between them.</summary>
    /// <returns>True for a sentence as reports and articles have it: it ends with a full stop and has no marks of a post.</returns>
    static bool Style(ReadOnlySpan<char> text, FeatureBuffer features)
    {
        text = text.Trim();
        var seen = 0;
        for (var at = 0; at < text.Length; at++)
            seen |= 1 << text[at] switch
            {
                '$' => at + 1 < text.Length && char.IsAsciiLetter(text[at + 1]) ? 1 : 2,
                '@' => 3,
                '#' => 4,
                '?' => 5,
                '!' => 6,
                ':' => at + 1 < text.Length && text[at + 1] == '/' ? 7 : 8,
                '%' => 9,
                '…' => 10,
                '"' or '“' or '”' or '\'' or '‘' or '’' => 11,
                _ => 0,
            };
        for (var kind = 1; kind <= 11; kind++)
            if ((seen & 1 << kind) != 0) Mark(features, 40, kind);
        if (text.IsEmpty) return false;
        if (text[^1] == '.') Mark(features, 41);
        if (char.IsAsciiLetterLower(text[0])) Mark(features, 42);
        Mark(features, 43, Capitals(text));
        return text[^1] == '.' && (seen & (1 << 1 | 1 << 3 | 1 << 4 | 1 << 7)) == 0;
    }

    // The share of words that begin with a capital: a headline in title case, in sentence case, a message in lower case.
    static int Capitals(ReadOnlySpan<char> text)
    {
        var (words, capitals, before) = (0, 0, ' ');
        foreach (var c in text[..Math.Min(text.Length, 200)])
        {
            if (before == ' ' && char.IsAsciiLetter(c))
            {
                words++;
                if (char.IsAsciiLetterUpper(c)) capitals++;
            }
            before = c;
        }
        return words == 0 ? 0 : 1 + 4 * capitals / (words + 1);
    }
}
