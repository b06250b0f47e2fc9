using Bellwether.Analytics.Text;

namespace Bellwether.Tests.Analytics.Text;

public sealed class ClassReportTests
{
    // Nine rows, worked out by hand: 3 negative (2 found), 4 neutral (3 found), 2 positive (1 found).
    static readonly int[] Labels = [0, 0, 0, 1, 1, 1, 1, 2, 2];
    static readonly int[] Said = [0, 0, 1, 1, 1, 1, 2, 2, 0];

    static double[] Sure(int of, double p = 0.8) => [.. Enumerable.Range(0, 3).Select(c => c == of ? p : (1 - p) / 2)];

    [Fact]
    public void Figures_are_those_worked_out_by_hand()
    {
        var report = ClassReport.Of([.. Said.Select(s => Sure(s))], Labels);

        Assert.Equal(9, report.Rows);
        Assert.Equal(6 / 9.0, report.Accuracy, 12);
        Assert.Equal(2 / 3.0, report.PerClass[0].Precision, 12);
        Assert.Equal(2 / 3.0, report.PerClass[0].Recall, 12);
        Assert.Equal(0.75, report.PerClass[1].F1, 12);
        Assert.Equal(0.5, report.PerClass[2].F1, 12);
        Assert.Equal((2 / 3.0 + 0.75 + 0.5) / 3, report.MacroF1, 12);
        Assert.Equal((3 * 2 / 3.0 + 4 * 0.75 + 2 * 0.5) / 9, report.WeightedF1, 12);
        Assert.Equal([[2, 1, 0], [0, 3, 1], [1, 0, 1]], report.Confusion);
        // One bin: confidence 0.8, accuracy 2/3.
        Assert.Equal(0.8 - 6 / 9.0, report.Ece, 12);
    }

    [Fact]
    public void Class_that_never_occurs_does_not_count()
    {
        var report = ClassReport.Of([Sure(0), Sure(2), Sure(2)], [0, 2, 0]);
        Assert.Equal((2 / 3.0 + 2 / 3.0) / 2, report.MacroF1, 12);
    }

    [Fact]
    public void Perfect_confidence_that_is_right_has_no_calibration_error() =>
        Assert.Equal(0, ClassReport.Of([Sure(1, 1), Sure(2, 1)], [1, 2]).Ece, 12);

    [Fact]
    public void Unequal_lengths_are_refused() => Assert.Throws<ArgumentException>(() => ClassReport.Of([Sure(1)], [1, 2]));

    [Fact]
    public void Scores_are_compared_by_error_correlation_and_sign()
    {
        var report = ScoreReport.Of([0.5, -0.5, 0.2, 0], [0.7, 0.3, 0.05, -0.4]);

        Assert.Equal((0.2 + 0.8 + 0.15 + 0.4) / 4, report.Mae, 12);
        Assert.Equal(Math.Sqrt((0.04 + 0.64 + 0.0225 + 0.16) / 4), report.Rmse, 12);
        // The third is not clear; of the others the first agrees, and 0 is no sign.
        Assert.Equal((3, 1 / 3.0), (report.SignRows, report.SignAgreement!.Value));
        Assert.Equal(1, ScoreReport.Of([0.1, 0.2, 0.3], [0.2, 0.4, 0.6]).Correlation!.Value, 12);
        Assert.Null(ScoreReport.Of([0.1, 0.1], [0.2, 0.4]).Correlation);
    }

    [Fact]
    public void Temperature_is_found_that_made_the_labels()
    {
        // Rows whose log-odds are three times too certain for how often they are right.
        var random = new SplitMix(3);
        var (logits, labels) = (new List<double[]>(), new List<byte>());
        for (var i = 0; i < 20_000; i++)
        {
            double[] truth = [random.NextDouble() * 4 - 2, random.NextDouble() * 4 - 2, 0];
            var weights = truth.Select(Math.Exp).ToArray();
            var at = random.NextDouble() * weights.Sum();
            labels.Add((byte)(at < weights[0] ? 0 : at < weights[0] + weights[1] ? 1 : 2));
            logits.Add([.. truth.Select(t => t * 3)]);
        }
        Assert.InRange(Temperature.Fit(logits, labels), 2.8, 3.2);
    }
}
