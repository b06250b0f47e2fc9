namespace Bellwether.Analytics.Signals;

/// <summary>A signal over dates and names, and the prices at which one could have acted on it.</summary>
public sealed class SignalPanel
{
    readonly double[] _signals, _entries;

    /// <param name="dates">Ascending.</param>
    public SignalPanel(IReadOnlyList<DateOnly> dates, IReadOnlyList<string> names)
    {
        (Dates, Names) = (dates, names);
        (_signals, _entries) = (new double[dates.Count * names.Count], new double[dates.Count * names.Count]);
        Array.Fill(_signals, double.NaN);
        Array.Fill(_entries, double.NaN);
    }

    public IReadOnlyList<DateOnly> Dates { get; }

    public IReadOnlyList<string> Names { get; }

    public double Signal(int date, int name) => _signals[date * Names.Count + name];

    /// <summary>What is not finite is missing.</summary>
    /// <param name="entry">First price after the signal was known, adjusted for splits and dividends.</param>
    public void Set(int date, int name, double signal, double entry)
    {
        _signals[date * Names.Count + name] = double.IsFinite(signal) ? signal : double.NaN;
        _entries[date * Names.Count + name] = entry > 0 && double.IsFinite(entry) ? entry : double.NaN;
    }

    /// <summary>Return from the entry of some dates later over some more; NaN where a price is missing.</summary>
    public double Return(int date, int name, int wait, int length) => date + wait + length < Dates.Count
        ? _entries[(date + wait + length) * Names.Count + name] / _entries[(date + wait) * Names.Count + name] - 1
        : double.NaN;
}
