using Bellwether.Diagnostics;
using Bellwether.Feeds;
using Microsoft.Extensions.Logging;

namespace Bellwether.Sentiment.Routing;

/// <summary>The score of one event, and the model that gave it.</summary>
/// <param name="InsteadOf">The models that were asked and gave no score, with commas between; null where none was missed.</param>
public readonly record struct RoutedScore(SentimentScore Score, ISentimentModel By, string? InsteadOf)
{
    /// <summary>As it is stored: the version, and the models that were missed.</summary>
    public string Version => InsteadOf is null ? By.Version : $"{By.Version} instead of {InsteadOf}";
}

/// <summary>
/// Sends each event to the models of the first rule that it meets, cheap ones first: the next model is asked only for what the one before
/// is not sure of. A model that fails costs nothing but its answer: the one before stands, or the next one, at last the lexicon, takes its
/// place.
/// </summary>
/// <remarks>
/// A text that says different things of several securities looks unsure as a whole. It stays with a model that tells them apart: one that
/// does not would give all of them the same score.
/// </remarks>
public sealed partial class ModelRouter : IDisposable
{
    readonly RoutingOptions _options;
    readonly RoutingRule _otherwise;
    readonly bool _eachTicker;
    readonly Dictionary<string, GuardedModel> _models;
    readonly GuardedModel[] _asked;
    readonly ILogger _logger;

    /// <param name="load">Makes a model by its name; what it throws makes others take the model's place.</param>
    public ModelRouter(ScoringOptions options, Func<string, ISentimentModel> load, TimeProvider time, ILogger logger)
    {
        (_options, _eachTicker, _logger) = (options.Routing, options.ScoreEachTicker, logger);
        _otherwise = new() { Name = RoutingRule.Otherwise, Models = [options.Model] };
        string[] asked = [.. _options.Rules.SelectMany(r => r.Models).Append(options.Model).Distinct(StringComparer.Ordinal)];
        _models = asked.Append(SentimentModels.Lexicon).Distinct(StringComparer.Ordinal)
            .ToDictionary(name => name, name => Guard(name, options, load, time), StringComparer.Ordinal);
        _asked = [.. asked.Select(name => _models[name])];
        foreach (var problem in _options.Missing(SentimentModels.NamesOf(options))) Missing(_logger, problem);
    }

    static GuardedModel Guard(string name, ScoringOptions options, Func<string, ISentimentModel> load, TimeProvider time) =>
        new(
            name, () => load(name), options.Routing.Limits.GetValueOrDefault(name) ?? new(), time,
            SentimentModels.LlmNamed(options, name)?.Patience);

    /// <summary>Events that should come at once: as many as the model of the rules that takes the fewest should get.</summary>
    public int MostAtOnce => _asked.Min(m => m.MostAtOnce);

    /// <summary>Models whose last call went wrong.</summary>
    public IEnumerable<string> Failing => _asked.Where(m => m.IsFailing).Select(m => m.Name);

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
    public async ValueTask<IReadOnlyList<RoutedScore>> ScoreAsync(
        IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken, Action<string>? trace = null)
    {
        var work = new Round(events, trace);
        foreach (var group in Enumerable.Range(0, events.Count)
            .GroupBy(i => _options.Rules.FirstOrDefault(r => r.Meets(events[i])) ?? _otherwise))
            await ScoreAsync(group.Key, [.. group], work, cancellationToken);
        return work.Results;
    }

    /// <summary>
    /// Scores of single entities by a model that scored their texts; null where it does not answer, and the texts' own scores stand.
    /// </summary>
    public async ValueTask<IReadOnlyList<SentimentScore>?> ScoreEntitiesAsync(
        ISentimentModel by, IReadOnlyList<EntityText> texts, CancellationToken cancellationToken)
    {
        var guarded = _models.Values.First(m => ReferenceEquals(m.Model, by));
        var outcome = await guarded.ScoreEntitiesAsync(texts, cancellationToken);
        if (outcome.Problem is { } problem) Failed(_logger, guarded.Name, texts.Count, problem);
        return outcome.Problem is null ? outcome.Scores : null;
    }

    /// <summary>A batch on its way: what each event has, and which models it was refused by.</summary>
    sealed record Round(IReadOnlyList<EventEnvelope> Events, Action<string>? Trace)
    {
        public RoutedScore[] Results { get; } = new RoutedScore[Events.Count];

        public string?[] Missed { get; } = new string?[Events.Count];

        public bool HasScore(int i) => Results[i].By is not null;

        public void Miss(int i, string model) => Missed[i] = Missed[i] is { } before ? $"{before}, {model}" : model;
    }

