namespace Bellwether.Sentiment;

/// <summary>A stretch of a text, in UTF-16 units.</summary>
public readonly record struct TextSpan(int Start, int Length)
{
    public int End => Start + Length;
}

/// <summary>A text and where it names one entity and others.</summary>
/// <param name="Target">Where the entity is named whose sentiment is asked for; at least once.</param>
/// <param name="Others">Where other entities are named.</param>
public sealed record EntityText(string Text, IReadOnlyList<TextSpan> Target, IReadOnlyList<TextSpan> Others);

/// <summary>A model that tells apart what one text says of each of several entities.</summary>
public interface IEntitySentimentModel : ISentimentModel
{
    /// <summary>Scores a batch; result i belongs to text i. Throws only when the model itself is unavailable.</summary>
    ValueTask<IReadOnlyList<SentimentScore>> ScoreEntitiesAsync(IReadOnlyList<EntityText> texts, CancellationToken cancellationToken);
}
