using System.Runtime.CompilerServices;
using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Classifier;

/// <summary>
/// The features of one piece of text. They are a part of the format of a trained model: whoever changes them raises
/// <see cref="Version"/>, so that a model trained on others is refused.
/// </summary>
static partial class TextFeatures
{
    public const int Version = 5;

    const int MaxTokens = 128;
    const int MaxMatches = 64;
    const int NegationReach = 4;
    const int ReachBack = 4;
    const int ReachAhead = 3;
    const int MaxCharacters = 512;
    const int ShortestRun = 3;
    const int LongestRun = 6;

    // Seeds that keep kinds of features apart.
    const uint Edge = 0x1B873593, Bigram = 0x27D4EB2F, Skip = 0x165667B1, Negated = 0xD3A2646C, Trigram = 0xFD7046C5,
        Beside = 0x3F1A2B4C, Strength = 0x52DCE729;

    /// <summary>Reads all of a text, or its first part that the buffers hold.</summary>
    /// <param name="sentences">Sentences to read at most.</param>
    [SkipLocalsInit]
    public static void Read(LexiconTable table, ReadOnlySpan<char> text, FeatureBuffer features, int sentences = int.MaxValue)
    {
        var isReport = Style(text, features);
        var reader = new SentenceReader(text, stackalloc char[1024], stackalloc Token[MaxTokens]);
        Read(table, ref reader, isReport, features, sentences);
        Characters(text, features);
    }

    [SkipLocalsInit]
    static void Read(LexiconTable table, ref SentenceReader reader, bool isReport, FeatureBuffer features, int sentences)
    {
        Span<Match> matches = stackalloc Match[MaxMatches];
        Span<NumberMove> moves = stackalloc NumberMove[NumberReader.MaxMoves];
        double positive = 0, negative = 0, weights = 0;
        var (good, bad, tokens) = (0, 0, 0);
        for (var i = 0; i < sentences && reader.Read(); i++)
        {
            var found = matches[..SentenceScorer.Find(table, reader, matches)];
            var evidence = SentenceScorer.Sum(reader, found);
            var weight = i == 0 ? 1 : i < 3 ? 0.6 : 0.3;
            (positive, negative, weights) = (positive + weight * evidence.Positive, negative + weight * evidence.Negative, weights + weight);
            tokens += reader.Tokens.Length;
            Words(reader, found, features);
            var read = moves[..NumberReader.Find(reader, found, moves)];
            foreach (var move in read)
            {
                if (move.Meaning > 0) good++;
                if (move.Meaning < 0) bad++;
                Mark(features, 90, move.Direction + 1, move.Meaning + 1);
            }
            Terms(found, read, isReport, features);
        }
        var scale = weights > 0 ? 1 / Math.Sqrt(weights) : 0;
        var (p, n) = (positive * scale, negative * scale);
        Marks(p, n, good, bad, tokens, features);
        if (isReport) ReportMarks(p - n, good, bad, tokens, features);
    }

    static void Words(in SentenceReader sentence, ReadOnlySpan<Match> matches, FeatureBuffer features)
    {
        Span<uint> hashes = stackalloc uint[MaxTokens];
        var tokens = sentence.Tokens;
        for (var i = 0; i < tokens.Length; i++)
        {
            hashes[i] = FeatureHash.Word(sentence.WordOf(tokens[i]));
            features.Add(FeatureGroup.Words, hashes[i]);
        }
        var previous = Edge;
        for (var i = 0; i < tokens.Length; i++)
        {
            features.Add(FeatureGroup.Words, FeatureHash.Pair(previous, hashes[i]) ^ Bigram);
            if (i > 1)
            {
                features.Add(FeatureGroup.Words, FeatureHash.Pair(hashes[i - 2], hashes[i]) ^ Skip);
                features.Add(FeatureGroup.Words, FeatureHash.Pair(FeatureHash.Pair(hashes[i - 2], previous), hashes[i]) ^ Trigram);
            }
            previous = hashes[i];
        }
        if (tokens.Length > 0) features.Add(FeatureGroup.Words, FeatureHash.Pair(previous, Edge) ^ Bigram);
        foreach (ref readonly var match in matches)
        {
            if (match.Entry.Modifier != Modifier.Negate) continue;
            var first = match.Index + match.Length;
            for (var i = first; i < tokens.Length && i < first + NegationReach && tokens[i].Clause == match.Clause; i++)
                features.Add(FeatureGroup.Words, hashes[i] ^ Negated);
        }
        Neighbours(hashes[..tokens.Length], matches, features);
    }

    // What a movement or a judgement stands beside: "inventories" and any word for a fall, which a pair of words would have to see together once.
    static void Neighbours(ReadOnlySpan<uint> hashes, ReadOnlySpan<Match> matches, FeatureBuffer features)
    {
        foreach (ref readonly var match in matches)
        {
            var kind = ClassOf(match);
            if (kind == 0) continue;
            features.Add(FeatureGroup.Terms, Strength + (uint)(int)MathF.Round(match.Value * 4));
            var end = match.Index + match.Length;
            for (var i = Math.Max(0, match.Index - ReachBack); i < match.Index; i++) features.Add(FeatureGroup.Terms, FeatureHash.Pair(hashes[i], kind * 2u) ^ Beside);
            for (var i = end; i < hashes.Length && i < end + ReachAhead; i++) features.Add(FeatureGroup.Terms, FeatureHash.Pair(hashes[i], kind * 2u + 1) ^ Beside);
        }
    }

    // Runs of three to six characters across words, all lengths with one running hash. Digits are alike, a web address or a cashtag is one mark.
    [SkipLocalsInit]
    static void Characters(ReadOnlySpan<char> text, FeatureBuffer features)
    {
        Span<char> plain = stackalloc char[MaxCharacters];
        plain = plain[..Plain(text, plain)];
        for (var i = 0; i + ShortestRun <= plain.Length; i++)
        {
            var run = plain.Slice(i, Math.Min(LongestRun, plain.Length - i));
            var hash = FeatureHash.Next(FeatureHash.Next(0x811C9DC5, run[0]), run[1]);
            for (var j = ShortestRun - 1; j < run.Length; j++)
            {
                hash = FeatureHash.Next(hash, run[j]);
                features.Add(FeatureGroup.Characters, hash);
            }
        }
    }

    static int Plain(ReadOnlySpan<char> text, Span<char> plain)
    {
        const char Address = '~';
        var count = 0;
        plain[count++] = ' ';
        for (var i = 0; i < text.Length && count < plain.Length - 1; i++)
        {
            var c = text[i];
            if (char.IsAsciiLetterUpper(c))
            {
                c = (char)(c | 0x20);
            }
            else if (c == 'h' && text[i..].StartsWith("http"))
            {
                while (i + 1 < text.Length && !char.IsWhiteSpace(text[i + 1])) i++;
                c = Address;
            }
            else if (c == '$' && i + 1 < text.Length && char.IsAsciiLetter(text[i + 1]))
            {
                while (i + 1 < text.Length && char.IsAsciiLetter(text[i + 1])) i++;
            }
            else if (c >= 128)
            {
                c = char.ToLowerInvariant(c);
            }
            else if (char.IsAsciiDigit(c))
            {
                c = '0';
            }
            if (char.IsWhiteSpace(c)) c = ' ';
            if (c is ' ' or '0' && plain[count - 1] == c) continue;
            plain[count++] = c;
        }
        plain[count++] = ' ';
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Mark(FeatureBuffer features, int kind, int value = 0, int second = 0) =>
        features.Add(FeatureGroup.Marks, (uint)(kind << 16 | value << 8 | second) * 0x9E3779B1);
}
