using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Regression;

/// <summary>Which distribution the counts have about their mean.</summary>
public enum CountFamily
{
    /// <summary>Variance μ.</summary>
    Poisson,

    /// <summary>NB2: variance μ + αμ², α estimated.</summary>
    NegativeBinomial,
}

/// <summary>
/// Regression of counts with logarithmic link, ln μᵢ = oᵢ + xᵢβ, by Fisher scoring (iteratively reweighted least squares), with α of NB2 by
/// maximum likelihood in turn until both rest. McCullagh and Nelder, Generalized Linear Models (1989); Lawless, Canadian Journal of
/// Statistics 15 (1987). Optionally rows are weighted and coefficients drawn towards prior values by a quadratic penalty.
/// </summary>
public sealed partial class CountRegression
{
    const int MaxSteps = 60;
    const double MaxLogMean = 13;

    readonly DispersionFit _dispersion = new();
    double[] _means = [];
    double[] _information = [];
    double[] _score = [];
    double[] _trial = [];

    /// <summary>Estimates from a design of n rows and p columns.</summary>
    /// <param name="design">Row-major, n·p values; one column is usually the constant 1.</param>
    /// <param name="counts">n counts.</param>
    /// <param name="options">Family, offsets, weights, penalty, starting values.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or there are fewer rows than columns and no penalty.</exception>
    public CountRegressionFit Fit(ReadOnlySpan<double> design, ReadOnlySpan<int> counts, CountRegressionOptions options)
    {
        var n = counts.Length;
        var p = n == 0 ? 0 : design.Length / n;
        Require(design, n, p, options);
        Reserve(n, p);
        var beta = options.Start?.ToArray() ?? StartingPoint(design, counts, p, options);
        var alpha = options.Family == CountFamily.Poisson ? 0 : Math.Max(0, options.StartAlpha);
        var (alphaError, converged) = (double.NaN, false);
        var rounds = options.Family == CountFamily.Poisson ? 1 : 25;
        for (var round = 0; round < rounds && !converged; round++)
        {
            converged = FitMeans(design, counts, p, options, beta, alpha);
            if (options.Family == CountFamily.Poisson)
                break;
            var before = alpha;
            (alpha, alphaError, var arrived) = _dispersion.Fit(counts, _means.AsSpan(0, n), options.Weights, alpha);
            converged &= arrived && Math.Abs(alpha - before) <= options.Tolerance * (1 + alpha);
        }
        var likelihood = LogLikelihood(design, counts, p, options, beta, alpha);
        Accumulate(design, counts, p, options, beta, alpha);
        var errors = Cholesky.TryFactor(_information.AsSpan(0, p * p), p)
            ? Cholesky.StandardErrors(_information.AsSpan(0, p * p), p)
            : [.. Enumerable.Repeat(double.NaN, p)];
        return new(beta, errors, alpha, alphaError, likelihood, n, converged);
    }

    bool FitMeans(ReadOnlySpan<double> design, ReadOnlySpan<int> counts, int p, CountRegressionOptions options, double[] beta, double alpha)
    {
        var best = Objective(design, counts, p, options, beta, alpha);
        for (var step = 0; step < MaxSteps; step++)
        {
            Accumulate(design, counts, p, options, beta, alpha);
            var information = _information.AsSpan(0, p * p);
            var move = _score.AsSpan(0, p);
            if (!Cholesky.TryFactor(information, p))
                return false;
            Cholesky.Solve(information, p, move);
            var largest = 0.0;
            foreach (var m in move)
                largest = Math.Max(largest, Math.Abs(m));
            var factor = 1.0;
            var better = false;
            for (var half = 0; half < 30 && !better; half++, factor /= 2)
            {
                for (var j = 0; j < p; j++)
                    _trial[j] = beta[j] + factor * move[j];
                var value = Objective(design, counts, p, options, _trial.AsSpan(0, p), alpha);
                better = value >= best - 1e-12 * Math.Abs(best);
                if (better)
                    best = value;
            }
            if (!better)
                return largest < 1e-5;
            _trial.AsSpan(0, p).CopyTo(beta);
            if (largest <= options.Tolerance)
                return true;
        }
        return false;
    }

    // The penalised score in _score and information in _information; the means in _means.
    void Accumulate(
        ReadOnlySpan<double> design, ReadOnlySpan<int> counts, int p, CountRegressionOptions options, ReadOnlySpan<double> beta, double alpha)
    {
        var information = _information.AsSpan(0, p * p);
        var score = _score.AsSpan(0, p);
        information.Clear();
        score.Clear();
        for (var i = 0; i < counts.Length; i++)
        {
            var row = design.Slice(i * p, p);
            var mu = _means[i] = MeanOf(row, beta, options.Offsets.Length == 0 ? 0 : options.Offsets[i]);
            var weight = (options.Weights.Length == 0 ? 1 : options.Weights[i]) / (1 + alpha * mu);
            CountPmf.AddScaled(weight * (counts[i] - mu), row, score);
            for (var j = 0; j < p; j++)
                if (row[j] != 0)
                    CountPmf.AddScaled(weight * mu * row[j], row[..(j + 1)], information.Slice(j * p, j + 1));
        }
        for (var j = 0; j < options.Penalty.Length; j++)
        {
            score[j] -= options.Penalty[j] * (beta[j] - options.PriorOf(j));
            information[j * p + j] += options.Penalty[j];
        }
    }

    double Objective(
        ReadOnlySpan<double> design, ReadOnlySpan<int> counts, int p, CountRegressionOptions options, ReadOnlySpan<double> beta, double alpha)
    {
        var value = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            var mu = MeanOf(design.Slice(i * p, p), beta, options.Offsets.Length == 0 ? 0 : options.Offsets[i]);
            // Without the terms that β does not move.
            var kernel = counts[i] * Math.Log(mu) - (alpha == 0 ? mu : (counts[i] + 1 / alpha) * CountMath.Log1P(alpha * mu));
            value += options.Weights.Length == 0 ? kernel : options.Weights[i] * kernel;
        }
        for (var j = 0; j < options.Penalty.Length; j++)
            value -= options.Penalty[j] * (beta[j] - options.PriorOf(j)) * (beta[j] - options.PriorOf(j)) / 2;
        return value;
    }

    internal static double MeanOf(ReadOnlySpan<double> row, ReadOnlySpan<double> beta, double offset)
    {
        var eta = offset;
        for (var j = 0; j < row.Length; j++)
            eta += row[j] * beta[j];
        return Math.Exp(Math.Clamp(eta, -30, MaxLogMean));
    }
}
