namespace Bellwether.Sentiment.Lexicon;

/// <summary>Weight of evidence for and against, both 0 or more.</summary>
readonly record struct Evidence(double Positive, double Negative);

/// <summary>Weighs one sentence: finds its terms, lets movements meet what moves, then negation, emphasis, contrast and doubt.</summary>
static partial class SentenceScorer
{
    const int SubjectReachBack = 6;
    const int SubjectReachAhead = 3;
    const int NegationReach = 3;
    const float QuestionFactor = 0.6f;
    const float CapitalsFactor = 1.15f;
    const float ExclamationStep = 0.06f;
    const float UnknownSubject = 0.8f;

    public static Evidence Score(LexiconTable table, in SentenceReader sentence, Span<Match> buffer) =>
        Sum(sentence, buffer[..Find(table, sentence, buffer)]);

    /// <summary>Finds the terms of a sentence, with the values that they have in it; returns how many.</summary>
    public static int Find(LexiconTable table, in SentenceReader sentence, Span<Match> buffer)
    {
        var matches = buffer[..Find(table, sentence.Words, sentence.Tokens, buffer)];
        ResolveEndings(sentence, matches);
        ResolveMovements(sentence, matches);
        ApplyModifiers(matches);
        return matches.Length;
    }

    public static Evidence Sum(in SentenceReader sentence, ReadOnlySpan<Match> matches)
    {
        var emphasis = (sentence.IsQuestion ? QuestionFactor : 1) * (1 + ExclamationStep * sentence.Exclamations);
        var shouting = IsShouting(sentence.Tokens);
        double positive = 0, negative = 0;
        foreach (ref readonly var match in matches)
        {
            var value = match.Value * emphasis * (match.IsCapitals && !shouting ? CapitalsFactor : 1);
            if (value > 0)
                positive += value;
            else
                negative -= value;
        }
        return new(positive, negative);
    }

    // Longest term first, so that "stop loss" hides "loss".
    static int Find(LexiconTable table, ReadOnlySpan<char> words, ReadOnlySpan<Token> tokens, Span<Match> matches)
    {
        var found = 0;
        for (var i = 0; i < tokens.Length && found < matches.Length;)
        {
            var token = tokens[i];
            if (!table.TryGet(words.Slice(token.Start, token.Length), out var entry))
            {
                i++;
                continue;
            }
            var length = 1;
            for (var n = Math.Min((int)entry.LongestTerm, tokens.Length - i); n > 1; n--)
            {
                var last = tokens[i + n - 1];
                if (last.Clause == token.Clause && table.TryGet(words[token.Start..last.End], out var phrase) && phrase.IsTerm)
                {
                    (entry, length) = (phrase, n);
                    break;
                }
            }
            if (entry.IsTerm)
                matches[found++] = new(i, length, token.Clause, token.IsCapitals, entry);
            i += length;
        }
        return found;
    }

    static void ResolveMovements(in SentenceReader sentence, Span<Match> matches)
    {
        for (var i = 0; i < matches.Length; i++)
        {
            ref var match = ref matches[i];
            if (match.Entry.Direction == 0 || match.IsEnding)
                continue;
            var subject = match.Entry.SubjectFollows ? SubjectAfter(matches, i, orBurden: true) : SubjectBefore(matches, i);
            if (subject < 0)
                subject = match.Entry.SubjectFollows ? SubjectBefore(matches, i) : SubjectAfter(matches, i);
            if (subject < 0)
                subject = SubjectOfFigure(sentence, matches, i);
            if (subject < 0)
            {
                match.Value = match.Entry.Direction * UnknownSubject;
                continue;
            }
            match.Value = match.Entry.Direction * PolarityOf(matches[subject].Entry);
            // What moves says nothing by itself any more: a loss that narrows is good news.
            matches[subject].Value = 0;
        }
    }

    static int SubjectBefore(ReadOnlySpan<Match> matches, int i)
    {
        for (var j = i - 1; j >= 0 && matches[i].Index - matches[j].Index <= SubjectReachBack; j--)
            if (PolarityOf(matches[j].Entry) != 0 && !matches[j].HasEnded && matches[j].Clause == matches[i].Clause)
                return j;
        return -1;
    }

