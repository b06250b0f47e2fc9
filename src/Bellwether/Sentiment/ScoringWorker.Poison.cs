using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Llm;

namespace Bellwether.Sentiment;

/// <summary>
/// A text that the model cannot take must not hold up the others, and a model that is down must not throw texts away. A batch that failed
/// several times while the model answers a plain text is taken apart by halves until the texts are found that it fails on.
/// </summary>
public sealed partial class ScoringWorker
{
    const int FailuresBeforeSplit = 3;

    int _failures;

    /// <summary>Scores of the readable events; those that the model fails on leave the list and become dead letters.</summary>
    async Task<IReadOnlyList<EventScore>> ScoreTextsAsync(
        List<(LogEntry Entry, EventEnvelope Envelope)> readable, List<DeadLetter> dead, CancellationToken cancellationToken)
    {
        if (readable.Count == 0) return [];
        try
        {
            var scores = await ScoreAllAsync(readable, cancellationToken);
            _failures = 0;
            return scores;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (++_failures < FailuresBeforeSplit) throw;
            // Down: its own error tells more than a text's.
            await scorer.AskPlainAsync(cancellationToken);
        }
        var (kept, found) = (new List<(LogEntry, EventEnvelope)>(readable.Count), new List<EventScore>(readable.Count));
        await SplitAsync(readable, kept, found, dead, cancellationToken);
        readable.Clear();
        readable.AddRange(kept);
        _failures = 0;
        return found;
    }

    async Task SplitAsync(
        IReadOnlyList<(LogEntry Entry, EventEnvelope Envelope)> part, List<(LogEntry, EventEnvelope)> kept, List<EventScore> found, List<DeadLetter> dead,
        CancellationToken cancellationToken)
    {
        try
        {
            var scores = await ScoreAllAsync(part, cancellationToken);
            kept.AddRange(part);
            found.AddRange(scores);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (part.Count > 1)
            {
                await SplitAsync([.. part.Take(part.Count / 2)], kept, found, dead, cancellationToken);
                await SplitAsync([.. part.Skip(part.Count / 2)], kept, found, dead, cancellationToken);
                return;
            }
            // Asked once more what it thinks of a plain text: only a model that is up can have refused this one.
            await scorer.AskPlainAsync(cancellationToken);
            var (kind, message) = error is LlmUnavailableException server ? (server.Fault, server.Message)
                : (error.GetType().Name, $"model {scorer.Name}: {error.Message}");
            dead.Add(Aside(part[0].Entry, part[0].Envelope, "score", kind, $"{message} ({scorer.Version})") with { Retryable = true });
        }
    }

    async Task<IReadOnlyList<EventScore>> ScoreAllAsync(
        IReadOnlyList<(LogEntry Entry, EventEnvelope Envelope)> events, CancellationToken cancellationToken) =>
        await scorer.ScoreAsync([.. events.Select(e => e.Envelope)], cancellationToken);
}
