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
}

/// <summary>Lets a model score a labelled set and compares.</summary>
public static class SentimentEvaluation
{
    const int WarmUp = 200;
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
        if (model.MostAtOnce == int.MaxValue) await ScoreAsync(model, [.. set.Rows.Take(WarmUp)], cancellationToken);
        var started = time.GetTimestamp();
        var scores = await ScoreAsync(model, set.Rows, cancellationToken);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        return Of(model.Name, model.Version, set, scores, set.Rows.Count / Math.Max(seconds, 1e-9));
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

    static async Task<List<SentimentScore>> ScoreAsync(ISentimentModel model, IReadOnlyList<LabelledRow> rows,
        CancellationToken cancellationToken)
    {
        var scores = new List<SentimentScore>(rows.Count);
        for (var at = 0; at < rows.Count; at += BatchSize)
        {
            var batch = rows.Skip(at).Take(BatchSize).ToArray();
            scores.AddRange(model is IEntitySentimentModel entities && batch[0].Entity is not null
                ? await entities.ScoreEntitiesAsync([.. batch.Select(r => r.Entity!)], cancellationToken)
                : await model.ScoreAsync([.. batch.Select(r => r.Text)], cancellationToken));
        }
        return scores;
    }
}