    // "Churn was 1.6%, up from 1.1%": the comma stands between a figure and what it did.
    static int SubjectOfFigure(in SentenceReader sentence, ReadOnlySpan<Match> matches, int i)
    {
        var at = matches[i].Index;
        if (at == 0 || sentence.Tokens[at - 1].Clause != matches[i].Clause - 1
            || !EndsFigure(sentence.WordOf(sentence.Tokens[at - 1]))) return -1;
        for (var j = i - 1; j >= 0 && at - matches[j].Index <= SubjectReachBack + 2; j--)
            if (PolarityOf(matches[j].Entry) != 0 && !matches[j].HasEnded && matches[j].Clause == matches[i].Clause - 1)
                return j;
        return -1;
    }

    static bool EndsFigure(ReadOnlySpan<char> word) => word[^1] == '#'
        || word is "percent" or "million" or "billion" or "thousand" or "mn" or "bn" or "crore" or "days" or "hours" or "minutes" or "points" or "euros" or "dollars" or "pounds";

    // More of a burden is bad, be it counted or not.
    static sbyte PolarityOf(in LexiconEntry entry) => entry.Polarity != 0 ? entry.Polarity : Math.Min(entry.Event, (sbyte)0);

    static int SubjectAfter(ReadOnlySpan<Match> matches, int i, bool orBurden = false)
    {
        var end = matches[i].Index + matches[i].Length;
        for (var j = i + 1; j < matches.Length && matches[j].Index - end < SubjectReachAhead; j++)
            if ((orBurden ? PolarityOf(matches[j].Entry) : matches[j].Entry.Polarity) != 0 && !matches[j].HasEnded && matches[j].Clause == matches[i].Clause)
                return j;
        return -1;
    }

    static void ApplyModifiers(Span<Match> matches)
    {
        for (var i = 0; i < matches.Length; i++)
        {
            var (modifier, factor) = (matches[i].Entry.Modifier, matches[i].Entry.Factor);
            var end = matches[i].Index + matches[i].Length;
            switch (modifier)
            {
                case Modifier.Negate:
                    for (var j = i + 1; j < matches.Length && matches[j].Index - end < NegationReach; j++)
                        if (matches[j].Clause == matches[i].Clause)
                            matches[j].Value *= factor;
                    break;
                case Modifier.Scale:
                    if (i + 1 < matches.Length && matches[i + 1].Index - end < 2)
                        matches[i + 1].Value *= factor;
                    else if (i > 0 && matches[i].Index - (matches[i - 1].Index + matches[i - 1].Length) < 2)
                        matches[i - 1].Value *= factor;
                    break;
                case Modifier.Contrast:
                    Scale(matches[..i], factor);
                    Scale(matches[(i + 1)..], 2 - factor);
                    break;
                case Modifier.Concede:
                    for (var j = i + 1; j < matches.Length && matches[j].Clause == matches[i].Clause; j++)
                        matches[j].Value *= factor;
                    break;
                case Modifier.Hedge:
                    Scale(matches[(i + 1)..], factor);
                    break;
            }
        }
    }

    static void Scale(Span<Match> matches, float factor)
    {
        foreach (ref var match in matches)
            match.Value *= factor;
    }

    static bool IsShouting(ReadOnlySpan<Token> tokens)
    {
        var capitals = 0;
        foreach (var token in tokens)
            if (token.IsCapitals)
                capitals++;
        return capitals * 2 > tokens.Length;
    }
}

/// <summary>A term found in a sentence, with the value it has there so far.</summary>
record struct Match(int Index, int Length, short Clause, bool IsCapitals, LexiconEntry Entry)
{
    public float Value { get; set; } = Entry.Weight;

    /// <summary>It says that another term has come to its end, which its value tells of.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Another term says that this has come to its end.</summary>
    public bool HasEnded { get; set; }
}
