using System.Globalization;
using System.Text;

namespace Bellwether.Sentiment.Onnx;

/// <summary>
/// Characters without their accents: the canonical decomposition (form D) less nonspacing marks. The program runs without the platform's
/// culture data, where <see cref="string.Normalize()"/> changes nothing, so the table comes along.
/// </summary>
static class CanonicalLetters
{
    // The Unicode standard, 3.12: syllables are computed from their parts.
    const int HangulFirst = 0xAC00, HangulCount = 11_172, Lead = 0x1100, Vowel = 0x1161, Tail = 0x11A7, Vowels = 21, Tails = 28;

    static readonly Dictionary<int, Rune[]> Table = Read();

    /// <summary>Most characters that one can become.</summary>
    public const int Most = 3;

    /// <summary>Writes what a character is without accents, and returns how many characters that is: 0 for an accent by itself.</summary>
    public static int Decompose(Rune rune, Span<Rune> into)
    {
        if (rune.IsAscii)
        {
            into[0] = rune;
            return 1;
        }
        if (Table.TryGetValue(rune.Value, out var known))
        {
            known.CopyTo(into);
            return known.Length;
        }
        if (rune.Value - HangulFirst is >= 0 and < HangulCount and var syllable)
        {
            into[0] = new(Lead + syllable / (Vowels * Tails));
            into[1] = new(Vowel + syllable % (Vowels * Tails) / Tails);
            if (syllable % Tails == 0) return 2;
            into[2] = new(Tail + syllable % Tails);
            return 3;
        }
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark) return 0;
        into[0] = rune;
        return 1;
    }

    static Dictionary<int, Rune[]> Read()
    {
        using var reader = new StreamReader(typeof(CanonicalLetters).Assembly.GetManifestResourceStream("onnx/unaccented.txt")
            ?? throw new InvalidOperationException("the table of characters is not in this build"));
        var table = new Dictionary<int, Rune[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            var cells = line.Split(' ');
            var first = Number(cells[0]);
            for (var i = 1; i < cells.Length; i++) table.Add(first + i - 1, [.. cells[i].Split('+').Select(c => new Rune(Number(c)))]);
        }
        return table;
    }

    static int Number(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
