using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// Exponentially weighted moments of the window itself. With y_j the total of the same window j days earlier, for every j that was over by
/// the origin, and w_j = 2^(−j/h): m = Σwy/Σw, v = Σw(y − m)²/Σw, and the forecast is NB2 with mean m and variance v (Poisson when v ≤ m).
/// Where none was over, it is that of <see cref="EwLevelModel"/> with the same half-life.
/// </summary>
/// <remarks>
/// For an hour that is the same hour of the earlier days, for seven days the overlapping seven-day sums. With a half-life of ten days it is
/// the reference that the others are measured by.
/// </remarks>
public sealed class EwWindowModel : ICountModel
{
    // A mean of 0 would hold every post impossible for ever.
    const double LeastMean = 0.01;

    readonly int _most;

    /// <param name="halfLifeDays">h, 0.1 to 1000 days.</param>
    public EwWindowModel(string name, double halfLifeDays)
    {
        if (!(halfLifeDays is >= 0.1 and <= 1000))
            throw new ArgumentOutOfRangeException(nameof(halfLifeDays), halfLifeDays, "A half-life is 0.1 to 1000 days.");
        Name = name;
        HalfLifeDays = halfLifeDays;
        // What is older weighs less than a thousandth of a thousandth.
        _most = (int)Math.Clamp(Math.Ceiling(halfLifeDays * 20), 14, 4000);
    }

    /// <summary>The reference: half-life 10 days.</summary>
    public static EwWindowModel Reference { get; } = new("reference", 10);

    public string Name { get; }

    public double HalfLifeDays { get; }

    public IFittedCountModel Fit(CountHistory history, int origin) => new Fitted(this);

    sealed class Fitted(EwWindowModel model) : IFittedCountModel
    {
        public CountFit Summary => CountFit.None;

        public ICountForecast At(CountHistory history, int origin)
        {
            AnalogWindows.RequireOrigin(history, origin);
            return new Forecast(model, history, origin);
        }
    }

    sealed class Forecast(EwWindowModel model, CountHistory history, int origin) : ICountForecast
    {
        readonly int[] _totals = new int[model._most];
        readonly int[] _ages = new int[model._most];

        public int Origin => origin;

        public CountDistribution Total(int from, int to)
        {
            AnalogWindows.Require(origin, from, to);
            var found = AnalogWindows.Collect(history, origin, from, to, history.BucketsPerDay, _totals, _ages);
            // No such window is over yet, as for a week's total in the first days: the level of these days is all that there is to go by.
            if (found == 0)
                return new EwLevelModel(Math.Min(model.HalfLifeDays, 365)).Fit(history, origin).At(history, origin).Total(from, to);
            double sum = 0, square = 0, weights = 0;
            for (var i = 0; i < found; i++)
            {
                // Relative to the newest, so that no weight underflows.
                var weight = Math.Pow(2, (_ages[0] - _ages[i]) / model.HalfLifeDays);
                weights += weight;
                sum += weight * _totals[i];
                square += weight * _totals[i] * (double)_totals[i];
            }
            var mean = sum / weights;
            var variance = Math.Max(0, square / weights - mean * mean);
            return NegativeBinomialCount.FromMoments(Math.Clamp(mean, LeastMean, NegativeBinomialCount.MaxMean), variance);
        }
    }
}
