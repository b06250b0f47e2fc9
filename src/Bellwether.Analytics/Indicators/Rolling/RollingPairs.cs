namespace Bellwether.Analytics.Indicators.Rolling;

/// <summary>Covariance of the last pairs of numbers.</summary>
sealed class RollingPairs(int period)
{
    readonly Ring _x = new(period), _y = new(period);
    readonly RollingMoments _momentsX = new(period), _momentsY = new(period);
    CompensatedSum _sumX, _sumY, _products;

    public bool IsFull => _x.IsFull;

    /// <summary>Covariance over the variance of x; NaN where x does not vary.</summary>
    public double Slope => _momentsX.Variance is > 0 and var variance ? Covariance / variance : double.NaN;

    /// <summary>−1 to 1; NaN where one of the two does not vary.</summary>
    public double Correlation => _momentsX.Variance * _momentsY.Variance is > 0 and < double.PositiveInfinity
        ? Math.Clamp(Covariance / (Math.Sqrt(_momentsX.Variance) * Math.Sqrt(_momentsY.Variance)), -1, 1) : double.NaN;

    double Covariance => CompensatedSum.Cross(_x.Count, in _products, in _sumX, in _sumY) / ((double)_x.Count * _x.Count);

    public void Push(double x, double y)
    {
        _momentsX.Push(x);
        _momentsY.Push(y);
        if (_x.Push(x, out var leavingX) & _y.Push(y, out var leavingY))
        {
            _sumX.Add(-leavingX);
            _sumY.Add(-leavingY);
            _products.SubtractProduct(leavingX, leavingY);
        }
        _sumX.Add(x);
        _sumY.Add(y);
        _products.AddProduct(x, y);
    }

    public void Clear()
    {
        _x.Clear();
        _y.Clear();
        _momentsX.Clear();
        _momentsY.Clear();
        (_sumX, _sumY, _products) = (default, default, default);
    }
}
