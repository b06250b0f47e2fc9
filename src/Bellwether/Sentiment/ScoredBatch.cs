using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Novelty;

namespace Bellwether.Sentiment;

/// <summary>One event with its score, on its way into the store.</summary>
/// <param name="Score">Of the text as a whole.</param>
public sealed record ScoredEvent(LogEntry Entry, EventEnvelope Envelope, SentimentScore Score)
{
    /// <summary>Scores of tickers of which the text says something by themselves; null where it does not.</summary>
    public IReadOnlyDictionary<string, SentimentScore>? ByTicker { get; init; }

    /// <summary>The model that scored this event, where it is not the batch's.</summary>
    public (string Name, string Version)? Model { get; init; }

    /// <summary>What the text says, for comparing it with others; null where nobody asks.</summary>
    public TextSketch? Sketch { get; init; }

    public SentimentScore ScoreOf(string ticker) => ByTicker is not null && ByTicker.TryGetValue(ticker, out var own) ? own : Score;
}

/// <summary>A batch of log entries worked out: what is to be stored, and what is put aside with its reason.</summary>
/// <param name="Model">Of events that name none of their own.</param>
public sealed record ScoredBatch(
    string Topic,
    string Group,
    string Model,
    string ModelVersion,
    IReadOnlyList<ScoredEvent> Events,
    IReadOnlyList<DeadLetter> DeadLetters,
    IReadOnlyList<OffsetMove> Moves)
{
    public (string Name, string Version) ModelOf(ScoredEvent scored) => scored.Model ?? (Model, ModelVersion);
}

/// <summary>What a committed batch did.</summary>
/// <param name="Scored">Events with at least one new result.</param>
/// <param name="Redelivered">Events whose every result was stored before.</param>
/// <param name="Results">New results, one for each event and ticker.</param>
/// <param name="Changed">Ticker states after the commit.</param>
public sealed record CommittedBatch(int Scored, int Redelivered, int Results, int DeadLettered, IReadOnlyList<HotStore.TickerSnapshot> Changed)
{
    /// <summary>New results by the model that scored them.</summary>
    public IReadOnlyDictionary<string, int> ByModel { get; init; } = new Dictionary<string, int>();
}
