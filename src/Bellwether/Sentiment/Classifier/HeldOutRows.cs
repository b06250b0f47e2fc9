using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Classifier;

/// <summary>Scores of rows by models that had not seen them, in the order of the rows.</summary>
/// <param name="Scores">Each by a temperature that was fitted on the rows of the other folds.</param>
/// <param name="TextsPerSecond">Of scoring; training takes no part in it.</param>
/// <param name="Temperature">The one that fits all rows.</param>
public sealed record HeldOutScores(IReadOnlyList<SentimentScore> Scores, double TextsPerSecond, double Temperature);

/// <summary>
/// Holds out one fold of the rows after the other, and scores it as the product does: weights of a byte, long texts sentence by sentence.
/// </summary>
sealed class HeldOutRows(FeatureRows rows, IReadOnlyList<int> folds, Func<int, EntityText> textOf, bool byEntity)
{
    const double LeastProbability = 1e-9;

    /// <param name="progress">Is told each fold that begins.</param>
    public HeldOutScores Score(LinearTrainerOptions options, int count, TimeProvider time, Action<int>? progress, CancellationToken cancellationToken)
    {
        var packed = new PackedWeights[count];
        var logits = new double[rows.Count][];
        for (var fold = 0; fold < count; fold++)
        {
            progress?.Invoke(fold);
            int[] seen = [.. Enumerable.Range(0, rows.Count).Where(r => !TrainingRows.IsHeldOut(folds[r], fold))];
            packed[fold] = PackedWeights.Of(LinearTrainer.Train(rows, seen, options, cancellationToken), 1);
            var model = ModelOf(packed[fold]);
            foreach (var row in RowsOf(fold)) logits[row] = Logits(ScoreOf(model, row));
        }
        int[] held = [.. Enumerable.Range(0, rows.Count).Where(r => folds[r] >= 0)];
        var scores = new SentimentScore[rows.Count];
        var started = time.GetTimestamp();
        var fitting = TimeSpan.Zero;
        for (var fold = 0; fold < count; fold++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var before = time.GetTimestamp();
            var model = ModelOf(packed[fold] with { Temperature = (float)Fit([.. held.Where(r => folds[r] != fold)]) });
            int[] own = [.. RowsOf(fold)];
            fitting += time.GetElapsedTime(before);
            foreach (var row in own) scores[row] = ScoreOf(model, row);
        }
        var seconds = Math.Max(1e-9, (time.GetElapsedTime(started) - fitting).TotalSeconds);
        return new([.. held.Select(r => scores[r])], held.Length / seconds, Fit(held));

        IEnumerable<int> RowsOf(int fold) => Enumerable.Range(0, rows.Count).Where(r => folds[r] == fold);

        double Fit(int[] which) => which.Length == 0 ? 1 : Temperature.Fit([.. which.Select(r => logits[r])], [.. which.Select(rows.Label)]);
    }

    SentimentScore ScoreOf(ClassifierModel model, int row) => byEntity ? model.ScoreEntity(textOf(row)) : model.Score(textOf(row).Text);

    // Of whole texts the head for entities is never asked, and the other way round only where an entity stands in no sentence.
    ClassifierModel ModelOf(PackedWeights weights)
    {
        var none = PackedWeights.Of(new LinearWeights(3), 1);
        return ClassifierModel.Of(new([], "fold", ClassifierTerms.Table, byEntity ? none : weights, byEntity ? weights : none, ""));
    }

    static double[] Logits(SentimentScore score) =>
        [Math.Log(Math.Max(score.Negative, LeastProbability)), Math.Log(Math.Max(score.Neutral, LeastProbability)), Math.Log(Math.Max(score.Positive, LeastProbability))];
}
