using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Sentiment.Routing;

/// <summary>A cascade at one threshold.</summary>
/// <param name="DeferBelow">Scores with less confidence are left to the next model.</param>
/// <param name="Asked">By model: the share of texts that it is asked for.</param>
/// <param name="MicrosecondsPerText">Mean time of a text, from the time that each model needs.</param>
/// <param name="TokensPerText">Mean tokens of a text that servers counted.</param>
/// <param name="Fallback">Share of texts for which no model of the cascade has a score, so that the lexicon's counts, as in the
/// pipeline.</param>
/// <param name="Unscored">By model: the share of texts that it is asked for and has no score for, so that another one's counts.</param>
public sealed record CascadePoint(
    double DeferBelow, IReadOnlyDictionary<string, double> Asked, double Accuracy, double MacroF1, double MicrosecondsPerText,
        double TokensPerText, double Fallback, IReadOnlyDictionary<string, double> Unscored);

/// <summary>Accuracy against cost of a cascade of models on a labelled set, along the threshold by which the cheaper ones defer.</summary>
/// <remarks>
/// As the router does it: a text that a model has no score for goes to the next one, and what the last one has no score for keeps the score
/// before.
/// </remarks>
public static class CascadeReport
{
    const int WarmUp = 500;

    static readonly double[] Thresholds = [0, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1];

    /// <summary>What one model made of the set, and what a text cost.</summary>
    sealed record Run(string Name, IReadOnlyList<SentimentScore> Scores, double Micros, double Tokens);

    /// <param name="models">From cheap to costly.</param>
    /// <exception cref="ArgumentException">There is no model or one twice, or the set has scores or entities in the place of
    /// classes.</exception>
    public static async Task<IReadOnlyList<CascadePoint>> RunAsync(
        IReadOnlyList<ISentimentModel> models, LabelledSet set, TimeProvider time, CancellationToken cancellationToken)
    {
        if (models.Count == 0) throw new ArgumentException("there is no model");
        if (set.HasScores || set.HasEntities)
            throw new ArgumentException(
                $"{set.Path} has {(set.HasScores ? "scores" : "entities")}; a cascade is measured on classes of whole texts");
        string[] names = [.. models.Select(m => models.Count(other => other.Name == m.Name) == 1 ? m.Name : $"{m.Name} {m.Version}")];
        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"the model {twice.Key} is there twice");
        string[] texts = [.. set.Rows.Select(r => r.Text)];
        var runs = new List<Run>(models.Count);
        for (var m = 0; m < models.Count; m++) runs.Add(await RunAsync(names[m], models[m], texts, time, cancellationToken));
        var lexicon = await new LexiconModel().ScoreAsync(texts, cancellationToken);
        return [.. Thresholds.Select(t => PointAt(t, runs, lexicon, set))];
    }

    static async Task<Run> RunAsync(string name, ISentimentModel model, string[] texts, TimeProvider time,
        CancellationToken cancellationToken)
    {
        // The first pass is for the compiler; where a text is dear, none is asked twice.
        if (model.MostAtOnce == int.MaxValue) await model.ScoreAsync([.. texts.Take(WarmUp)], cancellationToken);
        var (started, before) = (time.GetTimestamp(), model.TokensUsed);
        var scores = await model.ScoreAsync(texts, cancellationToken);
        return new(name, scores, time.GetElapsedTime(started).TotalMicroseconds / texts.Length,
            (model.TokensUsed - before) / (double)texts.Length);
    }

    static CascadePoint PointAt(double threshold, List<Run> runs, IReadOnlyList<SentimentScore> lexicon, LabelledSet set)
    {
        var (asked, missed, chosen, fallback) = (new int[runs.Count], new int[runs.Count], new double[set.Rows.Count][], 0);
        for (var i = 0; i < chosen.Length; i++)
        {
            SentimentScore? best = null;
            for (var m = 0; m < runs.Count && !(best?.Confidence >= threshold); m++)
            {
                asked[m]++;
                if (double.IsFinite(runs[m].Scores[i].Score)) best = runs[m].Scores[i];
                else missed[m]++;
            }
            if (best is null) fallback++;
            chosen[i] = SentimentEvaluation.Probabilities(best ?? lexicon[i]);
        }
        var report = ClassReport.Of(chosen, [.. set.Rows.Select(r => (int)r.Label!.Value)]);
        double Mean(Func<Run, double> cost) => runs.Select((run, m) => cost(run) * asked[m] / chosen.Length).Sum();
        Dictionary<string, double> Shares(int[] counts) =>
            runs.Select((run, m) => (run.Name, Share: counts[m] / (double)chosen.Length)).ToDictionary(s => s.Name, s => s.Share);
        return new(threshold, Shares(asked), report.Accuracy, report.MacroF1, Mean(r => r.Micros), Mean(r => r.Tokens),
            fallback / (double)chosen.Length, Shares(missed));
    }
}
