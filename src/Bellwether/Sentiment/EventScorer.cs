using Bellwether.Feeds;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Routing;
using Microsoft.Extensions.Logging;

namespace Bellwether.Sentiment;

/// <summary>What became of one event.</summary>
/// <param name="Score">Of the whole text.</param>
/// <param name="ByTicker">Of single tickers, where the text names several.</param>
public readonly record struct EventScore(SentimentScore Score, IReadOnlyDictionary<string, SentimentScore>? ByTicker)
{
    /// <summary>Why there is no score, where the model told.</summary>
    public TextOutcome Outcome { get; init; }

    /// <summary>The model that a rule chose; null where one model scores all.</summary>
    public (string Name, string Version)? Model { get; init; }

    /// <summary>The models that should have scored and could not, with commas between; null where there are none.</summary>
    public string? InsteadOf { get; init; }

    public IEnumerable<SentimentScore> All => ByTicker is null ? [Score] : [Score, .. ByTicker.Values];
}

/// <summary>
/// Scores events as the settings ask for: all by one model, or by rules. What explains the pipeline uses this too, so that it cannot say
/// something else.
/// </summary>
public sealed partial class EventScorer : IDisposable
{
    const string PlainText = "The company reported results in line with expectations.";

    readonly bool _eachTicker, _owned;

    EventScorer(ISentimentModel? model, ModelRouter? router, bool eachTicker, bool owned) =>
        (Model, Router, _eachTicker, _owned) = (model, router, eachTicker, owned);

    /// <summary>By a model that the caller keeps.</summary>
    public EventScorer(ISentimentModel model, bool eachTicker = true) : this(model, null, eachTicker, owned: false)
    {
    }

    /// <summary>
    /// As the settings ask for. A model that cannot be used is replaced; those of rules are loaded when they are first asked.
    /// </summary>
    public static EventScorer Open(ScoringOptions options, ILoggerFactory loggers, TimeProvider time) => options.Routing.Rules.Count > 0
        ? new(null, new(options, name => SentimentModels.Load(name, options, time), time, loggers.CreateLogger<ModelRouter>()),
            options.ScoreEachTicker, owned: true)
        : new(SentimentModels.LoadOrFallBack(options, loggers.CreateLogger<ScoringWorker>(), time), null,
            options.ScoreEachTicker, owned: true);

    /// <summary>The model that scores all events; null where rules choose.</summary>
    public ISentimentModel? Model { get; }

    /// <summary>The rules; null where one model scores all events.</summary>
    public ModelRouter? Router { get; }

    /// <summary>Of events that name no model of their own.</summary>
    public string Name => Model?.Name ?? "rules";

    /// <inheritdoc cref="Name"/>
    public string Version => Model?.Version ?? "";

    /// <summary>Events that should come at once.</summary>
    public int MostAtOnce => Router?.MostAtOnce ?? Model!.MostAtOnce;

    /// <summary>Models that cannot be used at this time, so that others score in their place.</summary>
    public IEnumerable<string> Missed => Router?.Failing ?? (Model!.InsteadOf is { } missed ? [missed] : []);

    /// <summary>Result i belongs to event i. Throws only when no model answers.</summary>
    /// <param name="trace">Is told of each step, for people.</param>
    public async Task<IReadOnlyList<EventScore>> ScoreAsync(
        IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken, Action<string>? trace = null)
    {
        if (Router is not null) return await RouteAsync(Router, events, trace, cancellationToken);
        var model = Model!;
        string[] texts = [.. events.Select(e => e.Text)];
        var outcomes = model is IOutcomeSentimentModel single ? await single.TryScoreAsync(texts, cancellationToken) : null;
        var scores = outcomes is null ? await model.ScoreAsync(texts, cancellationToken) : [.. outcomes.Select(o => o.Score)];
        // Not the texts' fault, and no reason to put any of them aside: the batch is tried again.
        if (outcomes?.FirstOrDefault(o => o.IsOutage) is { IsOutage: true, Detail: var outage })
            throw new LlmUnavailableException($"model {model.Name}: {outage}");
        if (scores.Count != events.Count)
            throw new InvalidOperationException($"model {model.Name} gave {scores.Count} scores for {events.Count} texts");
        var byTicker = _eachTicker && model is IEntitySentimentModel entities
            ? await TickerScores.OfAsync(async (asked, token) => await entities.ScoreEntitiesAsync(asked, token), events, cancellationToken)
            : [];
        return [.. scores.Select((score, i) => new EventScore(score, byTicker.GetValueOrDefault(i))
        {
            Outcome = outcomes?[i] ?? default,
            InsteadOf = model.InsteadOf,
        })];
    }

    async Task<IReadOnlyList<EventScore>> RouteAsync(
        ModelRouter router, IReadOnlyList<EventEnvelope> events, Action<string>? trace, CancellationToken cancellationToken)
    {
        var routed = await router.ScoreAsync(events, cancellationToken, trace);
        EventScore[] scores =
            [.. routed.Select(r => new EventScore(r.Score, null) { Model = (r.By.Name, r.Version), InsteadOf = r.InsteadOf })];
        if (!_eachTicker) return scores;
        foreach (var same in Enumerable.Range(0, scores.Length)
            .Where(i => routed[i].By is IEntitySentimentModel).GroupBy(i => routed[i].By))
        {
            int[] which = [.. same];
            var split = await TickerScores.OfAsync(
                (texts, token) => router.ScoreEntitiesAsync(same.Key, texts, token), [.. which.Select(i => events[i])], cancellationToken);
            foreach (var (at, byTicker) in split)
                scores[which[at]] = scores[which[at]] with { ByTicker = byTicker };
        }
        return scores;
    }

    /// <summary>Throws when nobody answers even a plain text.</summary>
    public async Task AskPlainAsync(CancellationToken cancellationToken)
    {
        if (Model is not null) await Model.ScoreAsync([PlainText], cancellationToken);
        else
            await Router!.ScoreAsync([new()
            {
                EventId = "",
                ArticleId = "",
                Source = "",
                Tickers = [],
                Timestamp = DateTimeOffset.UnixEpoch,
                FetchedAt = DateTimeOffset.UnixEpoch,
                Text = PlainText,
            }], cancellationToken);
    }

    /// <summary>Gives back the models that were loaded, unless they are the caller's.</summary>
    public void Dispose()
    {
        if (!_owned) return;
        Router?.Dispose();
        (Model as IDisposable)?.Dispose();
    }
}
