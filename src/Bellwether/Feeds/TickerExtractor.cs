using System.Buffers;

namespace Bellwether.Feeds;

/// <summary>A place in a text that names a security.</summary>
public readonly record struct TickerMention(string Symbol, int Start, int Length);

/// <summary>
/// Finds the securities a text speaks of: cashtags (<c>$AAPL</c>), symbols behind an exchange (<c>NYSE: T</c>), names of listed
/// companies, and bare upper-case symbols that are no ordinary words. Prefers a miss to a false find. Thread-safe; one
/// pass, no regular expressions.
/// </summary>
public sealed partial class TickerExtractor
{
    const int MaxCashtagLetters = 5;

    readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _symbols;
    readonly Dictionary<string, Name[]>.AlternateLookup<ReadOnlySpan<char>> _names;

    public TickerExtractor(SymbolList list)
    {
        _symbols = list.Symbols.Select(s => s.Symbol).ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _names = BuildNames(list).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The extractor of the built-in list.</summary>
    public static TickerExtractor Default => BuiltIn.Extractor;

    /// <summary>Upper case, distinct, ordinal order; empty when nothing was found.</summary>
    public IReadOnlyList<string> Extract(ReadOnlySpan<char> text) => Extract(text, default);

    /// <summary>The same over a title and its text.</summary>
    public IReadOnlyList<string> Extract(ReadOnlySpan<char> title, ReadOnlySpan<char> text)
    {
        HashSet<string>? found = null;
        Scan(title, ref found);
        Scan(text, ref found);
        return found is null ? [] : TickerList.Sorted(found);
    }

    /// <summary>Every place in a text that names a security, in their order.</summary>
    public IReadOnlyList<TickerMention> Mentions(ReadOnlySpan<char> text)
    {
        HashSet<string>? found = null;
        var mentions = new List<TickerMention>();
        Scan(text, ref found, mentions);
        return mentions;
    }

    void Scan(ReadOnlySpan<char> text, ref HashSet<string>? found, List<TickerMention>? mentions = null)
    {
        if (text.IsEmpty) return;
        var rented = ArrayPool<Token>.Shared.Rent(Math.Min(text.Length / 2 + 1, 512));
        var count = Tokenize(text, ref rented, out var style);
        var tokens = rented.AsSpan(0, count);
        for (var i = 0; i < tokens.Length; i++)
        {
            var token = tokens[i];
            if (token.Mark == '$')
            {
                if (Cashtag(text, token) is { } tag)
                {
                    Add(ref found, tag);
                    mentions?.Add(new(tag, token.Start, token.Length));
                }
                continue;
            }
            if (!token.Capital && !token.Upper && !(token.Length > 2 && char.IsAsciiLetterUpper(text[token.Start + 1]))) continue;
            var start = i;
            if (token.Upper && Qualified(text, tokens, ref i, ref found))
            {
                for (var t = start; t <= i && mentions is not null; t++)
                    if (tokens[t].Of(text).ToString() is var named && found!.Contains(named)) mentions.Add(new(named, tokens[t].Start, tokens[t].Length));
                continue;
            }
            var symbol = NameAt(text, tokens, ref i, style)
                ?? (token.Upper && !style.Shouting && BareSymbol(text, token) ? token.Of(text).ToString() : null);
            if (symbol is null || IsRater(text, tokens, start, i, symbol)) continue;
            Add(ref found, symbol);
            mentions?.Add(new(symbol, tokens[start].Start, tokens[i].End - tokens[start].Start));
        }
        ArrayPool<Token>.Shared.Return(rented);
    }

    static void Add(ref HashSet<string>? found, string symbol) => (found ??= new(StringComparer.Ordinal)).Add(symbol);

    // $AAPL, $brk.b, not $5, $1B, US$B, $AAPL2 or a currency.
    string? Cashtag(ReadOnlySpan<char> text, in Token token)
    {
        var word = token.Of(text);
        var letters = word.IndexOfAnyExcept(AsciiLetters);
        if (letters < 0) letters = word.Length;
        Span<char> upper = stackalloc char[MaxCashtagLetters + 2];
        if (letters is 0 or > MaxCashtagLetters || letters < word.Length && word[letters] is not ('.' or '&' or '\'' or '’')) return null;
        word[..letters].ToUpperInvariant(upper);
        if (Currencies.Contains(upper[..letters])) return null;
        // A class of share is one letter after a dot or a dash; the dash ends a token.
        char? suffix = letters + 2 == word.Length && word[letters] == '.' ? word[^1]
            : letters == word.Length && token.End + 1 < text.Length && text[token.End] == '-' && IsWordEnd(text, token.End + 2)
                ? text[token.End + 1]
            : null;
        if (suffix is { } c && char.IsAsciiLetter(c))
        {
            upper[letters] = '.';
            upper[letters + 1] = char.ToUpperInvariant(c);
            if (_symbols.Contains(upper[..(letters + 2)]) || upper[letters + 1] is >= 'A' and <= 'C' && word[letters..].StartsWith("."))
                return upper[..(letters + 2)].ToString();
        }
        return upper[..letters].ToString();
    }

    // NASDAQ: AAPL, (NYSE:T), "LSE: VOD", (NASDAQ: GOOG, GOOGL)
    bool Qualified(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, ref int i, ref HashSet<string>? found)
    {
        var exchange = tokens[i];
        var last = i;
        if (!Exchanges.IsPrefix(exchange.Of(text)))
            return false;
        // "NYSE Arca:", "NYSE American:" and their like.
        if (i + 1 < tokens.Length && tokens[i + 1].Of(text) is "Arca" or "ARCA" or "American" or "AMERICAN" or "MKT" or "Gs" or "GS")
            last++;
        var gap = GapAfter(text, tokens, last).Trim();
        if (gap is not (":" or ":$" or ": $" or ":\"" or ": \"") || last + 1 >= tokens.Length || !IsSymbolShape(tokens[last + 1].Of(text)))
            return false;
        var bracketed = exchange.Start > 0 && text[exchange.Start - 1] is '(' or '[';
        do
        {
            last++;
            Add(ref found, tokens[last].Of(text).ToString());
        }
        while (bracketed && last + 1 < tokens.Length && GapAfter(text, tokens, last).Trim() is "," or ";" or "/" or "&"
            && IsSymbolShape(tokens[last + 1].Of(text)) && !Exchanges.IsPrefix(tokens[last + 1].Of(text)));
        i = last;
        return true;
    }

    static ReadOnlySpan<char> GapAfter(ReadOnlySpan<char> text, ReadOnlySpan<Token> tokens, int i)
    {
        var end = i + 1 < tokens.Length ? tokens[i + 1].Start - (tokens[i + 1].Mark == '$' ? 1 : 0) : text.Length;
        var gap = text[tokens[i].End..end];
        return gap.Length > 4 ? gap[..4] : gap;
    }

    static bool IsSymbolShape(ReadOnlySpan<char> word)
    {
        if (word.Length is 0 or > 6) return false;
        foreach (var c in word)
            if (!(char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '.')) return false;
        return word[0] != '.' && word[^1] != '.';
    }

    bool BareSymbol(ReadOnlySpan<char> text, in Token token)
    {
        var word = token.Of(text);
        return word.Length is >= 2 and <= 5 && (token.Mark is '\0' or '#') && _symbols.Contains(word) && !OrdinaryUpper.Contains(word);
    }

    // Apart from the class, whose parts lie in several files: static fields of those have no defined order.
    static class BuiltIn
    {
        public static readonly TickerExtractor Extractor = new(SymbolList.BuiltIn);
    }

    static bool IsWordEnd(ReadOnlySpan<char> text, int at) => at >= text.Length || !char.IsLetterOrDigit(text[at]);

    static readonly SearchValues<char> AsciiLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
