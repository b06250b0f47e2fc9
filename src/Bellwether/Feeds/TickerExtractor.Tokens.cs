using System.Buffers;

namespace Bellwether.Feeds;

public sealed partial class TickerExtractor
{
    /// <param name="Mark">$, # or @ directly before the word, else 0.</param>
    /// <param name="Capital">Starts with an upper-case letter or a digit.</param>
    /// <param name="Upper">Has letters, all upper case.</param>
    /// <param name="First">Begins a sentence.</param>
    /// <param name="Possessive">Ends in a possessive 's.</param>
    readonly record struct Token(int Start, int Length, char Mark, bool Capital, bool Upper, bool First, bool Possessive)
    {
        public int End => Start + Length;

        public ReadOnlySpan<char> Of(ReadOnlySpan<char> text) => text.Slice(Start, Length);
    }

    /// <param name="TitleCase">Capitals say nothing: nearly every long word has one.</param>
    /// <param name="Shouting">The text is in capitals.</param>
    readonly record struct Style(bool TitleCase, bool Shouting);

    // A word is letters and digits, with a dot, ampersand or apostrophe inside. Web addresses are passed over.
    static int Tokenize(ReadOnlySpan<char> text, ref Token[] tokens, out Style style)
    {
        var (count, at, first) = (0, 0, true);
        var (longWords, longCapitals, letters, capitals) = (0, 0, 0, 0);
        while (at < text.Length)
        {
            var c = text[at];
            if (!char.IsLetterOrDigit(c))
            {
                if (c is '.' or '!' or '?' or '\n' or ':' or '"' or '“' or '•' or '|') first = true;
                at++;
                continue;
            }
            var start = at;
            var (upper, lower) = (0, 0);
            while (at < text.Length)
            {
                c = text[at];
                if (char.IsAsciiLetterLower(c)) lower++;
                else if (char.IsAsciiLetterUpper(c)) upper++;
                else if (!char.IsLetterOrDigit(c))
                {
                    if (c is not ('.' or '&' or '\'' or '’') || at + 1 >= text.Length || !char.IsLetterOrDigit(text[at + 1])) break;
                    // "12.50" and "U.S" stay whole; a sentence whose blank was forgotten ("up.Apple") does not.
                    if (c == '.' && at - start > 2 && lower > 0 && char.IsAsciiLetterUpper(text[at + 1])) break;
                }
                else if (!char.IsAsciiDigit(c)) lower++;
                at++;
            }
            letters += upper + lower;
            capitals += upper;
            if (text[at..].StartsWith("://"))
            {
                while (at < text.Length && !char.IsWhiteSpace(text[at])) at++;
                first = false;
                continue;
            }
            var length = at - start;
            var capital = char.IsUpper(text[start]) || char.IsAsciiDigit(text[start]);
            if (length >= 4 && lower + upper > 0)
            {
                longWords++;
                if (capital) longCapitals++;
            }
            var mark = start > 0 && text[start - 1] is '$' or '#' or '@'
                && (start == 1 || !char.IsLetterOrDigit(text[start - 2]) && text[start - 2] != '$')
                ? text[start - 1]
                : start > 0 && text[start - 1] is '$' or '_' ? '_' : '\0';
            if (at < text.Length && text[at] == '_') mark = '_';
            var possessive = length > 2 && text[at - 1] is 's' or 'S' && text[at - 2] is '\'' or '’';
            if (count == tokens.Length)
            {
                var larger = ArrayPool<Token>.Shared.Rent(count * 2);
                tokens.AsSpan(0, count).CopyTo(larger);
                ArrayPool<Token>.Shared.Return(tokens);
                tokens = larger;
            }
            tokens[count++] = new Token(start, length, mark, capital, lower == 0 && upper > 0, first, possessive);
            first = false;
        }
        style = new Style(longWords >= 3 && longCapitals * 10 >= longWords * 7, letters >= 20 && capitals * 10 >= letters * 7);
        return count;
    }
}
