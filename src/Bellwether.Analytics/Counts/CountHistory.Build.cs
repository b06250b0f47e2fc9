namespace Bellwether.Analytics.Counts;

public sealed partial class CountHistory
{
    // 40 years of hours; a larger span is a mistake in a timestamp.
    const int MaxBuckets = 40 * 366 * 24;

    /// <summary>A history from counts by the hour. <paramref name="observed"/> is false during outages; empty means all observed.</summary>
    /// <param name="startUnixSeconds">When the first hour starts; a whole hour.</param>
    public static CountHistory OfHours(long startUnixSeconds, ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed = default) =>
        Of(startUnixSeconds, 24, counts, observed);

    /// <summary>A history from counts by the day. <paramref name="observed"/> is false during outages; empty means all observed.</summary>
    /// <param name="startUnixSeconds">When the first day starts; a whole hour.</param>
    public static CountHistory OfDays(long startUnixSeconds, ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed = default) =>
        Of(startUnixSeconds, 1, counts, observed);

    /// <summary>
    /// Counts timestamps by the hour over [start, end). A gap [from, to) marks every hour that it touches as not observed, and what was
    /// posted in such an hour is left out: half an hour's count is no hour's count.
    /// Throws <see cref="ArgumentException"/> when the timestamps are not in order, or a bound is no whole hour.
    /// </summary>
    /// <param name="unixSeconds">In ascending order; those outside [start, end) are left out.</param>
    public static CountHistory OfTimestamps(
        ReadOnlySpan<double> unixSeconds, long startUnixSeconds, long endUnixSeconds, params ReadOnlySpan<(long From, long To)> gaps)
    {
        RequireHour(startUnixSeconds);
        RequireHour(endUnixSeconds);
        var hours = (endUnixSeconds - startUnixSeconds) / 3600;
        if (hours is < 0 or > MaxBuckets)
            throw new ArgumentException($"[start, end) spans {hours} hours; expected 0 to {MaxBuckets}.", nameof(endUnixSeconds));
        var (counts, observed) = (new int[hours], new bool[hours]);
        Array.Fill(observed, true);
        foreach (var (from, to) in gaps)
            for (var hour = Math.Max(0, (from - startUnixSeconds) / 3600); hour < hours && startUnixSeconds + hour * 3600 < to; hour++)
                observed[hour] = observed[hour] && startUnixSeconds + (hour + 1) * 3600 <= from;
        var previous = double.NegativeInfinity;
        foreach (var at in unixSeconds)
        {
            if (!(at >= previous))
                throw new ArgumentException($"A timestamp of {at} s follows {previous} s; expected ascending order.", nameof(unixSeconds));
            previous = at;
            var hour = Math.Floor((at - startUnixSeconds) / 3600);
            if (hour >= 0 && hour < hours && observed[(int)hour])
                counts[(int)hour]++;
        }
        return new(startUnixSeconds, 24, counts, observed);
    }

    static CountHistory Of(long start, int perDay, ReadOnlySpan<int> counts, ReadOnlySpan<bool> observed)
    {
        RequireHour(start);
        if (counts.Length > MaxBuckets)
            throw new ArgumentException($"There are {counts.Length} buckets; at most {MaxBuckets} are taken.", nameof(counts));
        if (!observed.IsEmpty && observed.Length != counts.Length)
            throw new ArgumentException($"{counts.Length} counts with {observed.Length} marks; expected one each, or none.", nameof(observed));
        var (kept, marks) = (counts.ToArray(), observed.ToArray());
        if (observed.IsEmpty)
        {
            marks = new bool[kept.Length];
            Array.Fill(marks, true);
        }
        for (var i = 0; i < kept.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(kept[i], nameof(counts));
            kept[i] = marks[i] ? kept[i] : 0;
        }
        return new(start, perDay, kept, marks);
    }

    static void RequireHour(long unixSeconds)
    {
        if (unixSeconds % 3600 != 0)
            throw new ArgumentException($"{unixSeconds} s since 1970 is no whole hour.", nameof(unixSeconds));
    }
}