    async ValueTask ScoreAsync(RoutingRule rule, int[] all, Round work, CancellationToken cancellationToken)
    {
        var asked = all;
        for (var k = 0; k < rule.Models.Count && asked.Length > 0; k++)
        {
            var guarded = _models[rule.Models[k]];
            var outcome = await AskAsync(guarded, asked, work, cancellationToken);
            if (outcome.Scores is null) continue;
            var mayDefer = k + 1 < rule.Models.Count;
            var unsure = asked.Where(i => !work.HasScore(i)
                || (work.Results[i].Score.Confidence < rule.DeferBelow && !(mayDefer && MustStay(work, i)))).ToArray();
            work.Trace?.Invoke($"{guarded.Name}: {(double.IsFinite(outcome.Scores[0].Score)
                ? $"confidence {work.Results[asked[0]].Score.Confidence:0.000}, {Next(unsure, asked[0], mayDefer)}"
                : $"{Fault(outcome)}; {Instead(asked[0], mayDefer)}")}");
            asked = unsure;
        }
        if (all.Where(i => !work.HasScore(i)).ToArray() is { Length: > 0 } left) await LastResortAsync(rule, left, work, cancellationToken);
        foreach (var i in all) work.Results[i] = work.Results[i] with { InsteadOf = work.Missed[i] };

        // What a model before has said of the text is not this one's.
        static string Fault(ModelOutcome outcome) =>
            outcome.Faults?.GetValueOrDefault(0) is { Fault: { } fault, Detail: var detail } ? $"{fault}: {detail?.TrimEnd('.')}" : "no score";

        string Instead(int i, bool mayDefer) => mayDefer ? "left to the next model"
            : work.HasScore(i) ? $"the score of {work.Results[i].By.Name} stands" : "no model of the rule is left";

        string Next(int[] unsure, int first, bool mayDefer) =>
            unsure.Length > 0 ? mayDefer ? "left to the next model" : "the last model decides"
            : rule.DeferBelow == 0 || rule.Models.Count == 1 ? "it decides"
            : work.Results[first].Score.Confidence >= rule.DeferBelow ? "sure enough"
            : "it stays, for it tells apart the securities of the text";
    }

    async ValueTask<ModelOutcome> AskAsync(GuardedModel guarded, int[] asked, Round work, CancellationToken cancellationToken)
    {
        var outcome = await guarded.ScoreAsync([.. asked.Select(i => work.Events[i].Text)], cancellationToken);
        var (first, deferred, failed) = (0, 0, 0);
        for (var j = 0; j < asked.Length; j++)
        {
            var i = asked[j];
            // Of single texts too: a language model may refuse one.
            if (outcome.Scores is { } scores && double.IsFinite(scores[j].Score))
            {
                if (work.HasScore(i)) deferred++;
                else first++;
                work.Results[i] = new(scores[j], guarded.Model!, null);
            }
            else
            {
                failed++;
                work.Miss(i, guarded.Name);
            }
        }
        Count(guarded.Name, "first", first);
        Count(guarded.Name, "deferred", deferred);
        Count(guarded.Name, "failed", failed);
        Instruments.ModelFallback.Record(outcome.Problem is null ? 0 : 1, Tag("model", guarded.Name));
        if (outcome.Problem is { } problem)
        {
            work.Trace?.Invoke($"{guarded.Name}: {problem}");
            Failed(_logger, guarded.Name, failed, problem);
        }
        return outcome;
    }

    bool MustStay(Round work, int i) =>
        _eachTicker && work.Results[i].By is IEntitySentimentModel && TickerScores.TellsApart(work.Events[i]);

    async ValueTask LastResortAsync(RoutingRule rule, int[] asked, Round work, CancellationToken cancellationToken)
    {
        var lexicon = _models[SentimentModels.Lexicon];
        var outcome = rule.Models.Contains(SentimentModels.Lexicon) ? new(null, "it is one of the rule's models")
            : await lexicon.ScoreAsync([.. asked.Select(i => work.Events[i].Text)], cancellationToken);
        if (outcome.Problem is { } problem)
            throw new InvalidOperationException($"no model of the rule {rule.Name} answers, nor does {lexicon.Name}: {problem}");
        Count(lexicon.Name, "fallback", asked.Length);
        work.Trace?.Invoke($"{lexicon.Name}: scores in the place of {work.Missed[asked[0]]}");
        for (var j = 0; j < asked.Length; j++) work.Results[asked[j]] = new(outcome.Scores![j], lexicon.Model!, null);
    }

    static void Count(string model, string reason, int texts)
    {
        if (texts > 0) Instruments.RoutedTexts.Add(texts, Tag("model", model), Tag("reason", reason));
    }

    static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    /// <summary>Gives back the models that were loaded.</summary>
    public void Dispose()
    {
        foreach (var model in _models.Values) model.Dispose();
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning,
        Message = "the model {Model} did not score {Texts} texts, others do in its place: {Problem}")]
    static partial void Failed(ILogger logger, string model, int texts, string problem);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "{Problem}; others score in its place")]
    static partial void Missing(ILogger logger, string problem);
}
