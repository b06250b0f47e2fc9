using Bellwether.Analytics.Indicators.Rolling;

namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Ichimoku Kinko Hyo: conversion line (tenkan), base line (kijun), and the cloud's edges (senkou A and B) as they stand over this bar, that is
/// as computed one base period ago.
/// </summary>
/// <remarks>
/// The lagging span (chikou) has no output: it draws the close of today over a bar of the past, so a value for that bar would be look-ahead.
/// What it is read for, the close against the close one base period ago, is the rate of change.
/// </remarks>
public sealed class Ichimoku(int tenkan = 9, int kijun = 26, int senkou = 52) : Indicator(4, BarFields.High | BarFields.Low)
{
    readonly Middle _tenkan = new(tenkan), _kijun = new(kijun), _senkou = new(senkou);
    readonly Ring _cloudA = new(kijun), _cloudB = new(kijun);

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var (fast, slow, wide) = (_tenkan.Next(in bar), _kijun.Next(in bar), _senkou.Next(in bar));
        var movedA = _cloudA.Push((fast + slow) / 2, out var a);
        var movedB = _cloudB.Push(wide, out var b);
        (values[3], values[2], values[1], values[0]) = (movedB ? b : double.NaN, movedA ? a : double.NaN, slow, fast);
        return true;
    }

    public override void Reset()
    {
        _tenkan.Clear();
        _kijun.Clear();
        _senkou.Clear();
        _cloudA.Clear();
        _cloudB.Clear();
    }

    /// <summary>Middle of the highest high and the lowest low.</summary>
    sealed class Middle(int period)
    {
        readonly RollingExtreme _high = RollingExtreme.Highest(period), _low = RollingExtreme.Lowest(period);

        public double Next(in Bar bar)
        {
            _high.Push(bar.High);
            _low.Push(bar.Low);
            return _high.IsFull ? (_high.Value + _low.Value) / 2 : double.NaN;
        }

        public void Clear()
        {
            _high.Clear();
            _low.Clear();
        }
    }
}
