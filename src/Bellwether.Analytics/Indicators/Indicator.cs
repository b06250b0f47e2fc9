namespace Bellwether.Analytics.Indicators;

/// <summary>What an indicator reads of a bar.</summary>
[Flags]
public enum BarFields
{
    None = 0,
    Open = 1,
    High = 2,
    Low = 4,
    Close = 8,
    Volume = 16,
    Benchmark = 32,
    Range = High | Low | Close,
}

/// <summary>
/// One step kernel, for streams and for batches: <see cref="Run"/> is a loop over <see cref="Next"/>, so both give the same bits. A step
/// allocates nothing. Not thread-safe.
/// </summary>
/// <remarks>
/// NaN policy, the same for every indicator:
/// a value is NaN where it is not defined (too few bars so far, or a division of zero by zero);
/// a bar in which anything that the indicator reads is NaN or infinite gives NaN and starts the indicator anew, so that nothing is ever
/// computed across a hole and nothing is carried over it. What follows equals a fresh indicator from the next bar on.
/// </remarks>
public abstract class Indicator(int outputs, BarFields reads)
{
    /// <summary>Values of one step.</summary>
    public int Outputs { get; } = outputs;

    public BarFields Reads { get; } = reads;

    /// <summary>Takes the next bar and writes <see cref="Outputs"/> values.</summary>
    public void Next(in Bar bar, Span<double> values)
    {
        if (IsWhole(in bar) && TryStep(in bar, values)) return;
        Reset();
        values[..Outputs].Fill(double.NaN);
    }

    /// <summary>Takes bars one after the other from the state it is in; value k of bar i goes to <c>values[i * Outputs + k]</c>.</summary>
    public void Run(ReadOnlySpan<Bar> bars, Span<double> values)
    {
        if (values.Length < bars.Length * Outputs)
            throw new ArgumentException($"{bars.Length} bars give {bars.Length * Outputs} values; there is room for {values.Length}.",
                nameof(values));
        for (var i = 0; i < bars.Length; i++) Next(in bars[i], values[(i * Outputs)..]);
    }

    /// <summary>Back to the state of a new instance.</summary>
    public abstract void Reset();

    /// <summary>
    /// One step over a bar without holes; false where the bar cannot be used after all, such as for the logarithm of a price of zero.
    /// </summary>
    protected abstract bool TryStep(in Bar bar, Span<double> values);

    bool IsWhole(in Bar bar) =>
        (Reads & BarFields.Close) == 0 | double.IsFinite(bar.Close)
        && (Reads & BarFields.Open) == 0 | double.IsFinite(bar.Open)
        && (Reads & BarFields.High) == 0 | double.IsFinite(bar.High)
        && (Reads & BarFields.Low) == 0 | double.IsFinite(bar.Low)
        && (Reads & BarFields.Volume) == 0 | double.IsFinite(bar.Volume)
        && (Reads & BarFields.Benchmark) == 0 | double.IsFinite(bar.Benchmark);

    internal static int Period(int period, int least = 1) => period >= least && period <= MaxPeriod ? period
        : throw new ArgumentOutOfRangeException(nameof(period), period, $"a period is {least} to {MaxPeriod}");

    internal static double Multiple(double multiple) => multiple > 0 && double.IsFinite(multiple) ? multiple
        : throw new ArgumentOutOfRangeException(nameof(multiple), multiple, "a multiple is above 0");

    internal static double PerYear(double bars) => bars > 0 && double.IsFinite(bars) ? bars
        : throw new ArgumentOutOfRangeException(nameof(bars), bars, "bars a year are above 0");

    /// <summary>The longest period, in bars.</summary>
    public const int MaxPeriod = 1_000_000;
}

/// <summary>An indicator of one series of numbers; of bars it reads the close.</summary>
public abstract class SeriesIndicator() : Indicator(1, BarFields.Close)
{
    /// <summary>Takes the next number; see the NaN policy of <see cref="Indicator"/>.</summary>
    public double Next(double value)
    {
        if (double.IsFinite(value)) return Step(value);
        Reset();
        return double.NaN;
    }

    /// <summary>Takes numbers one after the other from the state it is in.</summary>
    public void Run(ReadOnlySpan<double> series, Span<double> values)
    {
        if (values.Length < series.Length)
            throw new ArgumentException($"{series.Length} numbers give as many values; there is room for {values.Length}.", nameof(values));
        for (var i = 0; i < series.Length; i++) values[i] = Next(series[i]);
    }

    /// <summary>One step over a finite number.</summary>
    protected abstract double Step(double value);

    protected sealed override bool TryStep(in Bar bar, Span<double> values)
    {
        values[0] = Step(bar.Close);
        return true;
    }
}
