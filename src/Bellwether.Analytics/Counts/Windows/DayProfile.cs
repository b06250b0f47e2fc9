namespace Bellwether.Analytics.Counts.Windows;

/// <summary>
/// How a day's count spreads over its buckets, as shares that sum to 1, by exponentially weighted counts at the same time of day. A bucket
/// borrows from its neighbours, and all of them a little from an even spread, so that no share is 0.
/// </summary>
sealed class DayProfile
{
    // Counts that an even spread is worth.
    const double Prior = 2;

    readonly double[] _before;

    /// <param name="smooth">Share that a bucket takes from each neighbour in the circle of the day, 0 to 0.5.</param>
    public DayProfile(CountHistory history, int origin, double halfLifeDays, double smooth)
    {
        var perDay = history.BucketsPerDay;
        var raw = new double[perDay];
        var days = Math.Min(origin / perDay, (int)Math.Ceiling(halfLifeDays * 8));
        var keep = Math.Pow(2, -1 / halfLifeDays);
        for (var phase = 0; phase < perDay; phase++)
        {
            double sum = 0, weight = 0, current = 1;
            for (var day = 1; day <= days; day++, current *= keep)
            {
                var bucket = origin + phase - day * perDay;
                if (history.IsObserved(bucket))
                    (sum, weight) = (sum + current * history.Counts[bucket], weight + current);
            }
            // A mean per day, lifted by the prior's part of what has been seen.
            raw[phase] = (sum + Prior / perDay) / (weight + 1e-9);
        }
        _before = new double[perDay + 1];
        for (var phase = 0; phase < perDay; phase++)
            _before[phase + 1] = _before[phase] + (1 - 2 * smooth) * raw[phase]
                + smooth * (raw[(phase + 1) % perDay] + raw[(phase + perDay - 1) % perDay]);
        var total = _before[^1];
        for (var phase = 0; phase <= perDay; phase++)
            _before[phase] /= total;
    }

    /// <summary>How many days' worth of posts a window holds, given where it lies relative to the origin: 7 for seven whole days.</summary>
    public double Days(int fromLead, int toLead) => Before(toLead) - Before(fromLead);

    double Before(int lead)
    {
        var (days, phase) = Math.DivRem(lead, _before.Length - 1);
        if (phase < 0)
            (days, phase) = (days - 1, phase + _before.Length - 1);
        return days + _before[phase];
    }
}
