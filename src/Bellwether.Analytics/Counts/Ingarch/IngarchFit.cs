using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Regression;

namespace Bellwether.Analytics.Counts.Ingarch;

/// <summary>
/// Maximum likelihood of INGARCH(1,1): Fisher scoring in (ln ω, ln a, ln b) with the derivatives of λ by their own recursion, and α of NB2 in
/// turn. Standard errors are those of the inverse conditional information.
/// </summary>
public sealed class IngarchFit
{
    const int Width = 3;
    const double LeastLog = -16;

    readonly double[] _means;
    readonly double[] _information = new double[Width * Width];
    readonly double[] _score = new double[Width];

    IngarchFit(int n) => _means = new double[n];

    public IngarchParameters Parameters { get; private set; }

    /// <summary>omega, a, b, and alpha for NB2, with their standard errors.</summary>
    public CountFit Summary { get; private set; } = CountFit.None;

    /// <param name="counts">At least 20 of them observed.</param>
    /// <param name="observed">False where the count is not known; empty means all observed.</param>
    /// <param name="baseline">s_t > 0, one for each bucket: season and slow level, on the scale of the counts.</param>
    public static IngarchFit Fit(
        ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed, ReadOnlySpan<double> baseline, CountFamily family)
    {
        if (baseline.Length != counts.Length || (!observed.IsEmpty && observed.Length != counts.Length))
            throw new ArgumentException($"{counts.Length} counts, {baseline.Length} baselines, {observed.Length} marks; expected one each.");
        var n = observed.IsEmpty ? counts.Length : observed.Count(true);
        if (n < 20)
            throw new ArgumentException($"{n} buckets are observed; expected 20 at least.", nameof(counts));
        var fit = new IngarchFit(counts.Length);
        fit.Run(counts, observed, baseline, family, n);
        return fit;
    }

    void Run(ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed, ReadOnlySpan<double> baseline, CountFamily family, int n)
    {
        double[] theta = [Math.Log(0.4), Math.Log(0.3), Math.Log(0.3)];
        double[] weights = [.. Enumerable.Range(0, counts.Length).Select(_ => 1.0)];
        for (var t = 0; t < observed.Length; t++)
            weights[t] = observed[t] ? 1 : 0;
        var dispersion = new DispersionFit();
        var (alpha, alphaError, converged) = (0.0, double.NaN, false);
        for (var round = 0; round < 40 && !converged; round++)
        {
            converged = FitMeans(counts, weights, baseline, theta, alpha);
            if (family == CountFamily.Poisson)
                break;
            var before = alpha;
            (alpha, alphaError, var arrived) = dispersion.Fit(counts, _means, weights, alpha);
            converged &= arrived && Math.Abs(alpha - before) <= 1e-7 * (1 + alpha);
        }
        var likelihood = Evaluate(counts, weights, baseline, theta, alpha);
        var errors = Cholesky.TryFactor(_information, Width) ? Cholesky.StandardErrors(_information, Width) : [double.NaN, double.NaN, double.NaN];
        Parameters = new(Math.Exp(theta[0]), Math.Exp(theta[1]), Math.Exp(theta[2]), alpha);
        for (var t = 0; t < counts.Length; t++)
            likelihood += weights[t] * (CountMath.LogPmf(counts[t], _means[t], alpha) - Kernel(counts[t], _means[t], alpha));
        Summary = new([
            Parameter("omega", 0), Parameter("a", 1), Parameter("b", 2),
            .. family == CountFamily.Poisson ? [] : (CountParameter[])[new("alpha", alpha, alphaError)]], likelihood, n, converged);

        // The error of a logarithm times the value is that of the value.
        CountParameter Parameter(string name, int i) => new(name, Math.Exp(theta[i]), theta[i] > LeastLog ? Math.Exp(theta[i]) * errors[i] : double.NaN);
    }

    bool FitMeans(ReadOnlySpan<int> counts, double[] weights, ReadOnlySpan<double> baseline, double[] theta, double alpha)
    {
        var best = Evaluate(counts, weights, baseline, theta, alpha);
        Span<double> trial = stackalloc double[Width];
        Span<double> move = stackalloc double[Width];
        for (var step = 0; step < 100; step++)
        {
            // A parameter at 0 has no information in its logarithm; a little more on the diagonal keeps the step finite.
            for (var i = 0; i < Width; i++)
                _information[i * Width + i] += 1e-9 * (1 + _information[i * Width + i]);
            if (!Cholesky.TryFactor(_information, Width))
                return false;
            _score.CopyTo(move);
            Cholesky.Solve(_information, Width, move);
            var (better, largest) = (false, 0.0);
            for (var factor = 1.0; factor > 1e-6 && !better; factor /= 2)
            {
                largest = 0;
                for (var i = 0; i < Width; i++)
                {
                    trial[i] = Math.Max(LeastLog, theta[i] + factor * Math.Clamp(move[i], -2, 2));
                    largest = Math.Max(largest, Math.Abs(trial[i] - theta[i]));
                }
                if (Math.Exp(trial[1]) + Math.Exp(trial[2]) >= 0.9999)
                    continue;
                var value = Evaluate(counts, weights, baseline, trial, alpha);
                better = value >= best - 1e-12 * Math.Abs(best);
                if (better)
                    best = value;
            }
            if (!better)
            {
                Evaluate(counts, weights, baseline, theta, alpha);
                return largest < 1e-4;
            }
            trial.CopyTo(theta);
            if (largest < 1e-8)
                return true;
        }
        return false;
    }

    // The log-likelihood up to terms without λ; leaves means, score and information behind.
    double Evaluate(ReadOnlySpan<int> counts, ReadOnlySpan<double> weights, ReadOnlySpan<double> baseline, ReadOnlySpan<double> theta, double alpha)
    {
        var (omega, a, b) = (Math.Exp(theta[0]), Math.Exp(theta[1]), Math.Exp(theta[2]));
        Array.Clear(_score);
        Array.Clear(_information);
        double value = 0, mean = baseline[0], d0 = 0, d1 = 0, d2 = 0;
        for (var t = 0; t < counts.Length; t++)
        {
            _means[t] = mean;
            var weight = weights[t];
            if (weight > 0)
            {
                value += Kernel(counts[t], mean, alpha);
                var precision = 1 / (mean * (1 + alpha * mean));
                var residual = (counts[t] - mean) * precision;
                _score[0] += residual * d0;
                _score[1] += residual * d1;
                _score[2] += residual * d2;
                _information[0] += precision * d0 * d0;
                _information[3] += precision * d1 * d0;
                _information[4] += precision * d1 * d1;
                _information[6] += precision * d2 * d0;
                _information[7] += precision * d2 * d1;
                _information[8] += precision * d2 * d2;
            }
            if (t + 1 == counts.Length)
                break;
            // Where the count is unknown its mean stands for it, and then the derivatives pass through it as well.
            var carried = weight > 0 ? b : a + b;
            var count = weight > 0 ? counts[t] : mean;
            d0 = omega * baseline[t + 1] + carried * d0;
            d1 = a * count + carried * d1;
            d2 = b * mean + carried * d2;
            mean = omega * baseline[t + 1] + a * count + b * mean;
        }
        return value;
    }

    static double Kernel(int count, double mean, double alpha) =>
        count * Math.Log(mean) - (alpha == 0 ? mean : (count + 1 / alpha) * CountMath.Log1P(alpha * mean));
}
