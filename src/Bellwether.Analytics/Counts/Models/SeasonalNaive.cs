using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// What the same window held in the last K weeks that are over, each as likely: hour of the week for an hour, weekday for a day. The forecast
/// is F = (1/K) Σ NB2(y_k + 1/2, 1/K), the empirical distribution with each value spread a little, so that values between are possible.
/// </summary>
public sealed class SeasonalNaive : ICountModel
{
    readonly int _weeks;

    /// <param name="weeks">K, 1 to 520.</param>
    public SeasonalNaive(int weeks = 8)
    {
        if (weeks is < 1 or > 520)
            throw new ArgumentOutOfRangeException(nameof(weeks), weeks, "The number of weeks is 1 to 520.");
        _weeks = weeks;
    }

    public string Name => "seasonal-naive";

    public IFittedCountModel Fit(CountHistory history, int origin) => new Fitted(_weeks);

    sealed class Fitted(int weeks) : IFittedCountModel
    {
        public CountFit Summary => CountFit.None;

        public ICountForecast At(CountHistory history, int origin)
        {
            AnalogWindows.RequireOrigin(history, origin);
            return new Forecast(weeks, history, origin);
        }
    }

    sealed class Forecast(int weeks, CountHistory history, int origin) : ICountForecast
    {
        readonly int[] _totals = new int[weeks];
        readonly int[] _ages = new int[weeks];

        public int Origin => origin;

        public CountDistribution Total(int from, int to)
        {
            AnalogWindows.Require(origin, from, to);
            var found = AnalogWindows.Collect(history, origin, from, to, 7 * history.BucketsPerDay, _totals, _ages);
            if (found == 0)
                return EwWindowModel.Reference.Fit(history, origin).At(history, origin).Total(from, to);
            var (parts, shares) = (new CountDistribution[found], new double[found]);
            for (var i = 0; i < found; i++)
                (parts[i], shares[i]) = (new NegativeBinomialCount(_totals[i] + 0.5, 1.0 / weeks), 1);
            return MixtureCount.Pool(parts, shares);
        }
    }
}
