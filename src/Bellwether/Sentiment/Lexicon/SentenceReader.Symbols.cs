using System.Globalization;

namespace Bellwether.Sentiment.Lexicon;

ref partial struct SentenceReader
{
    void ReadSymbol(char c)
    {
        var next = _position + 1 < _text.Length ? _text[_position + 1] : '\0';
        if (c is '$' && char.IsAsciiLetter(next) || c is '@' && (char.IsAsciiLetter(next) || next is '_'))
        {
            SkipName();
            return;
        }
        if (c is '+' or '-' or '−' && char.IsAsciiDigit(next) && (_position == 0 || IsOpening(_text[_position - 1])))
        {
            _position++;
            ReadNumber(c is '+' ? "+#" : "-#", "#");
            return;
        }
        if (char.IsHighSurrogate(c) && char.IsLowSurrogate(next))
        {
            AppendEmoji(2);
            return;
        }
        if (c >= '\u2190' && char.GetUnicodeCategory(c) is UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol)
        {
            AppendEmoji(1);
            return;
        }
        if (c is ',' or ';' or ':' or '(' or ')' or '|' or '—' or '–' || c is '-' && next is ' ')
            BreakClause();
        _position++;
    }

    static bool IsOpening(char c) => char.IsWhiteSpace(c) || c is '(' or '[';

    void AppendEmoji(int length)
    {
        _source = _position;
        Append(_text.Slice(_position, length), isCapitals: false);
        _position += length;
    }

    // A cashtag or a mention.
    void SkipName()
    {
        _position++;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '_'))
            _position++;
    }

    void ReadNumber(string percentage, string plain = "#")
    {
        var isPercentage = false;
        _source = _position;
        for (; _position < _text.Length; _position++)
        {
            var c = _text[_position];
            var inside = char.IsAsciiLetterOrDigit(c)
                || c is '.' or ',' && _position + 1 < _text.Length && char.IsAsciiDigit(_text[_position + 1]);
            if (!inside)
            {
                isPercentage = c is '%';
                break;
            }
        }
        Append(isPercentage ? percentage : plain, isCapitals: false);
    }

    // Consumes the mark. A full stop ends a sentence before a blank and a capital, unless an initial or an abbreviation is before it.
    bool EndsSentence(char mark)
    {
        var start = _position;
        while (_position < _text.Length && _text[_position] is '.' or '!' or '?' or '"' or '”' or '\'' or '’' or ')')
        {
            if (_text[_position] is '!')
                Exclamations = Math.Min(3, Exclamations + 1);
            IsQuestion |= _text[_position] is '?';
            _position++;
        }
        if (_position < _text.Length && !char.IsWhiteSpace(_text[_position]))
            return false;
        if (mark is not '.' || _position - start > 1)
            return _count > 0;
        var next = _position;
        while (next < _text.Length && _text[next] is ' ' or '\t')
            next++;
        if (next < _text.Length && char.IsLower(_text[next]) || _count == 0)
            return false;
        var last = _tokens[_count - 1];
        return last.Length > 1 && _words.Slice(last.Start, last.Length)
            is not ("inc" or "corp" or "ltd" or "co" or "vs" or "mr" or "ms" or "mrs" or "dr" or "st" or "jr" or "cos"
                or "rs" or "est" or "adj" or "prev" or "approx");
    }
}
