namespace Bellwether.Sentiment;

/// <summary>Scores texts. Implementations are thread-safe, and the same text always gives the same score.</summary>
public interface ISentimentModel
{
    /// <summary>Stable name as stored in <c>sentiment_data.model</c>, for example <c>lexicon</c>.</summary>
    string Name { get; }

    /// <summary>Changes whenever any score could change; stored beside the score so that it can be recomputed.</summary>
    string Version { get; }

    /// <summary>The model in whose place this one scores, because that one cannot be used; null where it was asked for itself.</summary>
    string? InsteadOf => null;

    /// <summary>Texts that it should get at once: what takes it long is committed bit by bit, and other work can go between.</summary>
    int MostAtOnce => int.MaxValue;

    /// <summary>Tokens that a server has counted for it so far; 0 for a model that none is counted for.</summary>
    long TokensUsed => 0;

    /// <summary>Scores a batch; result i belongs to text i. Throws only when the model itself is unavailable.</summary>
    ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken);
}

/// <summary>Class probabilities of one text; they sum to 1.</summary>
/// <param name="Positive">P(positive), 0 to 1.</param>
/// <param name="Negative">P(negative), 0 to 1.</param>
public readonly record struct SentimentScore(double Positive, double Negative)
{
    public double Neutral => Math.Max(0, 1 - Positive - Negative);

    /// <summary>P(positive) − P(negative), −1 to 1.</summary>
    public double Score => Positive - Negative;

    /// <summary>Probability of the most likely class, 1/3 to 1.</summary>
    public double Confidence => Math.Max(Neutral, Math.Max(Positive, Negative));
}
