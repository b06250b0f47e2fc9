using Bellwether.Analytics.Counts.Distributions;
using Bellwether.Analytics.Counts.Windows;

namespace Bellwether.Analytics.Counts.Models;

/// <summary>
/// A forecast from simulated paths of counts. Paths are drawn when the first window is asked for, as far as it needs and a week at least, from
/// a generator seeded by the origin: the same question gets the same answer.
/// </summary>
sealed class SimulatedForecast(int origin, int paths, int week, SimulatedForecast.Simulate simulate) : ICountForecast
{
    // Sums of the counts before each lead, path after path.
    int[] _before = [];
    int _length;

    /// <summary>Fills one path of counts from the origin on.</summary>
    public delegate void Simulate(Random random, Span<int> counts);

    public int Origin => origin;

    public CountDistribution Total(int from, int to)
    {
        AnalogWindows.Require(origin, from, to);
        if (_length < to - origin)
            Draw(Math.Max(to - origin, week));
        var totals = new int[paths];
        for (var path = 0; path < paths; path++)
        {
            var at = path * (_length + 1) - origin;
            totals[path] = _before[at + to] - _before[at + from];
        }
        return CountPmf.FromSamples(totals);
    }

    void Draw(int length)
    {
        var random = new Random(origin);
        var counts = new int[length];
        (_length, _before) = (length, new int[paths * (length + 1)]);
        for (var path = 0; path < paths; path++)
        {
            simulate(random, counts);
            var at = path * (length + 1);
            for (var lead = 0; lead < length; lead++)
                _before[at + lead + 1] = _before[at + lead] + counts[lead];
        }
    }
}
