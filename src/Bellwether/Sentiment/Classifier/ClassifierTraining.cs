using Bellwether.Analytics.Text;
using Bellwether.Sentiment.Evaluation;

namespace Bellwether.Sentiment.Classifier;

/// <summary>How a classifier is trained. The defaults are those of the model that ships.</summary>
public sealed record ClassifierTrainingOptions
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Parts in which the data is held out in turn, for the temperature and the figures of the card.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Made-up sentences beside the data.</summary>
    public int Templates { get; init; } = 3_000;

    public float TemplateWeight { get; init; } = 0.5f;

    /// <summary>Variants of each labelled text, with words exchanged for others of their kind.</summary>
    public int Variants { get; init; } = 3;

    public float VariantWeight { get; init; } = 0.5f;

    public float SingleEntityWeight { get; init; } = 0.5f;

    public int TextBits { get; init; } = 20;

    public int EntityBits { get; init; } = 19;

    public LinearTrainerOptions Text { get; init; } = new();

    public LinearTrainerOptions Entity { get; init; } = new() { L2 = 8e-5f };
}

/// <summary>
/// Trains classifiers. The same data, seed and program give the same file, bit for bit, on machines of one kind. Held-out rows, each scored by a
/// model that has not seen its text, give the temperature and the figures of the card.
/// </summary>
public static partial class ClassifierTraining
{
    /// <summary>Trains on all sets together.</summary>
    /// <exception cref="ArgumentException">A set holds scores, or a class is missing in all of them.</exception>
    public static byte[] Train(IReadOnlyList<(LabelledSet Set, string Licence)> sets, ClassifierTrainingOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var rows = new TrainingRows(options);
        var ranges = new List<(Range Texts, Range Entities)>();
        foreach (var (set, _) in sets) ranges.Add(rows.Add(Checked(set)));
        CheckClasses(rows.Text, "texts");
        var texts = rows.Text.Count;
        rows.AddMadeUp();
        progress?.Report($"{texts:n0} texts, {rows.Entity.Count:n0} entities in texts, {rows.Variants:n0} variants of texts, {options.Templates:n0} made-up sentences");

        var text = HeldOut(rows.Text, rows.TextFolds, options.Text with { Seed = options.Seed }, options.Folds, progress, "texts", cancellationToken);
        var textTemperature = text.Temperature();
        var metrics = new List<ModelMetric>();
        for (var i = 0; i < sets.Count; i++) AddFigures(metrics, NameOf(sets[i].Set), text, ranges[i].Texts, textTemperature);
        // Without entities to learn from that head gives what the text as a whole gives.
        var entity = new LinearWeights(options.EntityBits);
        var entityTemperature = 1.0;
        if (rows.Entity.Count > 0)
        {
            var held = HeldOut(rows.Entity, rows.EntityFolds, options.Entity with { Seed = options.Seed }, options.Folds, progress, "entities", cancellationToken);
            entityTemperature = held.Temperature();
            for (var i = 0; i < sets.Count; i++) AddFigures(metrics, $"{NameOf(sets[i].Set)}, by entity", held, ranges[i].Entities, entityTemperature);
            entity = LinearTrainer.Train(rows.Entity, All(rows.Entity.Count), options.Entity with { Seed = options.Seed }, cancellationToken);
        }
        var weights = LinearTrainer.Train(rows.Text, All(rows.Text.Count), options.Text with { Seed = options.Seed }, cancellationToken);
        var card = CardOf(sets, ranges, rows.Variants, options, metrics);
        return ClassifierFile.Write(card, ClassifierTerms.Table, PackedWeights.Of(weights, textTemperature), PackedWeights.Of(entity, entityTemperature));
    }

    /// <summary>
    /// Scores every row of a set by a model trained on the other folds of it (and on made-up sentences, for whole texts). The temperature of a
    /// fold comes from the others.
    /// </summary>
    public static IReadOnlyList<SentimentScore> CrossValidate(LabelledSet set, ClassifierTrainingOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var rows = new TrainingRows(options);
        if (Checked(set).HasEntities)
        {
            rows.Add(set);
            return HeldOut(rows.Entity, rows.EntityFolds, options.Entity with { Seed = options.Seed }, options.Folds, progress, "entities", cancellationToken).Scores();
        }
        // Row by row: a text that stands in the set twice is measured twice.
        foreach (var row in set.Rows) rows.AddLabelled(row.Text, row.Label!.Value);
        CheckClasses(rows.Text, "texts");
        rows.AddMadeUp();
        return HeldOut(rows.Text, rows.TextFolds, options.Text with { Seed = options.Seed }, options.Folds, progress, "texts", cancellationToken).Scores();
    }

    static LabelledSet Checked(LabelledSet set) => !set.HasScores ? set
        : throw new ArgumentException($"{set.Path} has scores; a classifier is trained on classes");

    static void CheckClasses(FeatureRows rows, string what)
    {
        var seen = Enumerable.Range(0, rows.Count).Select(rows.Label).ToHashSet();
        for (byte c = 0; c < 3; c++)
            if (!seen.Contains(c)) throw new ArgumentException($"none of the {rows.Count} {what} is {LabelledSet.ClassNames[c]}");
    }

    static int[] All(int count) => [.. Enumerable.Range(0, count)];

    static string NameOf(LabelledSet set) => Path.GetFileName(set.Path);

    static void AddFigures(List<ModelMetric> metrics, string name, HeldOutRows held, Range range, double temperature)
    {
        if (held.Report(range, temperature) is not { } report) return;
        var on = $"{name}, {report.Rows} held-out rows by fold";
        metrics.Add(new(on, "accuracy", Math.Round(report.Accuracy, 4)));
        metrics.Add(new(on, "macro_f1", Math.Round(report.MacroF1, 4)));
        metrics.Add(new(on, "weighted_f1", Math.Round(report.WeightedF1, 4)));
        metrics.Add(new(on, "ece", Math.Round(report.Ece, 4)));
    }

    static HeldOutRows HeldOut(
        FeatureRows rows, List<int> folds, LinearTrainerOptions options, int count, IProgress<string>? progress, string what, CancellationToken cancellationToken)
    {
        var logits = new double[rows.Count][];
        for (var fold = 0; fold < count; fold++)
        {
            progress?.Report($"{what}: fold {fold + 1} of {count}");
            var weights = LinearTrainer.Train(rows, [.. All(rows.Count).Where(r => !TrainingRows.IsHeldOut(folds[r], fold))], options, cancellationToken);
            for (var r = 0; r < logits.Length; r++)
                if (folds[r] == fold && weights.Logits(rows, r) is var l) logits[r] = [l[0], l[1], l[2]];
        }
        return new(rows, folds, logits, count);
    }
}
