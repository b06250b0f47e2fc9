using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Combination;

/// <summary>
/// The beliefs of the combination at one origin. A window takes weights and calibration from the kind of window that is most like it in
/// length and distance.
/// </summary>
public sealed class CombinedForecast : ICountForecast
{
    readonly CombinedOptions _options;
    readonly HorizonClass[] _classes;
    readonly ICountForecast[] _experts;
    readonly Dictionary<(int From, int To), CountDistribution>[] _totals;

    internal CombinedForecast(int origin, CombinedOptions options, HorizonClass[] classes, ICountForecast[] experts,
        Dictionary<(int From, int To), CountDistribution>[] totals)
    {
        (Origin, _options, _classes, _experts, _totals) = (origin, options, classes, experts, totals);
    }

    public int Origin { get; }

    /// <summary>The recalibrated pool.</summary>
    public CountDistribution Total(int from, int to) => Combine(from, to).Calibrated;

    /// <summary>The interval of <see cref="CombinedOptions.Coverage"/>, as steered by past hits and misses.</summary>
    public CountInterval Interval(int from, int to) => Combine(from, to).Interval;

    /// <summary>The recalibrated pool with all that it is made of.</summary>
    public CombinedTotal Combine(int from, int to)
    {
        AnalogWindows.Require(Origin, from, to);
        var window = (from - Origin, to - Origin);
        var experts = new CountDistribution[_experts.Length];
        for (var i = 0; i < experts.Length; i++)
            experts[i] = _totals[i].TryGetValue(window, out var known) ? known : _experts[i].Total(from, to);
        return ClassOf(from, to).Combine(experts);
    }

    /// <summary>How much each model counts for a window, by name; 0 to 1, 1 in sum.</summary>
    public IReadOnlyDictionary<string, double> Weights(int from, int to)
    {
        AnalogWindows.Require(Origin, from, to);
        var weights = ClassOf(from, to).Weights.ToArray();
        return _options.Experts.Select((expert, i) => (expert.Name, Weight: weights[i])).ToDictionary(e => e.Name, e => e.Weight);
    }

    HorizonClass ClassOf(int from, int to) => _classes.MinBy(c => c.Distance(from - Origin, to - Origin))!;
}
