using System.Runtime.CompilerServices;

namespace Bellwether.Sentiment.Lexicon;

/// <summary>
/// The built-in model: a lexicon of finance terms, message-board slang and general English with rules for movement, negation, emphasis,
/// contrast and doubt, calibrated to class probabilities. Deterministic, thread-safe, about microseconds a headline.
/// </summary>
/// <remarks>
/// The first <see cref="MaxSentences"/> sentences within the first <see cref="MaxCharacters"/> characters are read. The first sentence
/// (the title, where text begins with one on a line of its own) weighs 1, the next two 0.6, the others 0.3; the sum is divided by the
/// root of the weights' sum, so that an article of many sentences neither drowns its title nor becomes certain by length alone.
/// </remarks>
public sealed class LexiconModel : ISentimentModel
{
    public const int MaxSentences = 40;
    public const int MaxCharacters = 16_384;

    // Raised with every change of the rules or the calibration; changed files show in the hash by themselves.
    const int AlgorithmVersion = 1;

    // Between two looks at the cancellation token; half a millisecond of work.
    const int TextsBetweenChecks = 128;

    readonly LexiconTable _table = LexiconTable.Shared;

    public LexiconModel() => Version = $"{AlgorithmVersion}.{_table.Hash}";

    public string Name => "lexicon";

    /// <summary>Rules version and hash of the lexicon files, for example <c>1.a1b2c3d4</c>.</summary>
    public string Version { get; }

    /// <summary>Completes synchronously. A null text throws <see cref="ArgumentNullException"/>.</summary>
    public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var scores = new SentimentScore[texts.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            if (i % TextsBetweenChecks == 0)
                cancellationToken.ThrowIfCancellationRequested();
            ArgumentNullException.ThrowIfNull(texts[i]);
            scores[i] = Score(texts[i]);
        }
        return new(scores);
    }

    /// <summary>Scores one text without allocating.</summary>
    public SentimentScore Score(ReadOnlySpan<char> text) => LexiconCalibration.ToScore(Weigh(text));

    [SkipLocalsInit]
    internal Evidence Weigh(ReadOnlySpan<char> text)
    {
        var reader = new SentenceReader(text[..Math.Min(text.Length, MaxCharacters)], stackalloc char[1024], stackalloc Token[128]);
        Span<Match> matches = stackalloc Match[64];
        double positive = 0, negative = 0, weights = 0;
        for (var i = 0; i < MaxSentences && reader.Read(); i++)
        {
            var evidence = SentenceScorer.Score(_table, reader, matches);
            var weight = i == 0 ? 1 : i < 3 ? 0.6 : 0.3;
            positive += weight * evidence.Positive;
            negative += weight * evidence.Negative;
            weights += weight;
        }
        var scale = weights > 0 ? 1 / Math.Sqrt(weights) : 0;
        return new(positive * scale, negative * scale);
    }
}
