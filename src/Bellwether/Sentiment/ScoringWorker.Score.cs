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
            else if (Refusal(envelope) is { } refusal)
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
                dead.Add(Aside(readable[i].Entry, readable[i].Envelope, "score", fault, $"model {model.Name} {model.Version}: {detail}") with { Retryable = true });
            else
                dead.Add(Aside(readable[i].Entry, readable[i].Envelope, "score", "InvalidScore",
                    $"model {scores[i].Model?.Name ?? model.Name} {scores[i].Model?.Version ?? model.Version} gave P(positive) {wrong.Positive}, P(negative) {wrong.Negative}; each must be 0 to 1 and their sum at most 1")
                    with
                { Retryable = true });
        Instruments.Stage("score", started);
        if (Router is null) Instruments.ModelFallback.Record(model.InsteadOf is null ? 0 : 1, Tag("model", model.InsteadOf ?? model.Name));
        return new(topic, options.Group, model.Name, model.Version, events, dead, ConsumerOffsets.MovesOf(entries));
    }

    static DeadLetter Aside(LogEntry entry, EventEnvelope envelope, string stage, string errorClass, string message) =>
        DeadLetter.From(entry, stage, errorClass, message) with { InboxKeys = [.. EventKey.Of(envelope)] };

    (string Class, string Message)? Refusal(EventEnvelope envelope)
    {
        if (envelope.Tickers.Count == 0)
            return ("NoTicker", "no ticker was given and none was found in title or text");
        if (string.IsNullOrWhiteSpace(envelope.Text))
            return ("NoText", "there is no text to score");
        if (!(envelope.Weight > 0 && envelope.Weight <= Normalizer.MaxWeight))
            return ("InvalidWeight", $"weight {envelope.Weight} is outside (0, {Normalizer.MaxWeight}]");
        if (envelope.Timestamp > time.GetUtcNow() + options.MaxAhead)
            return ("FutureTimestamp", $"timestamp {envelope.Timestamp:O} lies more than {options.MaxAhead} ahead of the clock");
        return null;
    }

    static bool IsProbability(SentimentScore score) =>
        score.Positive >= 0 && score.Negative >= 0 && score.Positive + score.Negative <= 1 + 1e-9;
}
