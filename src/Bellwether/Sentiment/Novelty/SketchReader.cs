namespace Bellwether.Sentiment.Novelty;

/// <summary>Takes a text apart into the features of its sketch. One for each thread: its buffers are used again.</summary>
sealed partial class SketchReader
{
    // Of "rises" and of "falls", whatever the word.
    const uint UpWord = 0x0F3A_11C7, DownWord = 0x0C5B_29E3;

    [ThreadStatic] static SketchReader? _own;

    uint[] _features = new uint[256];
    uint[] _names = new uint[64];
    int _count, _nameCount, _words, _capitals, _smalls;
    uint _first, _second, _anchor;
    byte _ordinal;
    bool _isNegated, _isVersion, _isDayNext;
    int _ups, _downs, _amounts;

    public static TextSketch Read(string? title, string? text)
    {
        var reader = _own ??= new();
        reader.Clear();
        var head = Begin(title);
        var body = Begin(text);
        if (!body.StartsWith(head)) reader.Add(head);
        reader.Add(body);
        return reader.Sketch();

        static ReadOnlySpan<char> Begin(string? text) => text.AsSpan(0, Math.Min(text?.Length ?? 0, TextSketch.MostCharacters));
    }

    void Clear()
    {
        (_count, _nameCount, _words, _capitals, _smalls, _ups, _downs, _amounts) = (0, 0, 0, 0, 0, 0, 0, 0);
        (_first, _second, _isNegated) = (0, 0, false);
    }

    TextSketch Sketch()
    {
        // Where nearly every word begins with a capital, or none does, capitals name nobody.
        if (_smalls * 3 > _capitals)
            for (var i = 0; i < _nameCount; i++) Push(TextSketch.Feature(Trait.Name, _names[i]));
        var features = _features.AsSpan(0, _count);
        features.Sort();
        var kept = 0;
        for (var i = 0; i < features.Length; i++)
            if (i == 0 || features[i] != features[i - 1]) features[kept++] = features[i];
        return new(features[..kept], new(_first, _second, _isNegated, _ups, _downs, _amounts));
    }

    void Add(ReadOnlySpan<char> text)
    {
        while (WithoutPublisher(text) is { } story && story.Length < text.Length) text = story;
        (_anchor, _ordinal, _isVersion, _isDayNext) = (0, 0, false, false);
        var begins = true;
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (char.IsLetter(c))
            {
                if ((c | 0x20) is 'h' or 'w' or 'p' or 't' or 'b' && IsLink(text[i..])) i = EndOfRun(text, i);
                else (i, begins) = (Word(text, i, begins), false);
                continue;
            }
            if (c == '@')
            {
                i = EndOfRun(text, i);
                continue;
            }
            if (StartsNumber(text, i))
            {
                (i, begins) = (Number(text, i), false);
                continue;
            }
            if (c is '.' or '!' or '?' or '\n' or ':' or '"' or '“') begins = true;
            i++;
        }
    }

    int Word(ReadOnlySpan<char> text, int start, bool begins)
    {
        Span<char> lower = stackalloc char[32];
        var (end, length, digits) = (start, 0, false);
        for (; end < text.Length; end++)
        {
            var c = text[end];
            if (char.IsAsciiLetter(c)) c |= ' ';
            else if (char.IsLetter(c)) c = char.ToLowerInvariant(c);
            else if (char.IsDigit(c)) digits = true;
            else if (c is '\'' or '’') continue;
            else if (c != '&' || end + 1 >= text.Length || !char.IsLetter(text[end + 1])) break;
            if (length < lower.Length) lower[length++] = c;
        }
        var word = lower[..length];
        // Of a genitive, where the apostrophe is gone by now.
        if (end - start >= 3 && text[end - 1] is 's' or 'S' && text[end - 2] is '\'' or '’') word = word[..^1];
        if (digits && Label(word)) return end;
        if (word.Length < 2) return end;
        var hash = SketchWords.Hash(word);
        var (role, payload) = SketchWords.Of(hash);
        var ordinal = _ordinal;
        (_ordinal, _isVersion, _isDayNext) = (role == WordRole.Ordinal ? payload : (byte)0, role == WordRole.Version, false);
        switch (role)
        {
            case WordRole.Stop or WordRole.Version or WordRole.Ordinal or WordRole.Percent or WordRole.Scale:
                return end;
            case WordRole.Quarter when ordinal > 0:
                Fact(Trait.Label, QuarterLabel(ordinal));
                return end;
            case WordRole.Month when char.IsUpper(text[start]):
                Fact(Trait.Label, 0x4D00u + payload);
                _isDayNext = true;
                return end;
            case WordRole.Weekday when char.IsUpper(text[start]):
                Fact(Trait.Label, 0x5700u + payload);
                return end;
            case WordRole.Up or WordRole.Down:
                Direction(role == WordRole.Up);
                return end;
            case WordRole.Not:
                _isNegated |= _words < TextSketch.HeadWords;
                break;
            case WordRole.Plus or WordRole.Minus when _words < TextSketch.HeadWords:
                Push(TextSketch.Feature(role == WordRole.Plus ? Trait.Plus : Trait.Minus, payload));
                break;
        }
        Content(hash);
        if (text[start] is var initial && char.IsUpper(initial)) _capitals++;
        else _smalls++;
        if (!begins && char.IsUpper(initial) && _words <= TextSketch.HeadWords) Name(hash);
        return end;
    }

    void Content(uint hash)
    {
        Push(TextSketch.Feature(Trait.Word, hash));
        Begin(hash);
        _anchor = hash;
        _words++;
    }

    void Begin(uint hash)
    {
        if (_first == 0) _first = TextSketch.Bare(hash);
        else if (_second == 0) _second = TextSketch.Bare(hash);
    }

    /// <summary>Something goes up or down; what, is the word before.</summary>
    void Direction(bool isUp)
    {
        Push(TextSketch.Feature(Trait.Word, isUp ? UpWord : DownWord));
        if (_first != 0) Begin(isUp ? UpWord : DownWord);
        if (_words++ >= TextSketch.HeadWords) return;
        Push(TextSketch.Feature(isUp ? Trait.Up : Trait.Down, _anchor));
        if (isUp) _ups++;
        else _downs++;
    }

    /// <summary>A number or a period; behind the head it is a word like others.</summary>
    void Fact(Trait trait, uint hash)
    {
        var isHead = _words++ < TextSketch.HeadWords;
        Push(TextSketch.Feature(isHead ? trait : Trait.Word, TextSketch.Mix(hash)));
        if (isHead && trait == Trait.Amount) _amounts++;
    }

    void Name(uint hash)
    {
        if (_nameCount == _names.Length) Array.Resize(ref _names, _names.Length * 2);
        _names[_nameCount++] = hash;
    }

    void Push(uint feature)
    {
        if (_count == _features.Length) Array.Resize(ref _features, _features.Length * 2);
        _features[_count++] = feature;
    }
}
