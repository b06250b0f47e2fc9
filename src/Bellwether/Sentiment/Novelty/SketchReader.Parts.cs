namespace Bellwether.Sentiment.Novelty;

sealed partial class SketchReader
{
    static readonly string[] Links = ["http", "www.", "pic.twitter", "t.co/", "bit.ly/"];

    static bool IsLink(ReadOnlySpan<char> text)
    {
        foreach (var link in Links)
            if (text.StartsWith(link, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    static int EndOfRun(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && !char.IsWhiteSpace(text[at])) at++;
        return at;
    }

    static bool IsDigit(ReadOnlySpan<char> text, int at) => at < text.Length && char.IsAsciiDigit(text[at]);

    static bool StartsNumber(ReadOnlySpan<char> text, int at) => char.IsAsciiDigit(text[at])
        || text[at] is '$' or '€' or '£' or '¥' && IsDigit(text, at + 1)
        || text[at] is '+' or '-' or '−' && (at == 0 || char.IsWhiteSpace(text[at - 1]) || text[at - 1] == '(')
            && (IsDigit(text, at + 1) || at + 1 < text.Length && text[at + 1] == '$' && IsDigit(text, at + 2));

    /// <summary>"Headline - Publisher", "Headline | Publisher": a few words behind the last dash, with capitals and without numbers, are
    /// not the story's.</summary>
    static ReadOnlySpan<char> WithoutPublisher(ReadOnlySpan<char> text)
    {
        const int shortest = 20, longest = 300;
        if (text.Length is < shortest or > longest) return text;
        var dash = text.LastIndexOfAny("-|–—");
        while (dash >= shortest && !(text[dash - 1] == ' ' && dash + 1 < text.Length && text[dash + 1] == ' '))
            dash = text[..dash].LastIndexOfAny("-|–—");
        if (dash < shortest) return text;
        var (words, inside) = (0, false);
        foreach (var c in text[(dash + 1)..])
        {
            if (char.IsAsciiDigit(c) || c is '\n' or '%' or '$' or '#') return text;
            if (char.IsLetter(c) && !inside && (++words > 4 || words == 1 && !char.IsUpper(c))) return text;
            inside = char.IsLetter(c) || inside && c is '\'' or '’' or '.' or '&';
        }
        return words > 0 ? text[..(dash - 1)] : text;
    }

    static uint QuarterLabel(int quarter) => 0x5100u + (uint)quarter;

    static uint HalfLabel(int half) => 0x4800u + (uint)half;

    static uint YearLabel(long year) => 0x590000u + (uint)year;

    /// <summary>q3, h1, fy24, fy2024; other words with digits are words.</summary>
    bool Label(ReadOnlySpan<char> word)
    {
        if (word is ['q', >= '1' and <= '4']) Fact(Trait.Label, QuarterLabel(word[1] - '0'));
        else if (word is ['h', '1' or '2']) Fact(Trait.Label, HalfLabel(word[1] - '0'));
        else if (word is ['f', 'y', _, _] && int.TryParse(word[2..], out var two)) Fact(Trait.Label, YearLabel(2000 + two));
        else if (word is ['f', 'y', _, _, _, _] && int.TryParse(word[2..], out var four)) Fact(Trait.Label, YearLabel(four));
        else return false;
        _ordinal = 0;
        return true;
    }

    /// <summary>An amount with its unit and scale, whichever way they are written: 12%, 12 pct; $1.2B, 1.2 billion, 1,200 mln.</summary>
    int Number(ReadOnlySpan<char> text, int at)
    {
        var sign = text[at] is '+' ? 1 : text[at] is '-' or '−' ? -1 : 0;
        if (sign != 0) at++;
        var isMoney = at < text.Length && text[at] is '$' or '€' or '£' or '¥';
        if (isMoney) at++;
        var (value, decimals, isPlain) = (0.0, 0, true);
        for (; at < text.Length; at++)
        {
            if (char.IsAsciiDigit(text[at]))
            {
                value = value * 10 + (text[at] - '0');
                if (decimals > 0) decimals++;
            }
            else if (text[at] == '.' && decimals == 0 && IsDigit(text, at + 1)) (decimals, isPlain) = (1, false);
            else if (text[at] == ',' && decimals == 0 && IsDigit(text, at + 1) && IsDigit(text, at + 2) && IsDigit(text, at + 3)
                && !IsDigit(text, at + 4)) isPlain = false;
            else break;
        }
        if (decimals > 1) value /= PowerOfTen(decimals - 1);
        var (end, isPercent, power, isOrdinal, letters) = Suffix(text, at);
        var isDay = _isDayNext && isPlain && !isMoney && !isPercent && power == 0 && value is >= 1 and <= 31;
        _isDayNext = false;
        if (isDay)
        {
            Fact(Trait.Label, 0x4400u + (uint)value);
            return end;
        }
        if (isOrdinal || letters is 'q' or 'h' && isPlain && value is >= 1 and <= 4)
        {
            if (letters == 'q') Fact(Trait.Label, QuarterLabel((int)value));
            else if (letters == 'h') Fact(Trait.Label, HalfLabel((int)value));
            else (_ordinal, _isVersion) = (value is >= 1 and <= 4 ? (byte)value : (byte)0, false);
            return end;
        }
        var isCounter = _isVersion && isPlain && !isPercent && !isMoney && power == 0;
        (_ordinal, _isVersion) = (0, false);
        if (isCounter) return end;
        if (sign != 0) Direction(sign > 0);
        if (isPlain && !isPercent && !isMoney && power == 0 && value is >= 1990 and < 2100) Fact(Trait.Label, YearLabel((long)value));
        else
        {
            var amount = BitConverter.DoubleToUInt64Bits(Math.Round(value * PowerOfTen(power), 4));
            Fact(Trait.Amount, TextSketch.Mix((uint)amount ^ TextSketch.Mix((uint)(amount >> 32))) ^ (isPercent ? 0xA5A5u : 0));
        }
        return end;
    }

    static double PowerOfTen(int power) => power < Powers.Length ? Powers[power] : Math.Pow(10, power);

    static readonly double[] Powers = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

    static (int End, bool IsPercent, int Power, bool IsOrdinal, char Letter) Suffix(ReadOnlySpan<char> text, int at)
    {
        var next = at < text.Length && text[at] is ' ' or '-' ? at + 1 : at;
        if (next < text.Length && text[next] == '%') return (next + 1, true, 0, false, default);
        var end = next;
        Span<char> lower = stackalloc char[12];
        while (end < text.Length && char.IsLetter(text[end]))
        {
            if (end - next == lower.Length) return (at, false, 0, false, default);
            lower[end - next] = char.ToLowerInvariant(text[end]);
            end++;
        }
        var word = lower[..(end - next)];
        if (word.IsEmpty) return (at, false, 0, false, default);
        if (next == at && word is "st" or "nd" or "rd" or "th") return (end, false, 0, true, default);
        if (next == at && word is "q" or "h") return (end, false, 0, false, word[0]);
        return SketchWords.Of(SketchWords.Hash(word)) switch
        {
            (WordRole.Percent, _) => (end, true, 0, false, default),
            (WordRole.Scale, var power) when next == at || word.Length > 1 => (end, false, power, false, default),
            _ => (at, false, 0, false, default),
        };
    }
}
