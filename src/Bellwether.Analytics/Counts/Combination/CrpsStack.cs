using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Combination;

/// <summary>
/// Weights of a linear pool that would have had the least CRPS. The CRPS of a pool is a quadratic form of its weights,
/// Σ_k (Σᵢ wᵢFᵢ(k) − 1{k ≥ y})² = wᵀGw with G_ij = Σ_k (Fᵢ(k) − 1{k ≥ y})(F_j(k) − 1{k ≥ y}), because the weights sum to 1. So the past is one
/// matrix, discounted as it ages, and the weights are its minimum over the simplex.
/// </summary>
public sealed class CrpsStack
{
    readonly int _n;
    readonly double _ridge;
    readonly double[] _gram;
    readonly double[] _errors;

    /// <param name="experts">How many distributions are pooled, at least 1.</param>
    /// <param name="ridge">
    /// Penalty ridge·(mean CRPS)·experts·Σ(wᵢ − 1/n)², at least 0: what is told apart by luck only is weighted alike.
    /// </param>
    public CrpsStack(int experts, double ridge)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        if (!(ridge >= 0 && double.IsFinite(ridge)))
            throw new ArgumentOutOfRangeException(nameof(ridge), ridge, "The penalty is a finite number of at least 0.");
        (_n, _ridge, _gram, _errors) = (experts, ridge, new double[experts * experts], new double[experts]);
    }

    /// <summary>Outcomes taken in, each by the weight it has left.</summary>
    public double Weight { get; private set; }

    /// <summary>Mean CRPS of each expert so far, discounted; NaN before the first outcome.</summary>
    public double MeanCrps(int expert) => _gram[expert * _n + expert] / Weight;

    public void Forget(double keep)
    {
        for (var i = 0; i < _gram.Length; i++)
            _gram[i] *= keep;
        Weight *= keep;
    }

    /// <summary>Takes in an outcome and what each expert had said.</summary>
    public void Add(ReadOnlySpan<CountDistribution> forecasts, int actual)
    {
        if (forecasts.Length != _n)
            throw new ArgumentException($"{forecasts.Length} forecasts; expected {_n}.", nameof(forecasts));
        var (first, last) = (actual, actual);
        foreach (var forecast in forecasts)
            (first, last) = (Math.Min(first, forecast.Table.First), Math.Max(last, forecast.Table.Last));
        for (var k = first; k < last; k++)
        {
            var came = k >= actual ? 1 : 0;
            for (var i = 0; i < _n; i++)
                _errors[i] = forecasts[i].Table.Cdf(k) - came;
            for (var i = 0; i < _n; i++)
                if (_errors[i] != 0)
                    CountPmf.AddScaled(_errors[i], _errors.AsSpan(0, i + 1), _gram.AsSpan(i * _n, i + 1));
        }
        Weight++;
    }

    /// <summary>The weights now; all alike before the first outcome.</summary>
    public double[] Weights()
    {
        var weights = new double[_n];
        Array.Fill(weights, 1.0 / _n);
        if (Weight == 0)
            return weights;
        var full = new double[_n * _n];
        var trace = 0.0;
        for (var i = 0; i < _n; i++)
            trace += _gram[i * _n + i] / Weight;
        for (var i = 0; i < _n; i++)
            for (var j = 0; j < _n; j++)
                full[i * _n + j] = _gram[Math.Max(i, j) * _n + Math.Min(i, j)] / Weight + (i == j ? _ridge * trace : 0);
        // The prior's linear term is the same for all weights and falls away on the simplex.
        Descend(full, weights);
        return weights;
    }

    // Exact steps between two weights at a time, from the one that hurts most to the one that helps most.
    void Descend(double[] gram, double[] weights)
    {
        var gradient = new double[_n];
        for (var i = 0; i < _n; i++)
            for (var j = 0; j < _n; j++)
                gradient[i] += gram[i * _n + j] * weights[j];
        for (var step = 0; step < 2000; step++)
        {
            var (worst, best) = (-1, 0);
            for (var i = 0; i < _n; i++)
            {
                if (weights[i] > 0 && (worst < 0 || gradient[i] > gradient[worst]))
                    worst = i;
                if (gradient[i] < gradient[best])
                    best = i;
            }
            var gap = gradient[worst] - gradient[best];
            if (gap <= 1e-10 * Math.Abs(gradient[worst]))
                return;
            var curvature = gram[worst * _n + worst] + gram[best * _n + best] - 2 * gram[worst * _n + best];
            var move = curvature > 0 ? Math.Min(weights[worst], gap / curvature) : weights[worst];
            weights[worst] = move == weights[worst] ? 0 : weights[worst] - move;
            weights[best] += move;
            for (var i = 0; i < _n; i++)
                gradient[i] += move * (gram[i * _n + best] - gram[i * _n + worst]);
        }
    }
}
