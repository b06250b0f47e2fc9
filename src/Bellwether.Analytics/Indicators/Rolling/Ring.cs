namespace Bellwether.Analytics.Indicators.Rolling;

/// <summary>The last numbers of a series, as many as it has room for.</summary>
sealed class Ring(int length)
{
    readonly double[] _values = new double[Indicator.Period(length)];
    int _next;

    public int Length => _values.Length;

    public int Count { get; private set; }

    public bool IsFull => Count == _values.Length;

    /// <summary>The oldest number; only where there is one.</summary>
    public double Oldest => _values[IsFull ? _next : 0];

    /// <summary>Adds a number; true where the oldest had to leave for it.</summary>
    public bool Push(double value, out double leaving)
    {
        leaving = _values[_next];
        _values[_next] = value;
        if (++_next == _values.Length) _next = 0;
        if (Count == _values.Length) return true;
        Count++;
        return false;
    }

    /// <summary>The numbers in no order.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public void Clear() => (_next, Count) = (0, 0);
}
