namespace Bellwether.Analytics.Counts.Windows;

/// <summary>
/// Past windows that a future one can be compared with: the same length at the same time of day, whole days (or weeks) earlier, and over by
/// the origin. Windows that touch an outage are left out.
/// </summary>
static class AnalogWindows
{
    /// <summary>Fills totals and ages from the newest on and says how many there are.</summary>
    /// <param name="stride">Buckets from one to the next: a day's or a week's worth.</param>
    /// <param name="totals">As many as are wanted at most.</param>
    /// <param name="ages">For each total, how many strides it lies before the window; at least as long as <paramref name="totals"/>.</param>
    public static int Collect(CountHistory history, int origin, int from, int to, int stride, Span<int> totals, Span<int> ages)
    {
        var found = 0;
        // Three times as many steps as wanted: a long outage shortens the list, an endless one does not make the search endless.
        var first = FirstAge(origin, to, stride);
        for (var age = first; found < totals.Length && age < first + 3 * totals.Length && from - age * stride >= 0; age++)
            if (history.TryTotal(from - age * stride, to - age * stride, out var total))
                (totals[found], ages[found++]) = (total, age);
        return found;
    }

    /// <summary>The smallest number of strides that puts the end of a window at the origin or before.</summary>
    public static int FirstAge(int origin, int to, int stride) => (to - origin + stride - 1) / stride;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> unless origin ≤ from &lt; to.</summary>
    public static void Require(int origin, int from, int to)
    {
        if (from < origin)
            throw new ArgumentOutOfRangeException(nameof(from), from, $"A window starts at its origin {origin} or later; shift by the count so far.");
        if (to <= from)
            throw new ArgumentOutOfRangeException(nameof(to), to, $"A window ends after its start {from}.");
        // Ten years of hours: whoever asks for more has mixed up hours and seconds.
        if (to - origin > 10 * 366 * 24)
            throw new ArgumentOutOfRangeException(nameof(to), to, $"A window ends at most ten years after its origin {origin}.");
    }

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> unless the origin lies within the history or at its end.</summary>
    public static void RequireOrigin(CountHistory history, int origin)
    {
        if (origin < 0 || origin > history.Length)
            throw new ArgumentOutOfRangeException(nameof(origin), origin, $"An origin is 0 to {history.Length}, the length of the history.");
    }
}
