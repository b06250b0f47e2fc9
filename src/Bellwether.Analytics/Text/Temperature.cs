namespace Bellwether.Analytics.Text;

/// <summary>Temperature scaling (Guo et al. 2017): one number by which log-odds are divided, so that probabilities mean what they say.</summary>
public static class Temperature
{
    const double Least = 0.05;
    const double Most = 20;

    /// <summary>
    /// The temperature of the least log-loss over held-out rows, by golden section over its logarithm; the loss has one minimum in 1/T.
    /// </summary>
    /// <param name="logits">Three log-odds for each row.</param>
    /// <exception cref="ArgumentException">There are no rows, or not three log-odds for each.</exception>
    public static double Fit(IReadOnlyList<double[]> logits, IReadOnlyList<byte> labels)
    {
        if (logits.Count == 0 || logits.Count != labels.Count) throw new ArgumentException($"{logits.Count} rows of log-odds and {labels.Count} labels", nameof(logits));
        var (low, high) = (Math.Log(Least), Math.Log(Most));
        var ratio = (Math.Sqrt(5) - 1) / 2;
        var (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        var (atA, atB) = (Loss(a), Loss(b));
        while (high - low > 1e-5)
            if (atA < atB)
            {
                (high, b, atB) = (b, a, atA);
                atA = Loss(a = high - ratio * (high - low));
            }
            else
            {
                (low, a, atA) = (a, b, atB);
                atB = Loss(b = low + ratio * (high - low));
            }
        return Math.Exp((low + high) / 2);

        double Loss(double log)
        {
            var (scale, loss) = (Math.Exp(-log), 0.0);
            for (var i = 0; i < logits.Count; i++)
            {
                var row = logits[i];
                var most = Math.Max(row[0], Math.Max(row[1], row[2]));
                var sum = Math.Exp((row[0] - most) * scale) + Math.Exp((row[1] - most) * scale) + Math.Exp((row[2] - most) * scale);
                loss += Math.Log(sum) - (row[labels[i]] - most) * scale;
            }
            return loss;
        }
    }
}
