namespace Bellwether.Analytics.Indicators.Rolling;

/// <summary>Sum of the last numbers; exactly zero where all of them are.</summary>
sealed class RollingSum(int period)
{
    readonly Ring _ring = new(period);
    CompensatedSum _sum;
    int _nonzero;

    public bool IsFull => _ring.IsFull;

    public int Count => _ring.Count;

    public double Sum => _sum.Value;

    public double Mean => _sum.Value / _ring.Count;

    public double Oldest => _ring.Oldest;

    public ReadOnlySpan<double> Values => _ring.Values;

    public void Push(double value)
    {
        if (_ring.Push(value, out var leaving))
        {
            _sum.Add(-leaving);
            if (leaving != 0) _nonzero--;
        }
        _sum.Add(value);
        if (value != 0) _nonzero++;
        if (_nonzero == 0) _sum = default;
    }

    public void Clear()
    {
        _ring.Clear();
        (_sum, _nonzero) = (default, 0);
    }
}
