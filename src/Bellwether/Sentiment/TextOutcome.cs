namespace Bellwether.Sentiment;

/// <summary>What became of one text: a score, or the reason why there is none.</summary>
/// <param name="Fault">A class of failure in one word, such as <c>Refused</c>; null where the text was scored.</param>
/// <param name="Detail">What happened, for people; null where the text was scored.</param>
public readonly record struct TextOutcome(SentimentScore Score, string? Fault = null, string? Detail = null)
{
    /// <summary>No probabilities; never a score that may be stored.</summary>
    public static SentimentScore NoScore { get; } = new(double.NaN, double.NaN);

    public bool IsScored => Fault is null;

    /// <summary>The model was away: another time the text may be scored.</summary>
    public bool IsOutage { get; init; }
}

/// <summary>A model that may find no score for single texts.</summary>
public interface IOutcomeSentimentModel : ISentimentModel
{
    /// <summary>
    /// Outcome i belongs to text i. Throws only when the model itself is unavailable; <see cref="ISentimentModel.ScoreAsync"/> gives
    /// <see cref="TextOutcome.NoScore"/> for faults.
    /// </summary>
    ValueTask<IReadOnlyList<TextOutcome>> TryScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken);
}
