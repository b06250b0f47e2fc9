using Bellwether.Analytics.Counts.Regression;

namespace Bellwether.Analytics.Counts.Hawkes;

/// <summary>Maximum likelihood by Newton's method in the logarithms of all parameters, with the exact Hessian, damped while it is not a maximum's.</summary>
public static class HawkesFit
{
    const int Width = HawkesLikelihood.Width;
    const double LeastLog = -25;

    // Closer to 1 a finite sample cannot tell the process from one that explodes.
    const double MostBranching = 0.999;

    /// <param name="data">20 events at least.</param>
    /// <param name="summary">baseline_00 …, alpha, beta and branching with standard errors from the inverse observed information.</param>
    public static HawkesParameters Fit(HawkesData data, out CountFit summary)
    {
        if (data.Count < 20)
            throw new ArgumentException($"There are {data.Count} events; expected 20 at least.", nameof(data));
        var likelihood = new HawkesLikelihood(data);
        var theta = Start(data);
        var best = Evaluate(likelihood, theta);
        var (gradient, information) = (new double[Width], new double[Width * Width]);
        var (damping, converged) = (1e-3, false);
        Span<double> trial = stackalloc double[Width];
        for (var step = 0; step < 200 && !converged; step++)
        {
            LogScale(likelihood, theta, gradient, information);
            var move = (double[])gradient.Clone();
            var factor = (double[])information.Clone();
            for (var i = 0; i < Width; i++)
                factor[i * Width + i] += damping * (1 + Math.Abs(factor[i * Width + i])) + 1e-9;
            if (!Cholesky.TryFactor(factor, Width))
            {
                damping = Math.Max(damping * 8, 1e-3);
                continue;
            }
            Cholesky.Solve(factor, Width, move);
            var decrement = 0.0;
            for (var i = 0; i < Width; i++)
            {
                decrement += move[i] * gradient[i];
                trial[i] = Math.Max(LeastLog, theta[i] + Math.Clamp(move[i], -2, 2));
            }
            var allowed = trial[HawkesLikelihood.AlphaAt] - trial[HawkesLikelihood.BetaAt] < Math.Log(MostBranching);
            var value = allowed ? Evaluate(likelihood, trial) : double.NegativeInfinity;
            if (value >= best - 1e-11 * Math.Abs(best))
            {
                trial.CopyTo(theta);
                best = value;
                converged = Math.Abs(decrement) < 1e-7;
                damping = damping < 1e-8 ? 0 : damping / 8;
            }
            else
            {
                // The data are to be evaluated where θ is, not where the step would have gone.
                Evaluate(likelihood, theta);
                damping = Math.Max(damping * 8, 1e-6);
                if (damping > 1e12)
                    break;
            }
        }
        LogScale(likelihood, theta, gradient, information);
        summary = Summarise(theta, information, best, data.Count, converged);
        return ToParameters(theta);
    }

    static double[] Start(HawkesData data)
    {
        var counts = new double[HawkesParameters.Phases];
        foreach (var t in data.Times)
            counts[data.PhaseOf((int)t)]++;
        var theta = new double[Width];
        for (var phase = 0; phase < HawkesParameters.Phases; phase++)
            theta[phase] = Math.Log(0.5 * (counts[phase] + 0.1) / Math.Max(1e-9, data.Exposure[phase]));
        // Half of the events for children, within half an hour.
        theta[HawkesLikelihood.AlphaAt] = 0;
        theta[HawkesLikelihood.BetaAt] = Math.Log(2);
        return theta;
    }

    static double Evaluate(HawkesLikelihood likelihood, ReadOnlySpan<double> theta)
    {
        Span<double> baseline = stackalloc double[HawkesParameters.Phases];
        for (var phase = 0; phase < baseline.Length; phase++)
            baseline[phase] = Math.Exp(theta[phase]);
        return likelihood.Evaluate(baseline, Math.Exp(theta[HawkesLikelihood.AlphaAt]), Math.Exp(theta[HawkesLikelihood.BetaAt]));
    }

    // Gradient and negative Hessian in θ = ln p from those in p: ∂θ = p·∂p, ∂²θ = p pᵀ∘∂²p + diag(p·∂p).
    static void LogScale(HawkesLikelihood likelihood, ReadOnlySpan<double> theta, Span<double> gradient, Span<double> information)
    {
        information.Clear();
        for (var i = 0; i < Width; i++)
        {
            gradient[i] = Math.Exp(theta[i]) * likelihood.Gradient[i];
            for (var j = 0; j <= i; j++)
                information[i * Width + j] = -Math.Exp(theta[i] + theta[j]) * likelihood.Hessian[i * Width + j];
            information[i * Width + i] -= gradient[i];
        }
    }

    static CountFit Summarise(double[] theta, double[] information, double best, int events, bool converged)
    {
        // What rests at its floor has no information and no error of its own; the others keep theirs.
        for (var i = 0; i < Width; i++)
            if (information[i * Width + i] < 1e-8)
                information[i * Width + i] = 1e-8;
        var known = Cholesky.TryFactor(information, Width);
        var errors = known ? Cholesky.StandardErrors(information, Width) : [.. Enumerable.Repeat(double.NaN, Width)];
        List<CountParameter> parameters = [];
        for (var i = 0; i < Width; i++)
            parameters.Add(new(
                i == HawkesLikelihood.AlphaAt ? "alpha" : i == HawkesLikelihood.BetaAt ? "beta" : $"baseline_{i:00}",
                Math.Exp(theta[i]), theta[i] > LeastLog && errors[i] < 1e3 ? Math.Exp(theta[i]) * errors[i] : double.NaN));
        var difference = new double[Width];
        (difference[HawkesLikelihood.AlphaAt], difference[HawkesLikelihood.BetaAt]) = (1, -1);
        if (known)
            Cholesky.Solve(information, Width, difference);
        var branching = Math.Exp(theta[HawkesLikelihood.AlphaAt] - theta[HawkesLikelihood.BetaAt]);
        var variance = difference[HawkesLikelihood.AlphaAt] - difference[HawkesLikelihood.BetaAt];
        parameters.Add(new("branching", branching, known ? branching * Math.Sqrt(Math.Max(0, variance)) : double.NaN));
        return new(parameters, best, events, converged);
    }

    static HawkesParameters ToParameters(double[] theta) => new(
        [.. theta.Take(HawkesParameters.Phases).Select(Math.Exp)],
        Math.Exp(theta[HawkesLikelihood.AlphaAt]), Math.Exp(theta[HawkesLikelihood.BetaAt]));
}
