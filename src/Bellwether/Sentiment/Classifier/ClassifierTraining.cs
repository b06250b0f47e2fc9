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
    public int Templates { get; init; } = 8_000;

    public float TemplateWeight { get; init; } = 0.4f;

    /// <summary>Made-up texts of two securities, of which each gives two rows.</summary>
    public int Pairs { get; init; } = 3_000;

    public float PairWeight { get; init; } = 0.5f;

    /// <summary>Variants of each labelled text, with words exchanged for others of their kind.</summary>
    public int Variants { get; init; } = 2;

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
    public static byte[] Train(IReadOnlyList<(LabelledSet Set, string Licence)> sets, ClassifierTrainingOptions options, TimeProvider time, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var rows = new TrainingRows(options);
        var ranges = new List<(Range Texts, Range Entities)>();
        foreach (var (set, _) in sets) ranges.Add(rows.Add(Checked(set)));
        CheckClasses(rows.Text, "texts");
        var texts = rows.Text.Count;
        rows.AddMadeUp();
        progress?.Report($"{texts:n0} texts, {rows.Entity.Count:n0} entities in texts, {rows.Variants:n0} variants of texts, {options.Templates:n0} made-up sentences");

        var text = HeldOut(rows.HeldOutTexts, options.Text with { Seed = options.Seed }, options.Folds, time, progress, "texts", cancellationToken);
        var metrics = new List<ModelMetric>();
        for (var i = 0; i < sets.Count; i++) AddFigures(metrics, NameOf(sets[i].Set), text, rows.Text, ranges[i].Texts);
        // Without entities to learn from that head gives what the text as a whole gives.
        var entity = new LinearWeights(options.EntityBits);
        var entityTemperature = 1.0;
        if (rows.Entity.Count > 0)
        {
            rows.AddMadeUpPairs();
            var held = HeldOut(rows.HeldOutEntities, options.Entity with { Seed = options.Seed }, options.Folds, time, progress, "entities", cancellationToken);
            entityTemperature = held.Temperature;
            for (var i = 0; i < sets.Count; i++) AddFigures(metrics, $"{NameOf(sets[i].Set)}, by entity", held, rows.Entity, ranges[i].Entities);
            entity = LinearTrainer.Train(rows.Entity, All(rows.Entity.Count), options.Entity with { Seed = options.Seed }, cancellationToken);
        }
        var weights = LinearTrainer.Train(rows.Text, All(rows.Text.Count), options.Text with { Seed = options.Seed }, cancellationToken);
        var card = CardOf(sets, ranges, rows.Variants, options, metrics);
        return ClassifierFile.Write(card, ClassifierTerms.Table, PackedWeights.Of(weights, text.Temperature), PackedWeights.Of(entity, entityTemperature));
    }

    /// <summary>
    /// Scores every row of a set by a model trained on the other folds of it and on what is made up. The temperature of a fold comes from the
    /// others.
    /// </summary>
    public static HeldOutScores CrossValidate(LabelledSet set, ClassifierTrainingOptions options, TimeProvider time, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var rows = new TrainingRows(options);
        if (Checked(set).HasEntities)
        {
            rows.Add(set);
            rows.AddMadeUpPairs();
            return HeldOut(rows.HeldOutEntities, options.Entity with { Seed = options.Seed }, options.Folds, time, progress, "entities", cancellationToken);
        }
        // Row by row: a text that stands in the set twice is measured twice.
        foreach (var row in set.Rows) rows.AddLabelled(row.Text, row.Label!.Value);
        CheckClasses(rows.Text, "texts");
        rows.AddMadeUp();
        return HeldOut(rows.HeldOutTexts, options.Text with { Seed = options.Seed }, options.Folds, time, progress, "texts", cancellationToken);
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

    static void AddFigures(List<ModelMetric> metrics, string name, HeldOutScores held, FeatureRows rows, Range range)
    {
        int[] own = [.. Enumerable.Range(0, rows.Count).Take(range)];
        if (own.Length == 0) return;
        var report = ClassReport.Of([.. own.Select(r => SentimentEvaluation.Probabilities(held.Scores[r]))], [.. own.Select(r => (int)rows.Label(r))]);
        var on = $"{name}, {report.Rows} held-out rows by fold";
        metrics.Add(new(on, "accuracy", Math.Round(report.Accuracy, 4)));
        metrics.Add(new(on, "macro_f1", Math.Round(report.MacroF1, 4)));
        metrics.Add(new(on, "weighted_f1", Math.Round(report.WeightedF1, 4)));
        metrics.Add(new(on, "ece", Math.Round(report.Ece, 4)));
    }

    static HeldOutScores HeldOut(
        HeldOutRows rows, LinearTrainerOptions options, int count, TimeProvider time, IProgress<string>? progress, string what, CancellationToken cancellationToken) =>
        rows.Score(options, count, time, fold => progress?.Report($"{what}: fold {fold + 1} of {count}"), cancellationToken);
}
