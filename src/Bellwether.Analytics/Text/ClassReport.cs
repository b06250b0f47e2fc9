namespace Bellwether.Analytics.Text;

/// <summary>How well one class is found.</summary>
/// <param name="Support">Rows of that class.</param>
public sealed record ClassFigures(double Precision, double Recall, double F1, int Support);

/// <summary>
/// How well classes are predicted. Macro F1 is the plain mean of the classes' F1, weighted F1 the mean by support; a class that has no row
/// and was never predicted counts for neither. ECE: ten equal bins of the greatest probability, mean distance of accuracy and confidence by
/// rows. A row without an answer, whose probabilities are NaN, was not found: it counts in every figure but the ECE, and is in no predicted
/// class.
/// </summary>
/// <param name="Confusion">Rows by true class (first index) and predicted class; those without an answer are missing.</param>
public sealed record ClassReport(
    int Rows, double Accuracy, double MacroF1, double WeightedF1, IReadOnlyList<ClassFigures> PerClass,
        IReadOnlyList<IReadOnlyList<int>> Confusion, double Ece)
{
    const int Bins = 10;

    // Of the normal distribution, for 95 %.
    const double Z = 1.959963984540054;

    /// <summary>
    /// In which the accuracy on all rows of this kind lies, with 95 %: Wilson, "Probable inference, the law of succession, and statistical
    /// inference", 1927.
    /// </summary>
    public (double Low, double High) Interval
    {
        get
        {
            double n = Rows, z2 = Z * Z;
            var (middle, half) = ((Accuracy + z2 / (2 * n)) / (1 + z2 / n),
                Z / (1 + z2 / n) * Math.Sqrt(Accuracy * (1 - Accuracy) / n + z2 / (4 * n * n)));
            return (Math.Max(0, middle - half), Math.Min(1, middle + half));
        }
    }

    /// <param name="probabilities">For each row the probability of each class.</param>
    /// <exception cref="ArgumentException">There are no rows, or not one label for each.</exception>
    public static ClassReport Of(IReadOnlyList<double[]> probabilities, IReadOnlyList<int> labels, int classes = 3)
    {
        if (labels.Count == 0 || labels.Count != probabilities.Count)
            throw new ArgumentException($"{probabilities.Count} predictions and {labels.Count} labels", nameof(labels));
        var confusion = new int[classes][];
        for (var c = 0; c < classes; c++) confusion[c] = new int[classes];
        var bins = new (double Confidence, double Correct)[Bins];
        var missing = new int[classes];
        for (var i = 0; i < labels.Count; i++)
        {
            if (Array.Exists(probabilities[i], double.IsNaN))
            {
                missing[labels[i]]++;
                continue;
            }
            var best = Best(probabilities[i]);
            confusion[labels[i]][best]++;
            var confidence = probabilities[i][best];
            ref var bin = ref bins[Math.Min(Bins - 1, (int)(confidence * Bins))];
            bin = (bin.Confidence + confidence, bin.Correct + (best == labels[i] ? 1 : 0));
        }
        var figures = Enumerable.Range(0, classes).Select(c => FiguresOf(confusion, c, missing[c])).ToArray();
        var met = figures.Where((f, c) => f.Support > 0 || confusion.Any(row => row[c] > 0)).ToArray();
        return new(
            labels.Count, Enumerable.Range(0, classes).Sum(c => confusion[c][c]) / (double)labels.Count, met.Average(f => f.F1),
            met.Sum(f => f.F1 * f.Support) / labels.Count, figures, confusion,
            bins.Sum(b => Math.Abs(b.Confidence - b.Correct)) / Math.Max(1, labels.Count - missing.Sum()));
    }

    static int Best(double[] probabilities)
    {
        var best = 0;
        for (var c = 1; c < probabilities.Length; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        return best;
    }

    static ClassFigures FiguresOf(int[][] confusion, int c, int missing)
    {
        double hits = confusion[c][c], support = confusion[c].Sum() + missing, predicted = confusion.Sum(row => row[c]);
        var (precision, recall) = (predicted > 0 ? hits / predicted : 0, support > 0 ? hits / support : 0);
        return new(precision, recall, precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0, (int)support);
    }
}
