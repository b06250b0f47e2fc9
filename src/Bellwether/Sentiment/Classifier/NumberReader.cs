using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// Compares the numbers of a sentence: "to A from B", "from B to A", "A compared with B", "A (B)". A loss counts as a number below zero,
/// so that a loss that narrows, or turns into a profit, is a rise; where more is bad (costs, debt) a rise is bad.
/// </summary>
static class NumberReader
{
    public const int MaxMoves = 8;

    const int MaxNumbers = 16;
    const int ReachBetween = 18;
    const int ReachBefore = 3;
    const int SubjectReach = 14;
    const int ForecastReach = 10;
    const int PastReach = 8;
    const int JudgementReach = 4;
    const int DurationReach = 8;

    // What stands before the older number within its brackets.
    static readonly string[] InBrackets = ["was", "from", "prev", "previous", "previously", "prior", "before", "earlier", "old", "vs", "versus", "against", "formerly"];

    static readonly string[] BeforeLosses = ["of", "was", "were", "is", "at", "to", "from", "with", "than", "against", "vs", "vs.", "versus", "totalled", "totaled", "came"];

    enum Link : byte
    {
        None,
        From,
        To,
        Against,
    }

    enum Unit : byte
    {
        None,
        Percent,
        PerShare,
    }

    readonly record struct Number(int Token, double Value, Unit Unit, bool IsScaled, bool InBrackets);

    public static int Find(in SentenceReader sentence, ReadOnlySpan<Match> matches, Span<NumberMove> moves)
    {
        Span<Number> numbers = stackalloc Number[MaxNumbers];
        var count = 0;
        var tokens = sentence.Tokens;
        for (var i = 0; i < tokens.Length && count < MaxNumbers; i++)
            if (tokens[i].Length <= 2 && sentence.WordOf(tokens[i])[^1] == '#' && Read(sentence, i) is { } number)
                Add(sentence, numbers, ref count, number);
        var found = 0;
        Number? newest = null;
        for (var i = 0; i + 1 < count && found < moves.Length; i++)
        {
            // The next one of its kind: "a loss of 31 mn, or 0.44 a share, compared with one of 13 mn, or 0.19 a share".
            var next = i + 1;
            while (next < count && numbers[next].Unit != numbers[i].Unit) next++;
            if (next == count) continue;
            var (a, b) = (numbers[i], numbers[next]);
            // What a is the older one of: "0.83, compared with 1.11 a year ago; analysts had looked for 1.05" compares 0.83 with both.
            var newer = newest is { } n && n.Unit == a.Unit ? newest : null;
            newest = null;
            if (b.Token - a.Token > ReachBetween || !TryOrder(sentence, a, b, newer is not null, out var newerFirst)) continue;
            if (newer is { } last) (a, newerFirst) = (last, true);
            else if (newerFirst && next == i + 1) newest = a;
            var (now, before) = newerFirst ? (a, b) : (b, a);
            moves[found++] = Compare(sentence, matches, a, now, before);
        }
        return found;
    }

    // A range counts as its middle: "4.1-4.3 billion", "$1.10 - $1.20", "8.5–9.5%". Its unit stands behind its end.
    static void Add(in SentenceReader sentence, Span<Number> numbers, ref int count, Number number)
    {
        if (count > 0 && numbers[count - 1] is var first && first.Token == number.Token - 1 && first.Value < number.Value && first.Unit is Unit.None or Unit.PerShare
            && IsRange(sentence.Text[sentence.Tokens[first.Token].Source..sentence.Tokens[number.Token].Source]))
        {
            var low = !first.IsScaled && number.IsScaled ? first.Value * (number.Value / Digits(sentence, number.Token)) : first.Value;
            numbers[count - 1] = number with { Value = (low + number.Value) / 2, InBrackets = first.InBrackets };
            return;
        }
        numbers[count++] = number;
    }

    static bool IsRange(ReadOnlySpan<char> between)
    {
        var dashes = 0;
        foreach (var c in between)
        {
            if (c is '-' or '–' or '—') dashes++;
            else if (!char.IsAsciiDigit(c) && c is not ('.' or ',' or ' ' or '$' or '€' or '£' or '%')) return false;
        }
        return dashes == 1;
    }

