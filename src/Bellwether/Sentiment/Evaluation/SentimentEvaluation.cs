using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Evaluation;

/// <summary>What a model was found to be worth on a labelled set.</summary>
/// <param name="Classes">For a set of classes, else null.</param>
/// <param name="Scores">For a set of scores, else null.</param>
public sealed record EvaluationResult(string Model, string ModelVersion, ClassReport? Classes, ScoreReport? Scores, double TextsPerSecond)
{
    /// <summary>Of a set of entities: texts that name <c>one</c>, and texts that name <c>several</c>.</summary>
    public IReadOnlyDictionary<string, ClassReport>? ByEntities { get; init; }

    /// <summary>Texts for which the model found no score; they count as neutral ones of which it was not sure.</summary>
    public int Unscored { get; init; }
}

/// <summary>Lets a model score a labelled set and compares.</summary>
public static class SentimentEvaluation
{
    const int WarmUp = 200;
    const int BatchSize = 512;

    /// <exception cref="ArgumentException">The rows name entities and the model does not tell them apart.</exception>
    public static async Task<EvaluationResult> RunAsync(ISentimentModel model, LabelledSet set, TimeProvider time, CancellationToken cancellationToken)
    {
        if (set.HasEntities && model is not IEntitySentimentModel)
            throw new ArgumentException($"the rows of {set.Path} are about single entities, which the model {model.Name} does not tell apart", nameof(model));
        // What is compiled as the first texts come is not the model's speed.
        await ScoreAsync(model, [.. set.Rows.Take(WarmUp)], cancellationToken);
        var started = time.GetTimestamp();
        var scores = await ScoreAsync(model, set.Rows, cancellationToken);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        var unscored = scores.RemoveUnscored();
        return Of(model.Name, model.Version, set, scores, set.Rows.Count / Math.Max(seconds, 1e-9)) with { Unscored = unscored };
    }

    /// <summary>What scores that a model gave to the rows of a set are worth.</summary>
    public static EvaluationResult Of(string model, string version, LabelledSet set, IReadOnlyList<SentimentScore> scores, double textsPerSecond) => set.HasScores
        ? new(model, version, null, ScoreReport.Of([.. scores.Select(s => s.Score)], [.. set.Rows.Select(r => r.Score!.Value)]), textsPerSecond)
        : new(model, version, ReportOf(set, scores, _ => true), null, textsPerSecond) { ByEntities = set.HasEntities ? Parts(set, scores) : null };

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

    static int RemoveUnscored(this List<SentimentScore> scores)
    {
        var found = 0;
        for (var i = 0; i < scores.Count; i++)
        {
            if (double.IsFinite(scores[i].Score)) continue;
            (scores[i], found) = (new(0.33, 0.33), found + 1);
        }
        return found;
    }

    static async Task<List<SentimentScore>> ScoreAsync(ISentimentModel model, IReadOnlyList<LabelledRow> rows, CancellationToken cancellationToken)
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
