using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Evaluation;

/// <summary>What a model was found to be worth on a labelled set.</summary>
/// <param name="Classes">For a set of classes, else null.</param>
/// <param name="Scores">For a set of scores, else null.</param>
public sealed record EvaluationResult(string Model, string ModelVersion, ClassReport? Classes, ScoreReport? Scores, double TextsPerSecond)
{
    /// <summary>Of a set of entities: texts that name <c>one</c>, and texts that name <c>several</c>.</summary>
    public IReadOnlyDictionary<string, ClassReport>? ByEntities { get; init; }

    /// <summary>What the model made of each row, in their order.</summary>
    public IReadOnlyList<SentimentScore> Predicted { get; init; } = [];

    /// <summary>Texts for which the model found no score: they count as wrong, among scores as a 0.</summary>
    public int Unscored { get; init; }

    /// <summary>Why rows have no score, by their place in the set; of a model that does not tell there are none.</summary>
    public IReadOnlyDictionary<int, TextOutcome> Faults { get; init; } = new Dictionary<int, TextOutcome>();

    /// <summary>The class of texts without a score of which the model tells nothing.</summary>
    public const string NoReason = "NoScore";

    /// <summary>Unscored texts by class of reason, as dead letters name it.</summary>
    public IReadOnlyDictionary<string, int> UnscoredBy
    {
        get
        {
            var counts = new SortedDictionary<string, int>(Faults.Values.CountBy(f => f.Fault!).ToDictionary(), StringComparer.Ordinal);
            if (Unscored > Faults.Count) counts[NoReason] = Unscored - Faults.Count;
            return counts;
        }
    }
}

/// <summary>Lets a model score a labelled set and compares.</summary>
public static class SentimentEvaluation
{
    // The runtime compiles anew what is called often, with a delay: a small set is asked again until that is settled, and its figure is one
    // of more than a moment. Few texts are enough where they are long.
    static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(400);
    const int MostRepeated = 20_000;
    const int BatchSize = 512;

    /// <exception cref="ArgumentException">The rows name entities and the model does not tell them apart.</exception>
    public static async Task<EvaluationResult> RunAsync(ISentimentModel model, LabelledSet set, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (set.HasEntities && model is not IEntitySentimentModel)
            throw new ArgumentException(
                $"the rows of {set.Path} are about single entities, which the model {model.Name} does not tell apart");
        // What is compiled as the first texts come is not the model's speed. Of a model that takes few at a time a text is dear, and none
        // is asked twice.
        var costsNothing = model.MostAtOnce == int.MaxValue;
        if (costsNothing) await RepeatAsync(model, set.Rows, time, time.GetTimestamp(), cancellationToken);
        var faults = new Dictionary<int, TextOutcome>();
        var started = time.GetTimestamp();
        var scores = await ScoreAsync(model, set.Rows, faults, cancellationToken);
        var asked = set.Rows.Count;
        if (costsNothing) asked += await RepeatAsync(model, set.Rows, time, started, cancellationToken);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        return Of(model.Name, model.Version, set, scores, asked / Math.Max(seconds, 1e-9)) with { Faults = faults };
    }

    /// <summary>Asks for the rows again and again until it is settled; returns how many texts that were.</summary>
    static async Task<int> RepeatAsync(ISentimentModel model, IReadOnlyList<LabelledRow> rows, TimeProvider time, long started,
        CancellationToken cancellationToken)
    {
        var asked = 0;
        while (asked < MostRepeated && time.GetElapsedTime(started) < Settled)
        {
            var some = Math.Min(rows.Count, BatchSize);
            await ScoreAsync(model, [.. rows.Take(some)], [], cancellationToken);
            asked += some;
        }
        return asked;
    }

    /// <summary>What scores that a model gave to the rows of a set are worth.</summary>
    public static EvaluationResult Of(string model, string version, LabelledSet set, IReadOnlyList<SentimentScore> scores,
        double textsPerSecond)
    {
        var unscored = scores.Count(s => !double.IsFinite(s.Score));
        if (!set.HasScores)
            return new(model, version, ReportOf(set, scores, _ => true), null, textsPerSecond)
            {
                ByEntities = set.HasEntities ? Parts(set, scores) : null,
                Unscored = unscored,
                Predicted = scores,
            };
        double[] predicted = [.. scores.Select(s => double.IsFinite(s.Score) ? s.Score : 0)];
        var report = ScoreReport.Of(predicted, [.. set.Rows.Select(r => r.Score!.Value)]);
        return new(model, version, null, report, textsPerSecond) { Unscored = unscored, Predicted = scores };
    }

    static Dictionary<string, ClassReport> Parts(LabelledSet set, IReadOnlyList<SentimentScore> scores)
    {
        var parts = new Dictionary<string, ClassReport>();
        if (set.Rows.Any(r => r.Entity!.Others.Count == 0)) parts["one"] = ReportOf(set, scores, r => r.Entity!.Others.Count == 0);
        if (set.Rows.Any(r => r.Entity!.Others.Count > 0)) parts["several"] = ReportOf(set, scores, r => r.Entity!.Others.Count > 0);
        return parts;
    }

    static ClassReport ReportOf(LabelledSet set, IReadOnlyList<SentimentScore> scores, Func<LabelledRow, bool> which)
    {
        var chosen = Enumerable.Range(0, set.Rows.Count).Where(i => which(set.Rows[i])).ToArray();
        return ClassReport.Of([.. chosen.Select(i => Probabilities(scores[i]))], [.. chosen.Select(i => (int)set.Rows[i].Label!.Value)]);
    }

    internal static double[] Probabilities(SentimentScore score) => [score.Negative, score.Neutral, score.Positive];

    /// <param name="faults">Gets the reasons of those that have no score.</param>
    static async Task<List<SentimentScore>> ScoreAsync(ISentimentModel model, IReadOnlyList<LabelledRow> rows,
        Dictionary<int, TextOutcome> faults, CancellationToken cancellationToken)
    {
        var scores = new List<SentimentScore>(rows.Count);
        for (var at = 0; at < rows.Count; at += BatchSize)
        {
            var batch = rows.Skip(at).Take(BatchSize).ToArray();
            if (model is IOutcomeSentimentModel single && batch[0].Entity is null)
            {
                foreach (var outcome in await single.TryScoreAsync([.. batch.Select(r => r.Text)], cancellationToken))
                {
                    if (!outcome.IsScored) faults[scores.Count] = outcome;
                    scores.Add(outcome.Score);
                }
                continue;
            }
            scores.AddRange(model is IEntitySentimentModel entities && batch[0].Entity is not null
                ? await entities.ScoreEntitiesAsync([.. batch.Select(r => r.Entity!)], cancellationToken)
                : await model.ScoreAsync([.. batch.Select(r => r.Text)], cancellationToken));
        }
        return scores;
    }
}
