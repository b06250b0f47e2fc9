using Bellwether.Analytics.Text;

namespace Bellwether.Sentiment.Classifier;

/// <summary>Rows with the log-odds that models gave which had not seen them; rows of a fold below 0 have none.</summary>
sealed class HeldOutRows(FeatureRows rows, IReadOnlyList<int> folds, double[][] logits, int count)
{
    /// <summary>The temperature that fits them all.</summary>
    public double Temperature() => Fit(Enumerable.Range(0, logits.Length).Where(r => folds[r] >= 0));

    /// <summary>Probabilities of all rows with a fold, in their order, by the temperature of the other folds.</summary>
    public IReadOnlyList<SentimentScore> Scores()
    {
        var temperatures = Enumerable.Range(0, count).Select(f => Fit(Enumerable.Range(0, logits.Length).Where(r => folds[r] >= 0 && folds[r] != f))).ToArray();
        return [.. Enumerable.Range(0, logits.Length).Where(r => folds[r] >= 0).Select(r => ScoreOf(logits[r], temperatures[folds[r]]))];
    }

    /// <summary>How good the rows of a range were found; null where it is empty.</summary>
    public ClassReport? Report(Range range, double temperature)
    {
        var (start, length) = range.GetOffsetAndLength(logits.Length);
        if (length == 0) return null;
        var rowsOf = Enumerable.Range(start, length);
        return ClassReport.Of(
            [.. rowsOf.Select(r => ScoreOf(logits[r], temperature)).Select(s => new[] { s.Negative, s.Neutral, s.Positive })],
            [.. rowsOf.Select(r => (int)rows.Label(r))]);
    }

    double Fit(IEnumerable<int> which)
    {
        int[] chosen = [.. which];
        return Bellwether.Analytics.Text.Temperature.Fit([.. chosen.Select(r => logits[r])], [.. chosen.Select(rows.Label)]);
    }

    static SentimentScore ScoreOf(double[] logits, double temperature)
    {
        var most = logits.Max();
        var (negative, neutral, positive) = (Math.Exp((logits[0] - most) / temperature), Math.Exp((logits[1] - most) / temperature), Math.Exp((logits[2] - most) / temperature));
        return new(positive / (negative + neutral + positive), negative / (negative + neutral + positive));
    }
}
