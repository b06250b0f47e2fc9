namespace Bellwether.Analytics.Counts.Windows;

/// <summary>
/// The past of an origin as days that end at the origin's own time of day: block j covers the day that ends j days before the origin.
/// Everything that is derived for "j days ago" uses blocks j, j + 1, … only, so it is what was known then.
/// </summary>
sealed class DayBlocks
{
    readonly int[] _totals;
    readonly bool[] _known;

    public DayBlocks(CountHistory history, int origin, int most)
    {
        var perDay = history.BucketsPerDay;
        Count = Math.Min(most, origin / perDay);
        (_totals, _known) = (new int[Count], new bool[Count]);
        for (var j = 0; j < Count; j++)
            _known[j] = history.TryTotal(origin - (j + 1) * perDay, origin - j * perDay, out _totals[j]);
    }

    public int Count { get; }

    /// <summary>
    /// levels[j] = exponentially weighted mean count a day as seen j days before the origin, each day counting half as much as one that is
    /// a half-life younger. NaN where no day was known yet.
    /// </summary>
    public void Levels(double halfLifeDays, Span<double> levels)
    {
        var keep = Math.Pow(2, -1 / halfLifeDays);
        double sum = 0, weight = 0;
        for (var j = Count - 1; j >= 0; j--)
        {
            (sum, weight) = (sum * keep, weight * keep);
            if (_known[j])
                (sum, weight) = (sum + _totals[j], weight + 1);
            levels[j] = weight > 0 ? sum / weight : double.NaN;
        }
    }

    /// <summary>The level at the origin itself; NaN where no day is known.</summary>
    public double Level(double halfLifeDays)
    {
        var keep = Math.Pow(2, -1 / halfLifeDays);
        double sum = 0, weight = 0;
        for (var j = Count - 1; j >= 0; j--)
            (sum, weight) = _known[j] ? (sum * keep + _totals[j], weight * keep + 1) : (sum * keep, weight * keep);
        return weight > 0 ? sum / weight : double.NaN;
    }
}
