using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Regression;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>A regression with the paths of means that it would have forecast on the last days, from which windows get their dispersion.</summary>
sealed class FittedGlm : IFittedCountModel
{
    const int PathDays = 7;
    const int Replays = 150;

    readonly CountFamily _family;
    readonly CountRegressionFit _fit;
    readonly MeanPath[] _past;

    public FittedGlm(CountFamily family, CountRegressionFit fit, CountHistory history, int origin, int days)
    {
        (_family, _fit) = (family, fit);
        var perDay = history.BucketsPerDay;
        Summary = new(
            [.. GlmFeatures.Names(history).Select((name, i) => new CountParameter(name, fit.Coefficients[i], fit.StandardErrors[i])),
                .. family == CountFamily.Poisson ? [] : (CountParameter[])[new("alpha", fit.Alpha, fit.AlphaStandardError)]],
            fit.LogLikelihood, fit.Rows, fit.Converged);
        _past = family == CountFamily.Poisson
            ? []
            : [.. Enumerable.Range(1, Math.Min(Replays, days)).Select(age => Path(history, origin - age * perDay, PathDays * perDay))];
    }

    public CountFit Summary { get; }

    public ICountForecast At(CountHistory history, int origin)
    {
        AnalogWindows.RequireOrigin(history, origin);
        return new Forecast(this, history, origin);
    }

    MeanPath Path(CountHistory history, int origin, int buckets)
    {
        var features = new GlmFeatures(history, origin);
        var before = new double[buckets + 1];
        Span<double> row = stackalloc double[GlmFeatures.Width(history)];
        for (var lead = 0; lead < buckets; lead++)
        {
            features.Row(origin + lead, row);
            before[lead + 1] = before[lead] + CountRegression.MeanOf(row, _fit.Coefficients, 0);
        }
        return new(origin, before);
    }

    // Moments over the same stretch of the past paths, those that were over when the parameters were estimated.
    double Dispersion(CountHistory history, int fromLead, int toLead)
    {
        var cut = Math.Min(toLead, PathDays * history.BucketsPerDay);
        fromLead = Math.Min(fromLead, cut - 1);
        double excess = 0, squares = 0;
        var newest = _past.Length > 0 ? _past[0].Origin + history.BucketsPerDay : 0;
        foreach (var path in _past)
        {
            if (path.Origin + cut > newest || !history.TryTotal(path.Origin + fromLead, path.Origin + cut, out var total))
                continue;
            var mean = path.Mean(fromLead, cut);
            excess += (total - mean) * (total - mean) - mean;
            squares += mean * mean;
        }
        return squares > 0 ? Math.Clamp(excess / squares, 0, 20) : _fit.Alpha;
    }

    readonly record struct MeanPath(int Origin, double[] Before)
    {
        public double Mean(int fromLead, int toLead) => Before[toLead] - Before[fromLead];
    }

    sealed class Forecast(FittedGlm fitted, CountHistory history, int origin) : ICountForecast
    {
        MeanPath _path = new(origin, [0]);

        public int Origin => origin;

        public CountDistribution Total(int from, int to)
        {
            AnalogWindows.Require(origin, from, to);
            var (first, last) = (from - origin, to - origin);
            if (_path.Before.Length <= last)
                _path = fitted.Path(history, origin, Math.Max(last, PathDays * history.BucketsPerDay));
            var mean = Math.Clamp(_path.Mean(first, last), 0.001, NegativeBinomialCount.MaxMean);
            if (fitted._family == CountFamily.Poisson)
                return new PoissonCount(mean);
            return new NegativeBinomialCount(mean, last - first == 1 ? fitted._fit.Alpha : fitted.Dispersion(history, first, last));
        }
    }
}
