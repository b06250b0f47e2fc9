using System.Globalization;
using System.Text;

namespace Bellwether.Sentiment.Onnx;

/// <param name="LowerCase">Capital letters become small ones.</param>
/// <param name="StripAccents">Letters lose their accents.</param>
/// <param name="SplitCjk">Each Chinese character is a word.</param>
public sealed record WordPieceRules(bool LowerCase = true, bool StripAccents = true, bool SplitCjk = true);

/// <summary>
/// Texts as the numbers of pieces of words, as BERT's own tokenizer gives them: control characters go, blanks, punctuation and Chinese
/// characters part words, accents and capitals go where the rules say so, and each word is taken apart by the longest piece that fits,
/// again and again.
/// </summary>
/// <remarks>Names of special pieces that stand in a text, such as <c>[SEP]</c>, are text like any other: nobody who writes a post may end
/// its input.</remarks>
public sealed class WordPieceTokenizer(WordPieceVocabulary vocabulary, WordPieceRules rules)
{
    /// <summary>A longer word is unknown as a whole, characters.</summary>
    public const int LongestWord = 100;

    // Room for the longest word; one character more tells that it is too long.
    const int Room = 2 * (LongestWord + 1);

    public WordPieceVocabulary Vocabulary => vocabulary;

    public WordPieceRules Rules => rules;

    /// <summary>Adds the pieces of a text, without the special ones, and stops when <paramref name="most"/> are there.</summary>
    public void Encode(ReadOnlySpan<char> text, int most, List<int> pieces)
    {
        Span<char> buffer = stackalloc char[Room];
        Span<Rune> parts = stackalloc Rune[CanonicalLetters.Most];
        var word = new Word(buffer);
        foreach (var rune in text.EnumerateRunes())
        {
            if (pieces.Count >= most) break;
            if (IsBlank(rune)) End(ref word, pieces);
            else if (!IsRemoved(rune)) Add(rune, ref word, parts, pieces);
        }
        End(ref word, pieces);
        if (pieces.Count > most) pieces.RemoveRange(most, pieces.Count - most);
    }

    void Add(Rune rune, ref Word word, Span<Rune> parts, List<int> pieces)
    {
        var alone = rules.SplitCjk && IsCjk(rune.Value);
        if (alone) End(ref word, pieces);
        var count = 1;
        if (rules.StripAccents) count = CanonicalLetters.Decompose(rune, parts);
        else parts[0] = rune;
        foreach (var part in parts[..count])
        {
            if (IsPunctuation(part))
            {
                End(ref word, pieces);
                word.Add(part);
                End(ref word, pieces);
            }
            else if (!rules.LowerCase) word.Add(part);
            else if (part.Value == 'İ')
            {
                // The only letter whose small form is two characters in every language.
                word.Add(new('i'));
                word.Add(new('\u0307'));
            }
            else word.Add(Rune.ToLowerInvariant(part));
        }
        if (alone) End(ref word, pieces);
    }

    void End(ref Word word, List<int> pieces)
    {
        if (word.Characters > 0) AddPieces(word, pieces);
        word.Clear();
    }

    void AddPieces(Word word, List<int> pieces)
    {
        var before = pieces.Count;
        var text = word.Text;
        if (word.Characters > LongestWord)
        {
            pieces.Add(vocabulary.Unknown);
            return;
        }
        for (var start = 0; start < text.Length;)
        {
            var length = Math.Min(text.Length - start, vocabulary.LongestPiece);
            int id;
            while (!vocabulary.TryGet(text.Slice(start, length), start > 0, out id))
                if (--length == 0)
                {
                    // One part that is unknown makes the word so.
                    pieces.RemoveRange(before, pieces.Count - before);
                    pieces.Add(vocabulary.Unknown);
                    return;
                }
            pieces.Add(id);
            start += length;
        }
    }

    static bool IsBlank(Rune rune) => rune.Value is ' ' or '\t' or '\n' or '\r'
        || !rune.IsAscii && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    // Every category that begins with C, and what stands for bytes that were no text.
    static bool IsRemoved(Rune rune) => rune.Value is 0 or 0xFFFD || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
            or UnicodeCategory.OtherNotAssigned;

    static bool IsPunctuation(Rune rune) =>
        rune.IsAscii ? rune.Value is >= 33 and <= 47 or >= 58 and <= 64 or >= 91 and <= 96 or >= 123 and <= 126
        : Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
            or UnicodeCategory.OtherPunctuation;

    static bool IsCjk(int c) =>
        c is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F
        or >= 0x2B740 and <= 0x2B81F or >= 0x2B820 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;

    ref struct Word(Span<char> buffer)
    {
        readonly Span<char> _buffer = buffer;
        int _length;

        public int Characters { get; private set; }

        public readonly ReadOnlySpan<char> Text => _buffer[.._length];

        public void Add(Rune rune)
        {
            if (++Characters <= LongestWord) _length += rune.EncodeToUtf16(_buffer[_length..]);
        }

        public void Clear() => (_length, Characters) = (0, 0);
    }
}
