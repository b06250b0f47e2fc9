using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Regression;

public sealed partial class CountRegression
{
    // Weighted least squares on ln(y + ½): near enough that scoring needs few steps, and never outside.
    double[] StartingPoint(ReadOnlySpan<double> design, ReadOnlySpan<int> counts, int p, CountRegressionOptions options)
    {
        var information = _information.AsSpan(0, p * p);
        var score = _score.AsSpan(0, p);
        information.Clear();
        score.Clear();
        for (var i = 0; i < counts.Length; i++)
        {
            var row = design.Slice(i * p, p);
            var weight = options.Weights.Length == 0 ? 1 : options.Weights[i];
            var target = Math.Log(counts[i] + 0.5) - (options.Offsets.Length == 0 ? 0 : options.Offsets[i]);
            CountPmf.AddScaled(weight * target, row, score);
            for (var j = 0; j < p; j++)
                CountPmf.AddScaled(weight * row[j], row[..(j + 1)], information.Slice(j * p, j + 1));
        }
        for (var j = 0; j < p; j++)
        {
            var penalty = options.Penalty.Length == 0 ? 1e-9 : options.Penalty[j] + 1e-9;
            score[j] += penalty * options.PriorOf(j);
            information[j * p + j] += penalty;
        }
        if (!Cholesky.TryFactor(information, p))
            return [.. Enumerable.Range(0, p).Select(options.PriorOf)];
        Cholesky.Solve(information, p, score);
        return score.ToArray();
    }

    double LogLikelihood(
        ReadOnlySpan<double> design, ReadOnlySpan<int> counts, int p, CountRegressionOptions options, ReadOnlySpan<double> beta, double alpha)
    {
        var sum = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            var mu = MeanOf(design.Slice(i * p, p), beta, options.Offsets.Length == 0 ? 0 : options.Offsets[i]);
            sum += (options.Weights.Length == 0 ? 1 : options.Weights[i]) * CountMath.LogPmf(counts[i], mu, alpha);
        }
        return sum;
    }

    void Reserve(int n, int p)
    {
        if (_means.Length < n)
            _means = new double[n];
        if (_score.Length < p)
            (_information, _score, _trial) = (new double[p * p], new double[p], new double[p]);
    }

    static void Require(ReadOnlySpan<double> design, int n, int p, CountRegressionOptions options)
    {
        if (n == 0 || p == 0 || design.Length != n * p)
            throw new ArgumentException($"A design of {design.Length} values does not fit {n} counts; expected n·p with p ≥ 1.", nameof(design));
        if (n < p && options.Penalty.Length == 0)
            throw new ArgumentException($"{n} rows cannot tell {p} coefficients apart; give more rows or a penalty.", nameof(design));
        Fits(options.Offsets.Length, n, nameof(options.Offsets));
        Fits(options.Weights.Length, n, nameof(options.Weights));
        Fits(options.Penalty.Length, p, nameof(options.Penalty));
        Fits(options.Prior.Length, p, nameof(options.Prior));
        Fits(options.Start?.Length ?? 0, p, nameof(options.Start));

        static void Fits(int length, int expected, string name)
        {
            if (length != 0 && length != expected)
                throw new ArgumentException($"{name} has {length} values; expected {expected}, or none.", nameof(options));
        }
    }
}
