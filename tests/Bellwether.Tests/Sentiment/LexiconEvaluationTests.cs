using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment;

/// <summary>
/// Floors a point or so under what was measured when the lexicon was written: SEntFiN and Twitter were used to choose terms and to
/// calibrate, so those figures are in-sample; no term or constant was chosen on FiQA or SemEval.
/// </summary>
public sealed class LexiconEvaluationTests
{
    static readonly LexiconModel Model = new();

    [Fact]
    public void Headlines_are_classified_no_worse_than_measured() => Evaluate(LabelledTexts.Headlines(), accuracy: 0.77, macroF1: 0.77);

    [Fact]
    public void Tweets_are_classified_no_worse_than_measured() => Evaluate(LabelledTexts.Tweets(), accuracy: 0.72, macroF1: 0.67);

    [Fact]
    public void Posts_of_another_domain_agree_in_sign() => Assert.InRange(SignAgreement(LabelledTexts.FinancialPosts()), 0.72, 1);

    [Fact]
    public void Headlines_of_another_domain_agree_in_sign() => Assert.InRange(SignAgreement(LabelledTexts.CompanyHeadlines()), 0.60, 1);

    [Fact]
    public void Confidence_is_calibrated_over_the_train_sets()
    {
        var bins = new (double Confidence, double Correct)[10];
        var rows = LabelledTexts.Headlines().Concat(LabelledTexts.Tweets()).ToArray();
        foreach (var (text, label) in rows)
        {
            var score = Model.Score(text);
            ref var bin = ref bins[Math.Min(9, (int)(score.Confidence * 10))];
            bin = (bin.Confidence + score.Confidence, bin.Correct + (Class(score) == label ? 1 : 0));
        }

        // Expected calibration error, ten equal bins.
        Assert.InRange(bins.Sum(bin => Math.Abs(bin.Confidence - bin.Correct)) / rows.Length, 0, 0.03);
    }

    static void Evaluate(List<(string Text, int Label)> rows, double accuracy, double macroF1)
    {
        var counts = new double[3, 3];
        foreach (var (text, label) in rows)
            counts[label + 1, Class(Model.Score(text)) + 1]++;
        var (right, f1) = (0.0, 0.0);
        for (var k = 0; k < 3; k++)
        {
            right += counts[k, k];
            f1 += 2 * counts[k, k] / Enumerable.Range(0, 3).Sum(j => counts[k, j] + counts[j, k]) / 3;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"accuracy {right / rows.Count:F4}, macro F1 {f1:F4}");
        Assert.InRange(right / rows.Count, accuracy, 1);
        Assert.InRange(f1, macroF1, 1);
    }

    // Among texts with a clear score; a text the lexicon knows nothing of scores 0 and counts as disagreement.
    static double SignAgreement(List<(string Text, double Score)> rows)
    {
        var clear = rows.Where(row => Math.Abs(row.Score) >= 0.1).ToArray();
        var agreement = clear.Count(row => Math.Sign(Model.Score(row.Text).Score) == Math.Sign(row.Score)) / (double)clear.Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"sign agreement {agreement:F4} of {clear.Length}");
        return agreement;
    }

    static int Class(Bellwether.Sentiment.SentimentScore score) =>
        score.Neutral >= Math.Max(score.Positive, score.Negative) ? 0 : score.Positive >= score.Negative ? 1 : -1;
}
