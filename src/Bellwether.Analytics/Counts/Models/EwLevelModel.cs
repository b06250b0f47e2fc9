using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// Exponentially weighted level times a profile of the day. The mean of a window is L·d with L the exponentially weighted count a day
/// (half-life h, days ending at the origin) and d the days' worth of posts that the window holds by the profile of the day; the forecast is
/// NB2 with that mean. α is by weighted moments of what the same rule would have said on each earlier day,
/// α = Σw((y − m)² − m)/Σw m², w halving every <see cref="DispersionHalfLifeDays"/> days.
/// </summary>
/// <remarks>
/// Several of these with short and long half-lives side by side answer abrupt changes of habit: whichever forgets fast enough takes over in
/// the combination.
/// </remarks>
public sealed class EwLevelModel : ICountModel
{
    const int Days = 400;
    const double ProfileHalfLifeDays = 28;
    const double DispersionHalfLifeDays = 45;

    // α is drawn to this with the weight of so many days, which matters in the first weeks of a history only.
    const double PriorAlpha = 0.3;
    const double PriorDays = 5;

    readonly double _halfLifeDays;

    /// <param name="halfLifeDays">h, 0.1 to 365 days.</param>
    public EwLevelModel(double halfLifeDays)
    {
        if (!(halfLifeDays is >= 0.1 and <= 365))
            throw new ArgumentOutOfRangeException(nameof(halfLifeDays), halfLifeDays, "A half-life is 0.1 to 365 days.");
        _halfLifeDays = halfLifeDays;
        Name = FormattableString.Invariant($"ewnb-{halfLifeDays}d");
    }

    public string Name { get; }

    public IFittedCountModel Fit(CountHistory history, int origin) => new Fitted(_halfLifeDays);

    sealed class Fitted(double halfLifeDays) : IFittedCountModel
    {
        public CountFit Summary => CountFit.None;

        public ICountForecast At(CountHistory history, int origin)
        {
            AnalogWindows.RequireOrigin(history, origin);
            return new Forecast(halfLifeDays, history, origin);
        }
    }

    sealed class Forecast : ICountForecast
    {
        readonly CountHistory _history;
        readonly DayProfile _profile;
        readonly double[] _levels;

        public Forecast(double halfLifeDays, CountHistory history, int origin)
        {
            _history = history;
            Origin = origin;
            _profile = new(history, origin, ProfileHalfLifeDays, smooth: 0.15);
            var blocks = new DayBlocks(history, origin, Days);
            _levels = new double[blocks.Count];
            blocks.Levels(halfLifeDays, _levels);
        }

        public int Origin { get; }

        public CountDistribution Total(int from, int to)
        {
            AnalogWindows.Require(Origin, from, to);
            var days = _profile.Days(from - Origin, to - Origin);
            var level = _levels.Length > 0 && _levels[0] > 0 ? _levels[0] : 0.1;
            return new NegativeBinomialCount(
                Math.Clamp(level * days, 0.001, NegativeBinomialCount.MaxMean), Dispersion(from, to, days));
        }

        double Dispersion(int from, int to, double days)
        {
            var perDay = _history.BucketsPerDay;
            double excess = 0, squares = 0, weights = 0;
            for (var age = AnalogWindows.FirstAge(Origin, to, perDay); age < _levels.Length; age++)
            {
                if (!(_levels[age] > 0) || !_history.TryTotal(from - age * perDay, to - age * perDay, out var total))
                    continue;
                var mean = _levels[age] * days;
                var weight = Math.Pow(2, -age / DispersionHalfLifeDays);
                excess += weight * ((total - mean) * (total - mean) - mean);
                squares += weight * mean * mean;
                weights += weight;
            }
            var own = weights > 0 ? squares / weights : 1;
            return Math.Clamp((excess + PriorDays * PriorAlpha * own) / (squares + PriorDays * own), 0, 20);
        }
    }
}