    static bool TryOrder(in SentenceReader sentence, Number a, Number b, bool isOlder, out bool newerFirst)
    {
        newerFirst = true;
        if (b.InBrackets) return !a.InBrackets;
        var between = Link.None;
        for (var i = a.Token + 1; i < b.Token; i++)
            if (LinkOf(sentence.WordOf(sentence.Tokens[i])) is var link and not Link.None && !IsThreshold(sentence, i))
                between = between == Link.Against ? between : link;
        // "from customers in 12 countries".
        if (WordAt(sentence, b.Token - 1) is "in") return false;
        if (between is Link.From or Link.Against) return true;
        if (between != Link.To) return IsMeasuredByOthers(sentence, a, b, out newerFirst) || !isOlder && IsTwoTimes(sentence, a, b);
        // "Sales rose to 5 from 4 and profit to 3 from 2": the 4 did not become 3.
        if (isOlder) return false;
        newerFirst = false;
        for (var i = a.Token - 1; i >= 0 && a.Token - i <= ReachBefore; i--)
            if (LinkOf(sentence.WordOf(sentence.Tokens[i])) == Link.From) return true;
        return false;
    }

    // "Net debt rose above 200 million" compares with nothing that stands before it.
    static bool IsThreshold(in SentenceReader sentence, int link) => sentence.WordOf(sentence.Tokens[link]) is "above" or "below"
        && sentence.WordOf(sentence.Tokens[link - 1]) is "rose" or "rises" or "climbed" or "moved" or "jumped"
            or "fell" or "falls" or "dropped" or "slipped" or "sank" or "stayed" or "remained" or "remains";

    // "Analysts had expected 20 million; it earned 24 million", "it earned 24 million where analysts looked for 20 million": the forecast counts as the older one.
    static bool IsMeasuredByOthers(in SentenceReader sentence, Number a, Number b, out bool newerFirst)
    {
        newerFirst = false;
        for (var i = b.Token - 1; i >= 0 && i >= a.Token - ForecastReach; i--)
            if (sentence.WordOf(sentence.Tokens[i]) is "analysts" or "analysts'" or "analyst" or "consensus" or "street" or "poll")
            {
                newerFirst = i > a.Token;
                return true;
            }
        newerFirst = true;
        return false;
    }

    // "Profit was 3 million, while it was 5 million a year earlier".
    static bool IsTwoTimes(in SentenceReader sentence, Number a, Number b)
    {
        var (turns, past) = (false, false);
        for (var i = a.Token + 1; i < b.Token + PastReach; i++)
        {
            var word = WordAt(sentence, i);
            turns |= i < b.Token && word is "while" or "whereas" or "when";
            past |= word is "earlier" or "ago" or "previously" or "corresponding" or "comparable" or "preceding" or "prior";
        }
        return turns && past;
    }

    static Link LinkOf(ReadOnlySpan<char> word) => word switch
    {
        "from" => Link.From,
        "to" => Link.To,
        "against" or "versus" or "vs" or "v" or "compared" or "compares" or "comparison" or "than" or "comparing" or "below" or "above"
            or "previously" or "prev" or "formerly" or "prior" or "before" => Link.Against,
        _ => Link.None,
    };

    static NumberMove Compare(in SentenceReader sentence, ReadOnlySpan<Match> matches, Number first, Number now, Number before)
    {
        var (newer, older) = (now.Value, before.Value);
        // "to 3.2 from 2.9 billion": the unit is said once.
        if (now.IsScaled != before.IsScaled && Math.Max(Math.Abs(newer), Math.Abs(older)) > 500 * Math.Min(Math.Abs(newer), Math.Abs(older)))
            (newer, older) = (Math.CopySign(Digits(sentence, now.Token), newer), Math.CopySign(Digits(sentence, before.Token), older));
        var (subject, isLoss) = SubjectOf(sentence, matches, first.Token - SubjectReach, first.Token);
        var (other, otherIsLoss) = SubjectOf(sentence, matches, first.Token + 1, Math.Max(now.Token, before.Token));
        if (subject == 0 && other == 0 && (IsDuration(sentence, first.Token) || IsDuration(sentence, now.Token + before.Token - first.Token))) subject = -1;
        var (nowIsLoss, beforeIsLoss) = (isLoss, other != 0 ? otherIsLoss : isLoss);
        if (now.Token > before.Token) (nowIsLoss, beforeIsLoss) = (beforeIsLoss, nowIsLoss);
        if (nowIsLoss) newer = -Math.Abs(newer);
        if (beforeIsLoss) older = -Math.Abs(older);
        var direction = (sbyte)newer.CompareTo(older);
        // "Improved to 93.2 from 98.7": who wrote it knows which way is the good one.
        if (Judgement(sentence, first.Token) is var judged and not 0) return new(now.Token, direction, judged);
        return new(now.Token, direction, subject == 0 && other == 0 ? (sbyte)0
            : nowIsLoss || beforeIsLoss ? direction
            : (sbyte)(direction * (subject != 0 ? subject : other)));
    }

