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

    // Each names the paragraph that it opens; elsewhere it condemns its sentence and those that read on like it.
    static readonly string[] Openings =
    [
        "forward-looking statement", "forward looking statement", "forward-looking information", "safe harbor", "safe harbour", "securities litigation reform act", "cautionary note", "cautionary statement",
        "statements about the future", "not historical facts", "no offer to sell", "not constitute an offer", "non-gaap financial measures are",
    ];

    // Each condemns its own sentence only.
    static readonly string[] Phrases =
    [
        "differ materially", "materially from those", "undue reliance", "risks and uncertainties", "no obligation to update", "no obligation to revise", "undertakes no obligation",
        "assumes no obligation", "no duty to update", "no guarantee of future", "not guarantees of future", "risk factors", "no assurance that", "beyond our control", "intended to identify",
    ];

    // How such a passage goes on; by themselves they may be news.
    static readonly string[] Continuations =
    [
        "such statements", "these statements", "those statements", "forward-looking", "forward looking", "such risks", "these risks", "risks include", "uncertainties", "factors that", "factors include",
        "important factors", "limited to", "current expectations", "words such as", "identified by", "as of the date", "as required by law", "speak only", "form 10-", "form 20-f", "exchange commission",
        "with the sec", "section 27a", "section 21e", "reconciliation",
    ];

    const string Results = "actual results";
    static readonly string[] Conditionals = ["may ", "might ", "could ", "can "];
    static readonly string[] Differences = [" differ ", " differ.", " differ,", " vary ", " vary.", " vary,", " different"];

    /// <summary>Where boilerplate begins that goes on to the end of the text; its length where there is none, or nothing before it.</summary>
    /// <param name="isWithin">Whether there is some before that, with news behind it.</param>
    public static int StartOf(ReadOnlySpan<char> text, out bool isWithin)
    {
        isWithin = false;
        if (text.Length < ShortestText || !Holds(text, Openings) && !IsLegal(text)) return text.Length;
        var reader = new SentenceReader(text, stackalloc char[1024], stackalloc Token[128]);
        var state = default(State);
        var (start, cut) = (0, -1);
        while (reader.Read())
        {
            var skipped = state.Skips(text, start, reader.Position);
            isWithin |= !skipped && cut >= 0;
            if (!skipped) cut = -1;
            else if (cut < 0) cut = start;
            start = reader.Position;
        }
        return cut <= 0 ? text.Length : cut;
    }

    static bool IsLegal(ReadOnlySpan<char> text) => Holds(text, Phrases) || MayDiffer(text);

    // "Actual results could differ", "may be worse"; "actual results were better than forecast" is news.
    static bool MayDiffer(ReadOnlySpan<char> text)
    {
        var at = text.IndexOf(Results, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return false;
        var behind = text[(at + Results.Length)..];
        foreach (var word in Conditionals)
            if (behind.TrimStart().StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return Holds(behind, Differences);
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
        bool _isNamed;

        /// <summary>Whether the sentence from start to end carries no news.</summary>
        public bool Skips(ReadOnlySpan<char> text, int start, int end)
        {
            var sentence = text[start..end];
            var isFirst = IsNewParagraph(text, start);
            // A paragraph that is over ends it, except behind the heading that announces the next one.
            if (isFirst && !IsHeading(Before(text, start))) (_inside, _isNamed) = (false, false);
            var opens = Holds(sentence, Openings);
            _isNamed |= opens && isFirst || IsHeading(sentence);
            // In the midst of a paragraph news may follow: only what reads on like it goes, and what stands before such a sentence.
            _inside = _isNamed || opens || _inside && (Continues(sentence) || Continues(NextOf(text, end)));
            return _inside || IsLegal(sentence);
        }

        static bool Continues(ReadOnlySpan<char> sentence) => Holds(sentence, Continuations) || Holds(sentence, Openings) || IsLegal(sentence);

        static ReadOnlySpan<char> NextOf(ReadOnlySpan<char> text, int end)
        {
            var rest = text[end..].TrimStart(' ');
            for (var i = 0; i < rest.Length; i++)
                if (rest[i] == '\n' || rest[i] is '.' or '!' or '?' && i + 1 < rest.Length && char.IsWhiteSpace(rest[i + 1])) return rest[..i];
            return rest;
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
            return line.Length is > 0 and <= LongestHeading && line[^1] is not ('.' or '!' or '?') && Holds(line, Openings);
        }
    }
}
