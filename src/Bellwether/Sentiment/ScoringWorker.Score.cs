using System.Diagnostics;
using Bellwether.Diagnostics;
using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Novelty;

namespace Bellwether.Sentiment;

public sealed partial class ScoringWorker
{
    /// <summary>Decodes and scores; what cannot be is a dead letter. Throws only when the model is unavailable.</summary>
    async Task<ScoredBatch> ScoreAsync(string topic, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var dead = new List<DeadLetter>();
        var readable = new List<(LogEntry Entry, EventEnvelope Envelope)>(entries.Count);
        foreach (var entry in entries)
            if (!EnvelopeJson.TryDeserialize(entry.Value.Span, out var envelope, out var problem))
                dead.Add(DeadLetter.From(entry, "decode", "UnreadableEvent", problem));
            else if (EventScorer.RefusalOf(envelope, options.MaxAhead, time.GetUtcNow()) is { } refusal)
                dead.Add(Aside(entry, envelope, "score", refusal.Class, refusal.Message));
            else
                readable.Add((entry, envelope));

        var scores = await ScoreTextsAsync(readable, dead, cancellationToken);
        var events = new List<ScoredEvent>(readable.Count);
        for (var i = 0; i < readable.Count; i++)
            if (scores[i].All.FirstOrDefault(s => !IsProbability(s)) is var wrong && IsProbability(wrong))
                events.Add(new(readable[i].Entry, readable[i].Envelope, scores[i].Score)
                {
                    ByTicker = scores[i].ByTicker,
                    Model = scores[i].Model,
                    Sketch = options.Novelty.Enabled ? TextSketch.Of(readable[i].Envelope.ArticleTitle, readable[i].Envelope.Text) : null,
                });
            else if (scores[i].Outcome is { Fault: { } fault, Detail: var detail })
                dead.Add(Aside(readable[i].Entry, readable[i].Envelope, "score", fault, $"model {scorer.Name} {scorer.Version}: {detail}") with { Retryable = true });
            else
                dead.Add(Aside(readable[i].Entry, readable[i].Envelope, "score", "InvalidScore",
                    $"model {scores[i].Model?.Name ?? scorer.Name} {scores[i].Model?.Version ?? scorer.Version} gave P(positive) {wrong.Positive}, P(negative) {wrong.Negative}; each must be 0 to 1 and their sum at most 1")
                    with
                { Retryable = true });
        Instruments.Stage("score", started);
        RecordFallback();
        return new(topic, options.Group, scorer.Name, scorer.Version, events, dead, ConsumerOffsets.MovesOf(entries));
    }

    static DeadLetter Aside(LogEntry entry, EventEnvelope envelope, string stage, string errorClass, string message) =>
        DeadLetter.From(entry, stage, errorClass, message) with { InboxKeys = [.. EventKey.Of(envelope)] };

    static bool IsProbability(SentimentScore score) =>
        score.Positive >= 0 && score.Negative >= 0 && score.Positive + score.Negative <= 1 + 1e-9;
}
