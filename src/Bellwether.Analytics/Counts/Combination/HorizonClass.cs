using Bellwether.Analytics.Counts.Calibration;
using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Scoring;

namespace Bellwether.Analytics.Counts.Combination;

/// <summary>What has been learnt about forecasts of one kind: which experts to trust, and how the pool is off.</summary>
sealed class HorizonClass
{
    readonly CombinedOptions _options;
    readonly CrpsStack _stack;
    readonly LogScorePool _pool;
    readonly PitMap _map;
    readonly ConformalLevel _level;
    double[] _poolWeights = [];
    double[] _stackWeights = [];
    double[] _weights = [];

    // Totals of seven days issued daily share six of them: a week of outcomes tells about as much as one.
    readonly int _overlap;

    public HorizonClass(string name, int perDay, (int From, int To)[] windows, CombinedOptions options)
    {
        (Name, Windows, _options) = (name, windows, options);
        _overlap = Math.Max(1, (windows[0].To - windows[0].From) / perDay);
        _stack = new(options.Experts.Count, options.Ridge * _overlap);
        _pool = new(options.Experts.Count);
        _map = new(options.CalibrationPrior * _overlap);
        _level = new(options.Coverage, options.ConformalRate / windows.Length);
        Reweigh();
    }

    public string Name { get; }

    /// <summary>Leads that are followed day by day; a forecast of another window takes the class whose windows are most like it.</summary>
    public (int From, int To)[] Windows { get; }

    /// <summary>The mean of both kinds of weights, expert by expert.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    public double Distance(int from, int to)
    {
        var least = double.PositiveInfinity;
        foreach (var (f, t) in Windows)
            least = Math.Min(least, Math.Abs(Math.Log((double)(to - from) / (t - f)))
                + 0.5 * Math.Abs(Math.Log((from + to + 2.0) / (f + t + 2.0))));
        return least;
    }

    public CombinedTotal Combine(CountDistribution[] experts)
    {
        // Weights by log score go to the one model that is right most often, weights by CRPS spread over those that err apart;
        // half of each has done better than either, and than changing from one to the other.
        var both = MixtureCount.Pool(experts, _weights);
        var calibrated = _map.Apply(both);
        return new(calibrated, _level.Interval(calibrated), both, MixtureCount.Pool(experts, _poolWeights),
            MixtureCount.Pool(experts, _stackWeights), experts);
    }

    public void Forget()
    {
        var weightKeep = Math.Pow(2, -1 / _options.WeightHalfLifeDays);
        var calibrationKeep = Math.Pow(2, -1 / _options.CalibrationHalfLifeDays);
        _stack.Forget(weightKeep);
        _pool.Forget(weightKeep);
        _map.Forget(calibrationKeep);
    }

    public void Learn(CombinedTotal said, int actual)
    {
        _stack.Add(said.Experts, actual);
        _pool.Add(said.Experts, actual, 1.0 / (Windows.Length * _overlap));
        _level.Add(said.Interval.Contains(actual));
        _map.Add(PitStep.Of(said.Raw, actual));
    }

    public void Reweigh()
    {
        (_poolWeights, _stackWeights) = (_pool.Weights(), _stack.Weights());
        _weights = [.. _poolWeights.Zip(_stackWeights, (a, b) => (a + b) / 2)];
    }

    public static HorizonClass[] All(int perDay, CombinedOptions options)
    {
        List<HorizonClass> all = [];
        for (var lead = 0; perDay == 24 && lead < 24; lead += 6)
            all.Add(new($"hour {lead}-{lead + 5}", perDay, [.. Enumerable.Range(lead, 6).Select(l => (l, l + 1))], options));
        if (perDay == 24)
        {
            all.Add(new("6 hours", perDay, [(0, 6)], options));
            all.Add(new("12 hours", perDay, [(0, 12)], options));
        }
        all.Add(new("day", perDay, [(0, perDay)], options));
        all.Add(new("later day", perDay, [.. ((int[])[1, 3, 6]).Select(day => (day * perDay, (day + 1) * perDay))], options));
        all.Add(new("3 days", perDay, [(0, 3 * perDay)], options));
        all.Add(new("7 days", perDay, [(0, 7 * perDay)], options));
        return [.. all];
    }
}

/// <summary>Everything that a combination says of one window.</summary>
/// <param name="Calibrated">The default forecast.</param>
/// <param name="Interval">The interval that is steered to its coverage.</param>
/// <param name="Raw">The pool before recalibration, by the mean of both kinds of weights.</param>
/// <param name="Pool">Linear pool with weights by rolling log score, not recalibrated.</param>
/// <param name="Stack">Linear pool with weights by rolling CRPS, not recalibrated.</param>
/// <param name="Experts">The models' own, in the order of the options.</param>
public sealed record CombinedTotal(
    CountDistribution Calibrated, CountInterval Interval, CountDistribution Raw, CountDistribution Pool, CountDistribution Stack,
    CountDistribution[] Experts);
