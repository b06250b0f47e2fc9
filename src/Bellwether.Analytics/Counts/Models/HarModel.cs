using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Regression;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// Heterogeneous autoregression of counts: an NB2 regression of the window's total on levels over several spans, after Corsi, Journal of
/// Financial Econometrics 7 (2009). Each forecast window has its own regression, over the same window of the days before: their totals
/// against what was known at the same distance before them.
/// </summary>
/// <remarks>
/// ln μ = ln d + β₀ + ln L₄₀ + β₁ ln(L₁₂/L₄₀) + β₂ ln(L₄/L₁₂) + β₃ ln(L₁/L₄) + β₄ ln(S₁₀/S₄₀) + Σ β ln(A_s) + weekday, where L_h is the
/// exponentially weighted count a day (half-life h days), d the days' worth of posts in the window by the profile of the day, S_h the
/// exponentially weighted total of the window itself relative to L_h, and A_s the count of the last s hours relative to what level and
/// profile gave reason to expect. Rows count half for every <see cref="HarOptions.RowHalfLifeDays"/>; a quadratic penalty draws the
/// coefficients to the priors (1, 0.6, 0.2, 0.7, 0, 0), the more so the fewer rows there are.
/// </remarks>
public sealed class HarModel : ICountModel
{
    readonly HarOptions _options;

    public HarModel(HarOptions? options = null, string name = "har")
    {
        _options = options ?? new();
        if (!(_options.RowHalfLifeDays is >= 5 and <= 5000 && _options.Days is >= 30 and <= 5000 && _options.Penalty is > 0 and <= 1e6))
            throw new ArgumentException(
                $"{_options}: half-life and days are at most 5000, at least 5 and 30; the penalty is above 0, at most 1e6.", nameof(options));
        Name = name;
    }

    public string Name { get; }

    public IFittedCountModel Fit(CountHistory history, int origin) => new Fitted(_options);

    // Nothing is kept from the fit: the regressions belong to the windows that are asked for, and follow the origin.
    sealed class Fitted(HarOptions options) : IFittedCountModel
    {
        public CountFit Summary => CountFit.None;

        public ICountForecast At(CountHistory history, int origin)
        {
            AnalogWindows.RequireOrigin(history, origin);
            return new HarForecast(options, history, origin);
        }
    }
}

/// <summary>Settings of <see cref="HarModel"/>.</summary>
public sealed record HarOptions
{
    /// <summary>Rows older than this many days are left out.</summary>
    public int Days { get; init; } = 540;

    /// <summary>How fast rows lose weight, in days.</summary>
    public double RowHalfLifeDays { get; init; } = 180;

    /// <summary>Strength of the penalty on the coefficients, in units of their information.</summary>
    public double Penalty { get; init; } = 10;

    public CountFamily Family { get; init; } = CountFamily.NegativeBinomial;
}
