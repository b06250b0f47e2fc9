using Bellwether.Analytics.Counts.Distributions;

namespace Bellwether.Analytics.Counts.Combination;

/// <summary>
/// Weights by rolling log score, wᵢ ∝ exp(Σ discounted ln Pᵢ(y)): Bayesian model averaging that forgets (Raftery, Kárný and Ettler,
/// Technometrics 52, 2010).
/// </summary>
public sealed class LogScorePool
{
    // No single surprise decides more than this against an expert.
    const double LeastLog = -15;

    readonly double[] _sums;

    public LogScorePool(int experts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        _sums = new double[experts];
    }

    public void Forget(double keep)
    {
        for (var i = 0; i < _sums.Length; i++)
            _sums[i] *= keep;
    }

    /// <param name="share">How much the outcome counts: below 1 where several outcomes say much the same.</param>
    public void Add(ReadOnlySpan<CountDistribution> forecasts, int actual, double share = 1)
    {
        if (forecasts.Length != _sums.Length)
            throw new ArgumentException($"{forecasts.Length} forecasts; expected {_sums.Length}.", nameof(forecasts));
        for (var i = 0; i < _sums.Length; i++)
            _sums[i] += share * Math.Max(LeastLog, forecasts[i].LogPmf(actual));
    }

    /// <summary>The weights now; all alike before the first outcome.</summary>
    public double[] Weights()
    {
        var most = _sums.Max();
        var weights = Array.ConvertAll(_sums, sum => Math.Exp(sum - most));
        var total = weights.Sum();
        return Array.ConvertAll(weights, weight => weight / total);
    }
}
