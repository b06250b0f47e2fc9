namespace Bellwether.Sentiment.Lexicon;

static partial class SentenceScorer
{
    const int EndingReachBack = 7;
    const int EndingReachAhead = 4;
    const float EndingWeight = 2;

    // From here on a term ends whatever is bad, not only what is known as a burden: "avoids", where "drops" may be a fall.
    const float EndsAnything = 1;
    const float IsBad = -1.6f;

    /// <summary>A burden that ends is good news and a boon that ends is bad: "ban lifted", "drops its lawsuit", "approval withdrawn".</summary>
    static void ResolveEndings(in SentenceReader sentence, Span<Match> matches)
    {
        for (var i = 0; i < matches.Length; i++)
        {
            ref var match = ref matches[i];
            if (match.Entry.Modifier != Modifier.End) continue;
            var ended = EndedAfter(sentence, matches, i);
            if (ended < 0) ended = EndedBefore(matches, i);
            if (ended < 0) continue;
            var kind = KindOf(match, matches[ended]);
            (match.Value, match.IsEnding) = (-kind * EndingWeight, true);
            (matches[ended].Value, matches[ended].HasEnded) = (0, true);
        }
    }

    // "Drops its antitrust probe", but not "drops on tariffs".
    static int EndedAfter(in SentenceReader sentence, ReadOnlySpan<Match> matches, int i)
    {
        var end = matches[i].Index + matches[i].Length;
        for (var j = i + 1; j < matches.Length && matches[j].Index - end < EndingReachAhead && matches[j].Clause == matches[i].Clause; j++)
            if (KindOf(matches[i], matches[j]) != 0)
            {
                for (var t = end; t < matches[j].Index; t++)
                    if (sentence.WordOf(sentence.Tokens[t]) is "on" or "over" or "as" or "after" or "amid" or "by" or "in" or "for" or "with" or "to" or "at" or "since" or "before" or "following"
                        or "because" or "due" or "while" or "when" or "if" or "than") return -1;
                return j;
            }
        return -1;
    }

    // "Tariffs on steel lifted", but not "tariffs lifted prices" nor "after the recall shares dropped".
    static int EndedBefore(ReadOnlySpan<Match> matches, int i)
    {
        var moves = matches[i].Entry.Direction != 0;
        if (moves && (matches[i].Entry.Direction < 0 || SubjectAfter(matches, i) >= 0)) return -1;
        for (var j = i - 1; j >= 0 && matches[i].Index - matches[j].Index <= EndingReachBack && matches[j].Clause == matches[i].Clause; j--)
        {
            var kind = KindOf(matches[i], matches[j]);
            if (kind < 0 || kind > 0 && !moves) return j;
            if (moves && matches[j].Entry.Polarity != 0) return -1;
        }
        return -1;
    }

    static int KindOf(in Match ending, in Match other) => other.IsEnding || other.HasEnded ? 0
        : other.Entry.Event != 0 ? other.Entry.Event
        : ending.Entry.Factor >= EndsAnything && other.Entry is { Direction: 0, Modifier: Modifier.None } && other.Value <= IsBad ? -1 : 0;
}
