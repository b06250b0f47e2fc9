namespace Bellwether.Analytics.Indicators.Rolling;

/// <summary>Mean and variance of the last numbers; a variance of exactly zero where all of them are equal.</summary>
sealed class RollingMoments(int period)
{
    readonly Ring _ring = new(period);
    CompensatedSum _sum, _squares;
    double _last;
    int _equal;

    public bool IsFull => _ring.IsFull;

    public int Count => _ring.Count;

    public double Mean => _equal >= _ring.Count ? _last : _sum.Value / _ring.Count;

    /// <summary>Divided by n.</summary>
    public double Variance => Spread / ((double)_ring.Count * _ring.Count);

    /// <summary>Divided by n − 1.</summary>
    public double SampleVariance => Spread / ((double)_ring.Count * (_ring.Count - 1));

    double Spread => _equal >= _ring.Count ? 0 : Math.Max(0, CompensatedSum.Cross(_ring.Count, in _squares, in _sum, in _sum));

    public void Push(double value)
    {
        _equal = _ring.Count > 0 && value == _last ? _equal + 1 : 1;
        _last = value;
        if (_ring.Push(value, out var leaving))
        {
            _sum.Add(-leaving);
            _squares.SubtractProduct(leaving, leaving);
        }
        _sum.Add(value);
        _squares.AddProduct(value, value);
    }

    public void Clear()
    {
        _ring.Clear();
        (_sum, _squares, _equal) = (default, default, 0);
    }
}