    // "Time to delivery came to 9 days": what takes time is better short.
    static bool IsDuration(in SentenceReader sentence, int number)
    {
        if (WordAt(sentence, number + 1) is not ("days" or "hours" or "minutes" or "seconds" or "weeks" or "months")) return false;
        for (var i = number - 1; i >= 0 && i >= number - DurationReach; i--)
            if (sentence.WordOf(sentence.Tokens[i]) is "time" or "times" or "wait" or "waits" or "delay" or "delays" or "queue" or "backlog") return true;
        return false;
    }

    static sbyte Judgement(in SentenceReader sentence, int before)
    {
        for (var i = before - 1; i >= 0 && i >= before - JudgementReach; i--)
            switch (sentence.WordOf(sentence.Tokens[i]))
            {
                case "improved" or "improves" or "improve" or "improving" or "improvement":
                    return 1;
                case "worsened" or "worsens" or "worsen" or "worsening" or "deteriorated" or "deteriorates" or "deteriorate" or "deteriorating" or "deterioration":
                    return -1;
            }
        return 0;
    }

    // The last subject in [from, to), or the first one behind where there is none: "profit of 3 mn" and "3 mn of profit".
    static (sbyte Polarity, bool IsLoss) SubjectOf(in SentenceReader sentence, ReadOnlySpan<Match> matches, int from, int to)
    {
        for (var i = matches.Length - 1; i >= 0; i--)
        {
            if (matches[i].Index >= to || matches[i].Index < from) continue;
            // Terms such as "loss of" and "record profit" are no subjects for the lexicon, but they hold one.
            var (isLoss, isGain) = (false, false);
            for (var t = matches[i].Index; t < matches[i].Index + matches[i].Length; t++)
            {
                var word = sentence.WordOf(sentence.Tokens[t]);
                isLoss |= word is "loss" or "losses" or "deficit";
                // Net debt is net cash below zero.
                isLoss |= word is "debt" && t > matches[i].Index && sentence.WordOf(sentence.Tokens[t - 1]) is "net";
                isGain |= word is "profit" or "profits" or "sales" or "revenue" or "revenues" or "income" or "earnings";
            }
            var polarity = matches[i].Entry.Polarity != 0 ? matches[i].Entry.Polarity : isLoss ? (sbyte)-1 : isGain ? (sbyte)1 : (sbyte)0;
            if (polarity != 0) return (polarity, isLoss);
        }
        return default;
    }

    static double Digits(in SentenceReader sentence, int token) => Parse(sentence.Text[sentence.Tokens[token].Source..], out _, out _);

    static Number? Read(in SentenceReader sentence, int token)
    {
        var source = sentence.Tokens[token].Source;
        var rest = sentence.Text[source..];
        var value = Parse(rest, out var length, out var isPlainInteger);
        var scale = 1.0;
        if (length < rest.Length) scale = rest[length] is 'k' or 'K' ? 1e3 : rest[length] is 'm' or 'M' ? 1e6 : rest[length] is 'b' or 'B' ? 1e9 : rest[length] is 't' or 'T' ? 1e12 : 1;
        // 1st, 30th, 10th: no quantity.
        if (length + 1 < rest.Length && char.IsAsciiLetter(rest[length]) && rest[length..] is var tail
            && (tail.StartsWith("th") || tail.StartsWith("st") || tail.StartsWith("nd") || tail.StartsWith("rd"))) return null;
        var next = WordAt(sentence, token + 1);
        if (scale == 1) scale = ScaleOf(next);
        var unit = length < rest.Length && rest[length] == '%' || next is "percent" or "pc" or "pct" or "percentage" || next is "per" && WordAt(sentence, token + 2) is "cent" ? Unit.Percent
            : IsPerShare(sentence, token) ? Unit.PerShare : Unit.None;
        var isYear = isPlainInteger && value is >= 1900 and <= 2100 && scale == 1 && unit == Unit.None && !HasCurrency(sentence.Text[..source]);
        var isBelowZero = HasMinus(sentence.Text[..source]) || IsBracketedLoss(sentence.Text[..source]);
        if (isBelowZero) value = -value;
        return isYear ? null : new(token, value * scale, unit, scale != 1, !isBelowZero && Bracket(sentence.Text[..source]) >= 0);
    }

