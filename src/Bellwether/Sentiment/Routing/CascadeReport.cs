using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Sentiment.Routing;

/// <summary>A cascade at one threshold.</summary>
/// <param name="DeferBelow">Scores with less confidence are left to the next model.</param>
/// <param name="Asked">By model: the share of texts that it is asked for.</param>
/// <param name="MicrosecondsPerText">Mean cost of a text, from the time that each model needs.</param>
public sealed record CascadePoint(double DeferBelow, IReadOnlyDictionary<string, double> Asked, double Accuracy, double MacroF1, double MicrosecondsPerText);

/// <summary>Accuracy against cost of a cascade of models on a labelled set, along the threshold by which the cheaper ones defer.</summary>
public static class CascadeReport
{
    static readonly double[] Thresholds = [0, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1];

    /// <param name="models">From cheap to costly.</param>
    /// <exception cref="ArgumentException">There is no model, or the set has scores or entities in the place of classes.</exception>
    public static async Task<IReadOnlyList<CascadePoint>> RunAsync(IReadOnlyList<ISentimentModel> models, LabelledSet set, TimeProvider time, CancellationToken cancellationToken)
    {
        if (models.Count == 0) throw new ArgumentException("there is no model", nameof(models));
        if (set.HasScores || set.HasEntities) throw new ArgumentException($"{set.Path} has {(set.HasScores ? "scores" : "entities")}; a cascade is measured on classes of whole texts", nameof(set));
        string[] texts = [.. set.Rows.Select(r => r.Text)];
        var scores = new IReadOnlyList<SentimentScore>[models.Count];
        var micros = new double[models.Count];
        for (var m = 0; m < models.Count; m++)
        {
            // The first pass is for the compiler.
            await models[m].ScoreAsync([.. texts.Take(500)], cancellationToken);
            var started = time.GetTimestamp();
            scores[m] = await models[m].ScoreAsync(texts, cancellationToken);
            micros[m] = time.GetElapsedTime(started).TotalMicroseconds / texts.Length;
        }
        return [.. Thresholds.Select(t => PointAt(t, models, scores, micros, set))];
    }

    static CascadePoint PointAt(double threshold, IReadOnlyList<ISentimentModel> models, IReadOnlyList<SentimentScore>[] scores, double[] micros, LabelledSet set)
    {
        var asked = new int[models.Count];
        var chosen = new double[set.Rows.Count][];
        for (var i = 0; i < chosen.Length; i++)
        {
            var m = 0;
            asked[0]++;
            while (m + 1 < models.Count && scores[m][i].Confidence < threshold) asked[++m]++;
            chosen[i] = SentimentEvaluation.Probabilities(scores[m][i]);
        }
        var report = ClassReport.Of(chosen, [.. set.Rows.Select(r => (int)r.Label!.Value)]);
        var cost = Enumerable.Range(0, models.Count).Sum(m => micros[m] * asked[m] / chosen.Length);
        return new(threshold, Enumerable.Range(0, models.Count).ToDictionary(m => models[m].Name, m => asked[m] / (double)chosen.Length), report.Accuracy, report.MacroF1, cost);
    }
}
