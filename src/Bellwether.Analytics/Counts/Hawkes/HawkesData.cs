namespace Bellwether.Analytics.Counts.Hawkes;

/// <summary>
/// Events over a run of whole hours with the scale of each hour. Hours of scale 0 were not observed: the stretch breaks there, and the process
/// is taken up behind the gap with no memory of what came before it.
/// </summary>
public sealed class HawkesData
{
    readonly double[] _times;
    readonly double[] _scales;
    readonly List<Stretch> _stretches = [];

    /// <summary>Throws <see cref="ArgumentException"/> for events out of order, negative scales, or a start that is no whole hour.</summary>
    /// <param name="unixSeconds">Ascending; events outside the hours, or in hours of scale 0, are left out. Equal times are allowed.</param>
    /// <param name="startUnixSeconds">When the first hour starts.</param>
    /// <param name="scales">One for each hour.</param>
    public HawkesData(ReadOnlySpan<double> unixSeconds, long startUnixSeconds, ReadOnlySpan<double> scales)
    {
        if (startUnixSeconds % 3600 != 0)
            throw new ArgumentException($"{startUnixSeconds} s since 1970 is no whole hour.", nameof(startUnixSeconds));
        _scales = scales.ToArray();
        FirstPhase = (int)(startUnixSeconds / 3600 % HawkesParameters.Phases + HawkesParameters.Phases) % HawkesParameters.Phases;
        foreach (var scale in _scales)
            if (!(scale >= 0 && double.IsFinite(scale)))
                throw new ArgumentException($"A scale is {scale}; expected a finite number of at least 0.", nameof(scales));
        var times = new List<double>(unixSeconds.Length);
        var previous = double.NegativeInfinity;
        foreach (var at in unixSeconds)
        {
            var hour = (at - startUnixSeconds) / 3600;
            if (!(hour >= previous))
                throw new ArgumentException($"An event at {at} s follows a later one; expected ascending order.", nameof(unixSeconds));
            previous = hour;
            if (hour >= 0 && hour < _scales.Length && _scales[(int)hour] > 0)
                times.Add(hour);
        }
        _times = [.. times];
        for (int hour = 0, at = 0; hour < _scales.Length;)
        {
            var end = hour;
            while (end < _scales.Length && _scales[end] > 0)
                Exposure[PhaseOf(end)] += _scales[end++];
            var first = at;
            while (at < _times.Length && _times[at] < end)
                at++;
            if (end > hour)
                _stretches.Add(new(hour, end, first, at));
            hour = end + 1;
        }
    }

    /// <summary>Events taken in.</summary>
    public int Count => _times.Length;

    /// <summary>Hours since the start, ascending.</summary>
    internal ReadOnlySpan<double> Times => _times;

    internal ReadOnlySpan<double> Scales => _scales;

    internal IReadOnlyList<Stretch> Stretches => _stretches;

    /// <summary>Sum of the scales by hour of the day.</summary>
    internal double[] Exposure { get; } = new double[HawkesParameters.Phases];

    int FirstPhase { get; }

    internal int PhaseOf(int hour) => (FirstPhase + hour) % HawkesParameters.Phases;

    /// <summary>Hours [From, To) without a gap, and their events [FirstEvent, EndEvent).</summary>
    internal readonly record struct Stretch(int From, int To, int FirstEvent, int EndEvent);
}
