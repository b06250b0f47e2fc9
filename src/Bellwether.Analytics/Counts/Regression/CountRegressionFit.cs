namespace Bellwether.Analytics.Counts.Regression;

/// <summary>Settings of a regression; empty arrays stand for none.</summary>
public sealed record CountRegressionOptions
{
    public CountFamily Family { get; init; } = CountFamily.NegativeBinomial;

    /// <summary>Known parts oᵢ of ln μᵢ, one for each row.</summary>
    public double[] Offsets { get; init; } = [];

    /// <summary>How often each row counts, at least 0.</summary>
    public double[] Weights { get; init; } = [];

    /// <summary>Strength λⱼ ≥ 0 of the penalty λⱼ(βⱼ − priorⱼ)²/2 that is taken from the log-likelihood, one for each column.</summary>
    public double[] Penalty { get; init; } = [];

    /// <summary>What the penalty draws coefficients to; 0 by default.</summary>
    public double[] Prior { get; init; } = [];

    /// <summary>Coefficients to start from; without them a least-squares fit of ln(y + ½).</summary>
    public double[]? Start { get; init; }

    public double StartAlpha { get; init; }

    /// <summary>Largest change of a coefficient, and of α relative to 1 + α, that counts as having arrived.</summary>
    public double Tolerance { get; init; } = 1e-8;

    internal double PriorOf(int column) => Prior.Length == 0 ? 0 : Prior[column];
}

/// <summary>Result of a regression.</summary>
/// <param name="Coefficients">β, in the order of the columns.</param>
/// <param name="StandardErrors">From the inverse expected information; NaN when that is singular.</param>
/// <param name="Alpha">Dispersion; 0 for Poisson, or where the counts are no more dispersed than Poisson.</param>
/// <param name="AlphaStandardError">From the observed information; NaN when α is 0. β and α are uncorrelated in large samples.</param>
/// <param name="LogLikelihood">Of the counts, without the penalty; weighted when rows are.</param>
public sealed record CountRegressionFit(
    double[] Coefficients, double[] StandardErrors, double Alpha, double AlphaStandardError, double LogLikelihood, int Rows, bool Converged);
