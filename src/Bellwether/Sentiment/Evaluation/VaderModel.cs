using System.Globalization;
using System.Security.Cryptography;
using Bellwether.Feeds;

namespace Bellwether.Sentiment.Evaluation;

/// <summary>
/// A reference to measure against, for evaluation only: the VADER lexicon by its published rules (Hutto and Gilbert 2014: valence, degree
/// words, negation, capitals, "but", exclamation and question marks). Classes are cut at a compound of ±0.05, as published; the
/// probabilities only carry that choice and are not calibrated.
/// </summary>
public sealed partial class VaderModel : ISentimentModel
{
    const double Cut = 0.05;

    readonly Dictionary<string, double> _valence;

    VaderModel(Dictionary<string, double> valence, string hash) => (_valence, Version) = (valence, hash);

    public string Name => "vader";

    /// <summary>Hash of the lexicon file.</summary>
    public string Version { get; }

    /// <param name="path">The published file: token, mean valence, deviation and ratings, with tabs between.</param>
    /// <exception cref="FeedException">The file cannot be read or is of another form.</exception>
    public static VaderModel Load(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FeedException(path, "the lexicon cannot be read", error.Message, inner: error);
        }
        var valence = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0) continue;
            if (lines[i].Split('\t') is not [var token, var mean, ..]
                || !double.TryParse(mean, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw new FeedException(path, "the line is no token and its valence with a tab between",
                    "Take the published vader_lexicon.txt.", i + 1);
            valence[token] = value;
        }
        return new(valence, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)).AsSpan(0, 4)));
    }

    public ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var scores = new SentimentScore[texts.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            scores[i] = ScoreOf(Compound(texts[i]));
        }
        return new(scores);
    }

    // The class of the published cut gets more than half; the rest keeps the sign and the order of the compound.
    static SentimentScore ScoreOf(double compound) =>
        compound >= Cut ? new(0.5 + compound / 2, 0)
        : compound <= -Cut ? new(0, 0.5 - compound / 2)
        : new(Math.Max(0, compound), Math.Max(0, -compound));
}
