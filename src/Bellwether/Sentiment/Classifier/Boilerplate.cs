using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// The parts of a release that lawyers ask for: forward-looking statements, safe harbour, the company about itself. They speak of losses,
/// risks and success alike in good news and in bad, so that they have no weight.
/// </summary>
static class Boilerplate
{
    const int ShortestText = 120;
    const int LongestHeading = 80;

    // Each names the paragraph: what follows in it is of the same kind.
    static readonly string[] Openings =
    [
        "forward-looking statement", "forward looking statement", "forward-looking information", "safe harbor", "safe harbour", "securities litigation reform act", "cautionary note", "cautionary statement",
        "statements about the future", "not historical facts", "no offer to sell", "not constitute an offer", "non-gaap financial measures are",
    ];

    // Each condemns its own sentence only.
    static readonly string[] Phrases =
    [
        "actual results", "differ materially", "materially from those", "undue reliance", "risks and uncertainties", "no obligation to update", "no obligation to revise", "undertakes no obligation",
        "assumes no obligation", "no duty to update", "no guarantee of future", "not guarantees of future", "risk factors", "no assurance that", "beyond our control", "intended to identify",
    ];

    /// <summary>Where boilerplate begins that goes on to the end of the text; its length where there is none, or nothing before it.</summary>
    public static int StartOf(ReadOnlySpan<char> text)
    {
        if (text.Length < ShortestText || !Holds(text, Openings) && !Holds(text, Phrases)) return text.Length;
        var reader = new SentenceReader(text, stackalloc char[1024], stackalloc Token[128]);
        var state = default(State);
        var (start, cut) = (0, -1);
        while (reader.Read())
        {
            var skipped = state.Skips(text, start, reader.Position);
            if (!skipped) cut = -1;
            else if (cut < 0) cut = start;
            start = reader.Position;
        }
        return cut <= 0 ? text.Length : cut;
    }

    static bool Holds(ReadOnlySpan<char> text, string[] phrases)
    {
        foreach (var phrase in phrases)
            if (text.Contains(phrase, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>Tells sentence by sentence, from the first to the last.</summary>
    public struct State
    {
        bool _inside;

        /// <summary>Whether the sentence from start to end carries no news.</summary>
        public bool Skips(ReadOnlySpan<char> text, int start, int end)
        {
            var sentence = text[start..end];
            // A paragraph that is over ends it, except behind the heading that announces the next one.
            if (_inside && IsNewParagraph(text, start) && !IsHeading(Before(text, start))) _inside = false;
            _inside |= Holds(sentence, Openings) || IsHeading(sentence);
            return _inside || Holds(sentence, Phrases);
        }

        static bool IsNewParagraph(ReadOnlySpan<char> text, int start)
        {
            while (start < text.Length && char.IsWhiteSpace(text[start]))
                if (text[start++] == '\n') return true;
            return start > 0 && start <= text.Length && text[start - 1] == '\n';
        }

        static ReadOnlySpan<char> Before(ReadOnlySpan<char> text, int start)
        {
            var before = text[..start].TrimEnd();
            return before[(before.LastIndexOf('\n') + 1)..];
        }

        // "About Acme", "Forward-Looking Statements" on a line of its own, "About Acme: ...".
        static bool IsHeading(ReadOnlySpan<char> line)
        {
            line = line.Trim();
            if (line.StartsWith("About ", StringComparison.Ordinal) && line.Length > 6 && char.IsUpper(line[6]))
                return line.Length <= LongestHeading && line[^1] is not ('.' or '!' or '?') || line[..Math.Min(line.Length, LongestHeading)].Contains(':');
            return line.Length <= LongestHeading && Holds(line, Openings);
        }
    }
}