    // "-3.1", "-$3.1", "EUR -3.1", but neither "10-12" nor "a dash - 12".
    static bool HasMinus(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd("$€£₹¥");
        return before.Length > 0 && before[^1] is '-' or '−' && (before.Length == 1 || before[^2] is ' ' or '(' or '$' or '€' or '£');
    }

    // "0.44 per share", "0.44 a diluted share", "44 cents a share".
    static bool IsPerShare(in SentenceReader sentence, int token)
    {
        for (var i = token + 1; i <= token + 4; i++)
            if (WordAt(sentence, i) is "share" or "shares" && WordAt(sentence, i - 1) is "per" or "a" or "diluted" or "basic" or "each") return true;
        return false;
    }

    static ReadOnlySpan<char> WordAt(in SentenceReader sentence, int token) =>
        token < sentence.Tokens.Length ? sentence.WordOf(sentence.Tokens[token]) : default;

    static double ScaleOf(ReadOnlySpan<char> word) => word switch
    {
        "thousand" or "ths" => 1e3,
        "lakh" or "lakhs" => 1e5,
        "million" or "millions" or "mln" or "mn" or "m" or "mio" or "meur" => 1e6,
        "crore" or "crores" or "cr" => 1e7,
        "billion" or "billions" or "bn" or "bln" => 1e9,
        "trillion" or "tn" or "trn" => 1e12,
        _ => 1,
    };

    // "13.1", "1,234.5", "0,39", "1,20,000", "1.234,5": of two signs the last one is the decimal one, one that comes twice separates thousands,
    // and so does a lone comma before exactly three digits.
    static double Parse(ReadOnlySpan<char> text, out int length, out bool isPlainInteger)
    {
        var (points, commas, last) = (0, 0, -1);
        for (length = 0; length < text.Length; length++)
        {
            if (char.IsAsciiDigit(text[length])) continue;
            if (text[length] is not ('.' or ',') || length + 1 == text.Length || !char.IsAsciiDigit(text[length + 1])) break;
            if (text[length] == '.') points++;
            else commas++;
            last = length;
        }
        isPlainInteger = last < 0;
        var hasDecimals = points + commas > 0 && (text[last] == '.' ? points : commas) == 1 && !(points == 0 && length - last == 4);
        var (value, unit) = (0.0, 1.0);
        for (var i = 0; i < length; i++)
        {
            if (!char.IsAsciiDigit(text[i])) continue;
            if (hasDecimals && i > last) value += (text[i] - '0') * (unit /= 10);
            else value = value * 10 + (text[i] - '0');
        }
        return value;
    }

    static bool HasCurrency(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd();
        return before.Length > 0 && (before[^1] is '$' or '€' or '£' or '₹' or '¥'
            || before.EndsWith("rs", StringComparison.OrdinalIgnoreCase) || before.EndsWith("eur", StringComparison.OrdinalIgnoreCase)
            || before.EndsWith("usd", StringComparison.OrdinalIgnoreCase) || before.EndsWith("rs.", StringComparison.OrdinalIgnoreCase));
    }

    // Accountants write numbers below zero in brackets: "was (4.1) million", "of ($0.52)". Behind a number a bracket holds the older one.
    static bool IsBracketedLoss(ReadOnlySpan<char> before)
    {
        var bracket = Bracket(before);
        if (bracket < 0) return false;
        var words = before[..bracket].TrimEnd(" $€£₹¥");
        var word = words[(words.LastIndexOf(' ') + 1)..];
        // "was EUR (4.1) million".
        if (word.Length == 3 && !word.ContainsAnyExceptInRange('A', 'Z'))
        {
            words = words[..^3].TrimEnd();
            word = words[(words.LastIndexOf(' ') + 1)..];
        }
        foreach (var link in BeforeLosses)
            if (word.Equals(link, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // Where the bracket of "(8.7 mn)", "(EUR 8.7 mn)" or "($8.7 mn)" opens; -1 where there is none.
    static int Bracket(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd();
        for (var i = before.Length - 1; i >= 0 && before.Length - i <= 16; i--)
        {
            if (before[i] == '(') return before.Length - i <= 6 || SaysOlder(before[(i + 1)..]) ? i : -1;
            if (!char.IsAsciiLetter(before[i]) && before[i] is not (' ' or '$' or '€' or '£' or '.' or ':')) return -1;
        }
        return -1;
    }

    static bool SaysOlder(ReadOnlySpan<char> inside)
    {
        inside = inside.TrimEnd(" $€£₹¥.:");
        foreach (var word in InBrackets)
            if (inside.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
