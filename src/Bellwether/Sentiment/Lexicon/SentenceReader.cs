namespace Bellwether.Sentiment.Lexicon;

/// <summary>One token: where its lower-case form stands in <see cref="SentenceReader.Words"/>, its clause, how it was written.</summary>
readonly record struct Token(int Start, int Length, short Clause, bool IsCapitals)
{
    public int End => Start + Length;

    /// <summary>Where it begins in the text that was read.</summary>
    public int Source { get; init; }
}

/// <summary>
/// Cuts text into sentences of lower-case tokens without allocating. Numbers become <c>#</c>, signed percentages <c>+#</c> and <c>-#</c>;
/// links, mentions and cashtags carry no sentiment and are left out; hyphens separate words; an emoji is a token of its own.
/// Any UTF-16 is accepted, lone surrogates and NULs included.
/// </summary>
ref partial struct SentenceReader(ReadOnlySpan<char> text, Span<char> words, Span<Token> tokens)
{
    readonly ReadOnlySpan<char> _text = text;
    readonly Span<char> _words = words;
    readonly Span<Token> _tokens = tokens;
    int _position;
    int _source;
    int _used;
    int _count;
    short _clause;

    /// <summary>The tokens of the sentence, separated by single spaces.</summary>
    public readonly ReadOnlySpan<char> Words => _words[.._used];

    public readonly ReadOnlySpan<Token> Tokens => _tokens[.._count];

    /// <summary>The text that sentences are read from.</summary>
    public readonly ReadOnlySpan<char> Text => _text;

    /// <summary>How far the text has been read.</summary>
    public readonly int Position => _position;

    public readonly ReadOnlySpan<char> WordOf(Token token) => _words.Slice(token.Start, token.Length);

    public bool IsQuestion { get; private set; }

    /// <summary>Exclamation marks that end the sentence, at most 3.</summary>
    public int Exclamations { get; private set; }

    /// <summary>Reads the next sentence that has a token. A sentence too long for the buffers is continued as another one.</summary>
    public bool Read()
    {
        (_used, _count, _clause, IsQuestion, Exclamations) = (0, 0, 0, false, 0);
        while (_position < _text.Length && _count < _tokens.Length)
        {
            var c = _text[_position];
            if (c is '\n' or '\r' && _count > 0)
            {
                _position++;
                break;
            }
            if (char.IsAsciiLetter(c) || (c > 127 && char.IsLetter(c)))
            {
                if (!ReadWord())
                    break;
            }
            else if (char.IsAsciiDigit(c))
            {
                ReadNumber("#");
            }
            else if (c is '.' or '!' or '?')
            {
                if (EndsSentence(c))
                    break;
            }
            else
            {
                ReadSymbol(c);
            }
        }
        return _count > 0;
    }

    // False when the word belongs to the next sentence for want of room.
    bool ReadWord()
    {
        var rest = _text[_position..];
        _source = _position;
        if (rest[0] is 'h' or 'H' or 'w' or 'W' && IsLink(rest))
        {
            SkipToBlank();
            return true;
        }
        var length = 0;
        int letters = 0, capitals = 0;
        for (; length < rest.Length; length++)
        {
            var c = rest[length];
            if (char.IsAsciiLetterLower(c))
            {
                letters++;
            }
            else if (char.IsLetter(c))
            {
                letters++;
                if (char.IsUpper(c))
                    capitals++;
            }
            else if (!char.IsAsciiDigit(c) && !Joins(c, length + 1 < rest.Length ? rest[length + 1] : '\0'))
            {
                break;
            }
        }
        _position += length;
        var word = rest[..length];
        if (length > 2 && word[^2] is '\'' or '’' && word[^1] is 's' or 'S')
            word = word[..^2];
        if (word.Length > MaxWord)
            return true;
        if (_used + word.Length + 1 > _words.Length)
        {
            _position -= length;
            return false;
        }
        Append(word, letters >= 3 && capitals == letters);
        return true;
    }

    const int MaxWord = 40;

    static bool Joins(char c, char next) => c is '\'' or '’' or '&' && char.IsLetter(next);

    static bool IsLink(ReadOnlySpan<char> rest) =>
        rest.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || rest.StartsWith("www.", StringComparison.OrdinalIgnoreCase);

    void SkipToBlank()
    {
        while (_position < _text.Length && !char.IsWhiteSpace(_text[_position]))
            _position++;
    }

    void Append(ReadOnlySpan<char> word, bool isCapitals)
    {
        if (_used + word.Length + 1 > _words.Length || _count == _tokens.Length)
            return;
        if (_used > 0)
            _words[_used++] = ' ';
        var target = _words[_used..];
        for (var i = 0; i < word.Length; i++)
        {
            var c = word[i];
            target[i] = c < 128 ? (char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c) : c == '’' ? '\'' : char.ToLowerInvariant(c);
        }
        _tokens[_count++] = new(_used, word.Length, _clause, isCapitals) { Source = _source };
        _used += word.Length;
    }

    void BreakClause()
    {
        if (_count > 0 && _tokens[_count - 1].Clause == _clause)
            _clause++;
    }
}
