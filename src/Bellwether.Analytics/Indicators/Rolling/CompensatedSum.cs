using System.Runtime.CompilerServices;

namespace Bellwether.Analytics.Indicators.Rolling;

/// <summary>
/// A sum in two doubles, 106 bits together. Numbers that are added and later taken away again leave an error of some 1e-32 of the greatest
/// sum there was, so that a rolling sum does not drift however long it rolls.
/// </summary>
/// <remarks>Knuth's two-sum and Dekker's renormalisation; products by fused multiply-add.</remarks>
struct CompensatedSum
{
    double _high, _low;

    public readonly double Value => _high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(double value)
    {
        var sum = _high + value;
        var part = sum - _high;
        var low = _low + (_high - (sum - part) + (value - part));
        _high = sum + low;
        _low = low - (_high - sum);
    }

    public void AddProduct(double a, double b)
    {
        var product = a * b;
        Add(product);
        Add(Math.FusedMultiplyAdd(a, b, -product));
    }

    public void Subtract(in CompensatedSum other)
    {
        Add(-other._high);
        Add(-other._low);
    }

    public void SubtractProduct(double a, double b) => AddProduct(-a, b);

    /// <summary>n·Σab − Σa·Σb without the cancellation that makes variances negative.</summary>
    public static double Cross(int n, in CompensatedSum products, in CompensatedSum a, in CompensatedSum b)
    {
        var left = products._high * n;
        var leftLow = Math.FusedMultiplyAdd(products._high, n, -left) + products._low * n;
        var right = a._high * b._high;
        var rightLow = Math.FusedMultiplyAdd(a._high, b._high, -right) + (a._high * b._low + a._low * b._high);
        var difference = left - right;
        var part = difference - left;
        var rest = left - (difference - part) + (-right - part);
        return difference + (rest + (leftLow - rightLow));
    }
}
