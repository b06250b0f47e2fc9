using Bellwether.Counts.Events;

namespace Bellwether.Counts.Features;

/// <summary>
/// Features of one reference time from hourly counts; the one rule that building in bulk and building bit by bit both use. Sums are of whole numbers,
/// so where they begin makes no difference to the last bit.
/// </summary>
sealed class FeatureKernel
{
    const int Day = 24;
    const int Week = 7 * Day;

    readonly DateTimeOffset _start;
    readonly int?[] _counts;
    readonly long[] _sums;
    readonly long[] _squares;
    readonly int[] _missing;
    readonly List<ExogenousEvent> _events;

    /// <param name="start">When the first hour begins.</param>
    /// <param name="counts">Null where an hour was not observed.</param>
    /// <param name="events">By start.</param>
    public FeatureKernel(DateTimeOffset start, int?[] counts, List<ExogenousEvent> events)
    {
        (_start, _counts, _events) = (start, counts, events);
        (_sums, _squares, _missing) = (new long[counts.Length + 1], new long[counts.Length + 1], new int[counts.Length + 1]);
        for (var i = 0; i < counts.Length; i++)
        {
            var count = (long)(counts[i] ?? 0);
            (_sums[i + 1], _squares[i + 1], _missing[i + 1]) = (_sums[i] + count, _squares[i] + count * count, _missing[i] + (counts[i] is null ? 1 : 0));
        }
    }

    /// <param name="hour">Hours from the start to the reference time; 0 to the number of hours.</param>
    public FeatureRow At(int hour)
    {
        var reference = _start + hour * CountsClock.Hour;
        var (mean24, std24) = Rolling(hour, Day);
        var (mean7, std7) = Rolling(hour, Week);
        var weekday = ((int)reference.DayOfWeek + 6) % 7;
        var (intensity, events) = EventsBefore(reference);
        return new(reference, Lag(hour, 1), Lag(hour, 6), Lag(hour, 12), Lag(hour, Day), Lag(hour, Week), mean24, std24, mean7, std7,
            reference.Hour, weekday, weekday >= 5, intensity, events);
    }

    int? Lag(int hour, int hours) => hour - hours >= 0 && hour - hours < _counts.Length ? _counts[hour - hours] : null;

    (double? Mean, double? Deviation) Rolling(int hour, int hours)
    {
        var from = hour - hours;
        if (from < 0 || hour > _counts.Length || _missing[hour] != _missing[from]) return (null, null);
        var (sum, square) = (_sums[hour] - _sums[from], _squares[hour] - _squares[from]);
        // n·Σy² − (Σy)² is a whole number and never negative.
        return ((double)sum / hours, Math.Sqrt((double)(hours * square - sum * sum) / ((double)hours * (hours - 1))));
    }

    (double Intensity, int Count) EventsBefore(DateTimeOffset reference)
    {
        var (most, count) = (0.0, 0);
        if (_events.Count == 0) return (most, count);
        var from = reference - TimeSpan.FromHours(Day);
        foreach (var e in _events)
        {
            if (e.EventStart >= reference) break;
            if (e.KnownAt > reference || !(e.EventEnd > from || e.EventEnd == e.EventStart && e.EventStart >= from)) continue;
            (most, count) = (Math.Max(most, e.Intensity), count + 1);
        }
        return (most, count);
    }
}
