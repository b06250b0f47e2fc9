using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Regression;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// Generalised linear model of single buckets with logarithmic link, Poisson or NB2: ln μ = xβ with the hour of the day, the weekday, rolling
/// means and deviations, lags, outside events, and the last hours' activity fading with the lead (<see cref="GlmFeatures"/>). Rows are the buckets of the
/// day after each of the last origins, one a day, so that the coefficients are those of forecasting and not of hindsight.
/// </summary>
/// <remarks>
/// The mean of a window is the sum of its buckets' means. Poisson takes the buckets for independent. NB2 takes α of the regression for one
/// bucket, and for a longer window the α by moments of the same windows of the past.
/// </remarks>
public sealed class GlmModel(CountFamily family, int days = 365) : ICountModel
{
    // The weakest prior that keeps a constant column or an hour without any post estimable: a hundredth of an average row.
    const double Penalty = 0.01;
    const int FewestDays = 30;

    public string Name => family == CountFamily.Poisson ? "poisson-glm" : "nb-glm";

    public IFittedCountModel Fit(CountHistory history, int origin)
    {
        AnalogWindows.RequireOrigin(history, origin);
        var perDay = history.BucketsPerDay;
        var p = GlmFeatures.Width(history);
        var used = Math.Min(days, origin / perDay - 1);
        if (used < FewestDays)
            return new Fallback();
        var design = new double[used * perDay * p];
        var counts = new int[used * perDay];
        var rows = 0;
        for (var age = 1; age <= used; age++)
        {
            var at = origin - age * perDay;
            var features = new GlmFeatures(history, at);
            for (var bucket = at; bucket < at + perDay; bucket++)
            {
                if (!history.IsObserved(bucket))
                    continue;
                features.Row(bucket, design.AsSpan(rows * p, p));
                counts[rows++] = history.Counts[bucket];
            }
        }
        if (rows < FewestDays)
            return new Fallback();
        var penalty = new double[p];
        Array.Fill(penalty, Penalty);
        var fit = new CountRegression().Fit(design.AsSpan(0, rows * p), counts.AsSpan(0, rows),
            new() { Family = family, Penalty = penalty, Tolerance = 1e-6 });
        return new FittedGlm(family, fit, history, origin, used);
    }

    sealed class Fallback : IFittedCountModel
    {
        public CountFit Summary => CountFit.None;

        public ICountForecast At(CountHistory history, int origin) => EwWindowModel.Reference.Fit(history, origin).At(history, origin);
    }
}
