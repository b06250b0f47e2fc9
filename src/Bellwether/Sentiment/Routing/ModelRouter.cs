using Bellwether.Diagnostics;
using Bellwether.Feeds;
using Microsoft.Extensions.Logging;

namespace Bellwether.Sentiment.Routing;

/// <summary>The score of one event, and the model that gave it.</summary>
/// <param name="InsteadOf">The model that should have scored and could not; null where none was missed.</param>
public readonly record struct RoutedScore(SentimentScore Score, ISentimentModel By, string? InsteadOf)
{
    /// <summary>As it is stored: the version, and the model that was missed.</summary>
    public string Version => InsteadOf is null ? By.Version : $"{By.Version} instead of {InsteadOf}";
}

/// <summary>
/// Sends each event to the models of the first rule that it meets, cheap ones first: the next model is asked only for what the one before is not
/// sure of. A model that fails costs nothing but its answer: the one before stands, or the next one, at last the lexicon, takes its place.
/// </summary>
public sealed partial class ModelRouter
{
    readonly RoutingOptions _options;
    readonly RoutingRule _otherwise;
    readonly Dictionary<string, GuardedModel> _models;
    readonly ILogger _logger;

    /// <param name="load">Makes a model by its name; what it throws makes others take the model's place.</param>
    public ModelRouter(ScoringOptions options, Func<string, ISentimentModel> load, TimeProvider time, ILogger logger)
    {
        (_options, _logger) = (options.Routing, logger);
        _otherwise = new() { Name = "otherwise", Models = [options.Model] };
        _models = SentimentModels.NamesOf(options).Append(options.Model).Distinct().ToDictionary(n => n, n => new GuardedModel(n, () => load(n), _options.Limits.GetValueOrDefault(n) ?? new(), time), StringComparer.Ordinal);
    }

    /// <summary>The first rule that the event meets, and why it misses those before.</summary>
    public (RoutingRule Rule, IReadOnlyList<(string Rule, string Why)> Missed) RuleOf(EventEnvelope envelope)
    {
        var missed = new List<(string, string)>();
        foreach (var rule in _options.Rules)
        {
            if (rule.Misses(envelope) is not { } why) return (rule, missed);
            missed.Add((rule.Name, why));
        }
        return (_otherwise, missed);
    }

    /// <summary>Scores a batch; result i belongs to event i. Throws only when no model at all answers.</summary>
    /// <param name="trace">Is told of each step, for people.</param>
    public async ValueTask<IReadOnlyList<RoutedScore>> ScoreAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken, Action<string>? trace = null)
    {
        var results = new RoutedScore[events.Count];
        foreach (var group in Enumerable.Range(0, events.Count).GroupBy(i => _options.Rules.FirstOrDefault(r => r.Meets(events[i])) ?? _otherwise, ReferenceEqualityComparer.Instance))
            await ScoreAsync((RoutingRule)group.Key!, [.. group], events, results, trace, cancellationToken);
        return results;
    }

    async ValueTask ScoreAsync(
        RoutingRule rule, int[] asked, IReadOnlyList<EventEnvelope> events, RoutedScore[] results, Action<string>? trace, CancellationToken cancellationToken)
    {
        string? missed = null;
        var all = asked;
        for (var k = 0; k < rule.Models.Count && asked.Length > 0; k++)
        {
            var guarded = _models[rule.Models[k]];
            var outcome = await guarded.ScoreAsync([.. asked.Select(i => events[i].Text)], cancellationToken);
            Count(guarded.Name, outcome.Scores is null ? "failed" : HasScore(asked[0]) ? "deferred" : "first", asked.Length);
            Instruments.ModelFallback.Record(outcome.Scores is null ? 1 : 0, Tag("model", guarded.Name));
            if (outcome.Scores is null)
            {
                trace?.Invoke($"{guarded.Name}: {outcome.Problem}");
                Failed(_logger, guarded.Name, asked.Length, outcome.Problem!);
            }
            for (var j = 0; j < asked.Length; j++)
            {
                var i = asked[j];
                // Of single texts too: a language model may refuse one.
                if (outcome.Scores is { } scores && double.IsFinite(scores[j].Score)) results[i] = new(scores[j], guarded.Model!, HasScore(i) ? null : missed);
                // What was left to it keeps the score that it has, and says so.
                else if (HasScore(i)) results[i] = results[i] with { InsteadOf = guarded.Name };
                else missed = guarded.Name;
            }
            if (outcome.Scores is null) continue;
            var unsure = asked.Where(i => !HasScore(i) || results[i].Score.Confidence < rule.DeferBelow).ToArray();
            trace?.Invoke(HasScore(asked[0])
                ? $"{guarded.Name}: confidence {results[asked[0]].Score.Confidence:0.000}, {(unsure.Length == 0 ? "sure enough" : k + 1 < rule.Models.Count ? "left to the next model" : "the last model decides")}"
                : $"{guarded.Name}: found no score");
            asked = unsure;
        }
        if (all.Where(i => !HasScore(i)).ToArray() is { Length: > 0 } left) await LastResortAsync(rule, left, events, results, missed, trace, cancellationToken);

        bool HasScore(int i) => results[i].By is not null;
    }

    async ValueTask LastResortAsync(
        RoutingRule rule, int[] asked, IReadOnlyList<EventEnvelope> events, RoutedScore[] results, string? missed, Action<string>? trace, CancellationToken cancellationToken)
    {
        var lexicon = _models[SentimentModels.Lexicon];
        var outcome = rule.Models.Contains(SentimentModels.Lexicon) ? new(null, "it is one of the rule's models")
            : await lexicon.ScoreAsync([.. asked.Select(i => events[i].Text)], cancellationToken);
        if (outcome.Scores is null) throw new InvalidOperationException($"no model of the rule {rule.Name} answers, nor does {lexicon.Name}: {outcome.Problem}");
        Count(lexicon.Name, "fallback", asked.Length);
        trace?.Invoke($"{lexicon.Name}: scores in the place of {missed}");
        for (var j = 0; j < asked.Length; j++) results[asked[j]] = new(outcome.Scores[j], lexicon.Model!, missed);
    }

    static void Count(string model, string reason, int texts) => Instruments.RoutedTexts.Add(texts, Tag("model", model), Tag("reason", reason));

    static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "the model {Model} did not score {Texts} texts, others do in its place: {Problem}")]
    static partial void Failed(ILogger logger, string model, int texts, string problem);
}
