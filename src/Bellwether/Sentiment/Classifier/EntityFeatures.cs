using System.Runtime.CompilerServices;
using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

static partial class TextFeatures
{
    enum Place : byte
    {
        Elsewhere,
        Target,
        Other,
    }

    const uint NameOfTarget = 0x2545F491, NameOfOther = 0x9E3779B9;

    /// <summary>
    /// The features of a text as it speaks of one of its entities: those of the whole text, and what stands before and behind the entity, in
    /// its clause or beyond another entity. Other entities' names are masked.
    /// </summary>
    [SkipLocalsInit]
    public static void ReadFor(LexiconTable table, ReadOnlySpan<char> text, ReadOnlySpan<TextSpan> target, ReadOnlySpan<TextSpan> others, FeatureBuffer features)
    {
        Read(table, text, features);
        // A cashtag is no word of a sentence; one that is an entity is its name here.
        var named = text.Length <= 1024 ? stackalloc char[text.Length] : new char[text.Length];
        text.CopyTo(named);
        foreach (var span in target) Name(named, span);
        foreach (var span in others) Name(named, span);
        var reader = new SentenceReader(named, stackalloc char[1024], stackalloc Token[MaxTokens]);
        Span<Match> matches = stackalloc Match[MaxMatches];
        Span<Place> places = stackalloc Place[MaxTokens];
        var (sentences, found) = (0, 0);
        for (; reader.Read(); sentences++)
        {
            var tokens = reader.Tokens;
            if (PlaceTokens(tokens, target, others, places) == 0) continue;
            found++;
            var terms = matches[..SentenceScorer.Find(table, reader, matches)];
            NearWords(reader, places, features);
            NearTerms(tokens, terms, places, features);
        }
        Mark(features, 60, Math.Min(found, 2), Math.Min(sentences, 3));
        Mark(features, 61, Math.Min(others.Length, 3), Rank(target, others));
    }

    static void Name(Span<char> text, TextSpan span)
    {
        for (var at = Math.Max(0, span.Start - 1); at <= span.Start && at < text.Length; at++)
            if (text[at] == '$') text[at] = ' ';
    }

