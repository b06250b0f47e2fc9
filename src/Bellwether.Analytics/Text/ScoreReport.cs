namespace Bellwether.Analytics.Text;

/// <summary>
/// How well scores from −1 to 1 are predicted: mean absolute error, root mean squared error, Pearson's correlation (null where either side does
/// not vary), and the share of rows with a clear true score, |score| ≥ <see cref="Clear"/>, whose predicted sign is the same; a predicted 0 disagrees.
/// </summary>
/// <param name="SignRows">Rows with a clear score.</param>
public sealed record ScoreReport(int Rows, double Mae, double Rmse, double? Correlation, double? SignAgreement, int SignRows)
{
    public const double Clear = 0.1;

    /// <exception cref="ArgumentException">There are no rows, or not one true score for each.</exception>
    public static ScoreReport Of(IReadOnlyList<double> predicted, IReadOnlyList<double> actual)
    {
        var n = actual.Count;
        if (n == 0 || n != predicted.Count) throw new ArgumentException($"{predicted.Count} predictions and {n} scores", nameof(actual));
        var (meanP, meanA) = (predicted.Average(), actual.Average());
        double absolute = 0, squared = 0, cross = 0, varianceP = 0, varianceA = 0;
        var (clear, agree) = (0, 0);
        for (var i = 0; i < n; i++)
        {
            var (p, a) = (predicted[i], actual[i]);
            absolute += Math.Abs(p - a);
            squared += (p - a) * (p - a);
            cross += (p - meanP) * (a - meanA);
            varianceP += (p - meanP) * (p - meanP);
            varianceA += (a - meanA) * (a - meanA);
            if (Math.Abs(a) < Clear) continue;
            clear++;
            if (Math.Sign(p) == Math.Sign(a)) agree++;
        }
        return new(n, absolute / n, Math.Sqrt(squared / n), varianceP > 0 && varianceA > 0 ? cross / Math.Sqrt(varianceP * varianceA) : null,
            clear > 0 ? agree / (double)clear : null, clear);
    }
}
