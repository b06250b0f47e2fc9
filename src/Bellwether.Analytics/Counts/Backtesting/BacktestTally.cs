using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Scoring;

namespace Bellwether.Analytics.Counts.Backtesting;

/// <summary>Sums of one model at one horizon.</summary>
sealed class BacktestTally(BacktestPlan plan)
{
    readonly PitHistogram _pit = new();
    double _log;
    double _mae;
    double _pinball;
    double _width;
    int _covered;

    /// <summary>CRPS by origin, the mean where an origin has several targets; NaN for origins without any.</summary>
    public List<double> ByOrigin { get; } = [];

    double _crps;
    double _originSum;
    int _originCount;

    public void Add(CountDistribution forecast, CountInterval interval, int actual)
    {
        var crps = CountScores.Crps(forecast, actual);
        (_crps, _originSum, _originCount) = (_crps + crps, _originSum + crps, _originCount + 1);
        _log += CountScores.Log(forecast, actual);
        _mae += CountScores.AbsoluteError(forecast, actual);
        foreach (var q in plan.Quantiles)
            _pinball += CountScores.Pinball(forecast, actual, q) / plan.Quantiles.Count;
        _width += interval.Width;
        _covered += interval.Contains(actual) ? 1 : 0;
        _pit.Add(PitStep.Of(forecast, actual));
    }

    public void EndOrigin()
    {
        ByOrigin.Add(_originCount == 0 ? double.NaN : _originSum / _originCount);
        (_originSum, _originCount) = (0, 0);
    }

    public BacktestRow Row(string model, BacktestHorizon horizon, double naiveMae, BacktestTally reference)
    {
        var n = _pit.Count;
        DieboldMariano? against = null;
        if (reference != this)
        {
            var (mine, theirs) = (new List<double>(), new List<double>());
            for (var i = 0; i < ByOrigin.Count; i++)
                if (!double.IsNaN(ByOrigin[i]))
                {
                    mine.Add(ByOrigin[i]);
                    theirs.Add(reference.ByOrigin[i]);
                }
            against = DieboldMariano.Test([.. mine], [.. theirs], horizon.Days);
        }
        // 0/0 is NaN: a horizon without a target has no mean.
        return new(model, horizon.Name, n, _crps / n, _log / n, _mae / n, _mae / n / naiveMae, _pinball / n, (double)_covered / n, _width / n,
            _pit, against);
    }
}