    static int PlaceTokens(ReadOnlySpan<Token> tokens, ReadOnlySpan<TextSpan> target, ReadOnlySpan<TextSpan> others, Span<Place> places)
    {
        var found = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            places[i] = Covers(target, tokens[i].Source) ? Place.Target : Covers(others, tokens[i].Source) ? Place.Other : Place.Elsewhere;
            if (places[i] == Place.Target) found++;
        }
        return found;
    }

    static bool Covers(ReadOnlySpan<TextSpan> spans, int at)
    {
        foreach (var span in spans)
            if (at >= span.Start && at < span.End) return true;
        return false;
    }

    // How many other entities are named before the target is.
    static int Rank(ReadOnlySpan<TextSpan> target, ReadOnlySpan<TextSpan> others)
    {
        if (target.IsEmpty) return 4;
        var rank = 0;
        foreach (var other in others)
            if (other.Start < target[0].Start) rank++;
        return Math.Min(rank, 3);
    }

    static void NearWords(in SentenceReader sentence, ReadOnlySpan<Place> places, FeatureBuffer features)
    {
        var tokens = sentence.Tokens;
        Span<uint> hashes = stackalloc uint[MaxTokens];
        for (var i = 0; i < tokens.Length; i++)
            hashes[i] = places[i] switch
            {
                Place.Target => NameOfTarget,
                Place.Other => NameOfOther,
                _ => FeatureHash.Word(sentence.WordOf(tokens[i])),
            };
        for (var i = 0; i < tokens.Length; i++)
        {
            if (places[i] == Place.Target)
            {
                features.Add(FeatureGroup.Near, FeatureHash.Word(sentence.WordOf(tokens[i])) ^ NameOfTarget);
                features.Add(FeatureGroup.Near, FeatureHash.Pair(i > 0 ? hashes[i - 1] : Edge, NameOfTarget));
                features.Add(FeatureGroup.Near, FeatureHash.Pair(NameOfTarget, i + 1 < tokens.Length ? hashes[i + 1] : Edge));
                if (i > 1) features.Add(FeatureGroup.Near, FeatureHash.Pair(FeatureHash.Pair(hashes[i - 2], hashes[i - 1]), NameOfTarget));
                if (i + 2 < tokens.Length) features.Add(FeatureGroup.Near, FeatureHash.Pair(NameOfTarget, FeatureHash.Pair(hashes[i + 1], hashes[i + 2])));
                continue;
            }
            var (side, distance, crossed, sameClause) = Nearest(tokens, places, i);
            var step = distance <= 1 ? 0u : distance <= 2 ? 1u : distance <= 4 ? 2u : distance <= 8 ? 3u : 4u;
            features.Add(FeatureGroup.Near, FeatureHash.Pair(hashes[i], 16 + side * 8 + step));
            features.Add(FeatureGroup.Near, FeatureHash.Pair(hashes[i], 64 + side * 8 + (crossed ? 2u : 0) + (sameClause ? 1u : 0)));
            if (i > 0 && places[i - 1] != Place.Target && !crossed) features.Add(FeatureGroup.Near, FeatureHash.Pair(FeatureHash.Pair(hashes[i - 1], hashes[i]), 128 + side));
        }
    }

    // Which side of the nearest mention a token stands on, how far, and whether another entity is between.
    static (uint Side, int Distance, bool Crossed, bool SameClause) Nearest(ReadOnlySpan<Token> tokens, ReadOnlySpan<Place> places, int i)
    {
        var (best, at) = (int.MaxValue, -1);
        for (var j = 0; j < tokens.Length; j++)
            if (places[j] == Place.Target && Math.Abs(j - i) < best) (best, at) = (Math.Abs(j - i), j);
        var crossed = false;
        for (var j = Math.Min(i, at) + 1; j < Math.Max(i, at); j++) crossed |= places[j] == Place.Other;
        return (at < i ? 1u : 0u, best, crossed, tokens[i].Clause == tokens[at].Clause);
    }

    static void NearTerms(ReadOnlySpan<Token> tokens, ReadOnlySpan<Match> terms, ReadOnlySpan<Place> places, FeatureBuffer features)
    {
        const byte Target = 250, Other = 251;
        Span<byte> classes = stackalloc byte[MaxTokens * 2];
        var (count, next, clause) = (0, 0, (short)0);
        var previous = Place.Elsewhere;
        double own = 0, ownBad = 0, beyond = 0, beyondBad = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Clause != clause) classes[count++] = (byte)TermClass.Clause;
            clause = tokens[i].Clause;
            if (places[i] != Place.Elsewhere && places[i] != previous) classes[count++] = places[i] == Place.Target ? Target : Other;
            previous = places[i];
            if (next >= terms.Length || terms[next].Index != i) continue;
            ref readonly var term = ref terms[next++];
            if (places[i] != Place.Elsewhere) continue;
            var c = ClassOf(term);
            if (c != 0) classes[count++] = c;
            var (side, _, crossed, sameClause) = Nearest(tokens, places, i);
            features.Add(FeatureGroup.Near, FeatureHash.Pair(c, 256 + side * 8 + (crossed ? 2u : 0) + (sameClause ? 1u : 0)));
            var value = (double)term.Value;
            if (!crossed && sameClause) (own, ownBad) = (own + Math.Max(0, value), ownBad + Math.Max(0, -value));
            else (beyond, beyondBad) = (beyond + Math.Max(0, value), beyondBad + Math.Max(0, -value));
        }
        for (var i = 0; i < count; i++)
        {
            var (hash, hasTarget) = (0xBB67AE85u, false);
            for (var j = i; j < count && j < i + 5; j++)
            {
                hash = FeatureHash.Next(hash, classes[j]);
                hasTarget |= classes[j] == Target;
                if (hasTarget) features.Add(FeatureGroup.Near, hash + (uint)(j - i));
            }
        }
        Thermometer(features, 62, own - ownBad);
        Thermometer(features, 63, beyond - beyondBad);
        if (own == 0 && ownBad == 0) Mark(features, 64, beyond - beyondBad > 0.6 ? 2 : beyond - beyondBad < -0.6 ? 1 : 0);
    }

    static void Thermometer(FeatureBuffer features, int kind, double value)
    {
        for (var i = 0; i < Steps.Length; i++)
        {
            if (value > Steps[i]) Mark(features, kind, i, 1);
            if (-value > Steps[i]) Mark(features, kind, i, 2);
        }
    }
}
