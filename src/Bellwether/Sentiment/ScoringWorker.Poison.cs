using Bellwether.Events;
using Bellwether.Feeds;
using Bellwether.Sentiment.Routing;

namespace Bellwether.Sentiment;

/// <summary>
/// A text that the model cannot take must not hold up the others, and a model that is down must not throw texts away. A batch that failed
/// several times while the model answers a plain text is taken apart by halves until the texts are found that it fails on.
/// </summary>
public sealed partial class ScoringWorker
{
    const int FailuresBeforeSplit = 3;
    const string PlainText = "The company reported results in line with expectations.";

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
            await model.ScoreAsync([PlainText], cancellationToken);
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
            await model.ScoreAsync([PlainText], cancellationToken);
            dead.Add(Aside(part[0].Entry, part[0].Envelope, "score", error.GetType().Name, $"model {model.Name} {model.Version}: {error.Message}") with { Retryable = true });
        }
    }

    async Task<IReadOnlyList<EventScore>> ScoreAllAsync(IReadOnlyList<(LogEntry Entry, EventEnvelope Envelope)> events, CancellationToken cancellationToken)
    {
        if (Router is not null) return await RouteAsync(Router, events, cancellationToken);
        string[] texts = [.. events.Select(r => r.Envelope.Text)];
        var outcomes = model is IOutcomeSentimentModel single ? await single.TryScoreAsync(texts, cancellationToken) : null;
        var scores = outcomes is null ? await model.ScoreAsync(texts, cancellationToken) : [.. outcomes.Select(o => o.Score)];
        // Not the texts' fault, and no reason to put any of them aside: the batch is tried again.
        if (outcomes?.FirstOrDefault(o => o.IsOutage) is { IsOutage: true, Detail: var outage }) throw new InvalidOperationException($"model {model.Name}: {outage}");
        if (scores.Count != events.Count) throw new InvalidOperationException($"model {model.Name} gave {scores.Count} scores for {events.Count} texts");
        var byTicker = options.ScoreEachTicker && model is IEntitySentimentModel entities
            ? await TickerScores.OfAsync(async (asked, token) => await entities.ScoreEntitiesAsync(asked, token), events, cancellationToken) : [];
        return [.. scores.Select((score, i) => new EventScore(score, byTicker.GetValueOrDefault(i)) { Outcome = outcomes?[i] ?? default })];
    }

    async Task<IReadOnlyList<EventScore>> RouteAsync(
        ModelRouter router, IReadOnlyList<(LogEntry Entry, EventEnvelope Envelope)> events, CancellationToken cancellationToken)
    {
        var routed = await router.ScoreAsync([.. events.Select(e => e.Envelope)], cancellationToken);
        var scores = routed.Select(r => new EventScore(r.Score, null) { Model = (r.By.Name, r.Version) }).ToArray();
        if (!options.ScoreEachTicker) return scores;
        foreach (var same in Enumerable.Range(0, scores.Length).Where(i => routed[i].By is IEntitySentimentModel).GroupBy(i => routed[i].By))
        {
            int[] which = [.. same];
            var split = await TickerScores.OfAsync(
                (texts, token) => router.ScoreEntitiesAsync(same.Key, texts, token), [.. which.Select(i => events[i])], cancellationToken);
            foreach (var (at, byTicker) in split)
                scores[which[at]] = scores[which[at]] with { ByTicker = byTicker };
        }
        return scores;
    }

    /// <param name="Score">Of the whole text.</param>
    /// <param name="ByTicker">Of single tickers, where the text names several.</param>
    readonly record struct EventScore(SentimentScore Score, IReadOnlyDictionary<string, SentimentScore>? ByTicker)
    {
        /// <summary>Why there is no score, where the model told.</summary>
        public TextOutcome Outcome { get; init; }

        /// <summary>The model that a rule chose; null where one model scores all.</summary>
        public (string Name, string Version)? Model { get; init; }

        public IEnumerable<SentimentScore> All => ByTicker is null ? [Score] : [Score, .. ByTicker.Values];
    }
}
