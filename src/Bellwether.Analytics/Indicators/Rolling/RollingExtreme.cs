namespace Bellwether.Analytics.Indicators.Rolling;

/// <summary>Highest or lowest of the last numbers, and how long ago it was: of equal ones the latest.</summary>
/// <remarks>A queue of candidates, each better than all after it: constant time a step on average, whatever the period.</remarks>
sealed class RollingExtreme
{
    readonly double[] _values;
    readonly long[] _times;
    readonly double _sign;
    int _first, _count;
    long _now;

    RollingExtreme(int period, double sign)
    {
        _values = new double[Indicator.Period(period)];
        _times = new long[period];
        _sign = sign;
    }

    public static RollingExtreme Highest(int period) => new(period, 1);

    public static RollingExtreme Lowest(int period) => new(period, -1);

    public bool IsFull => _now >= _values.Length;

    public double Value => _sign * _values[_first];

    /// <summary>Steps since then; 0 for the number that came last.</summary>
    public int Age => (int)(_now - 1 - _times[_first]);

    public void Push(double value)
    {
        value *= _sign;
        if (_count > 0 && _times[_first] <= _now - _values.Length)
        {
            _first = _first + 1 == _values.Length ? 0 : _first + 1;
            _count--;
        }
        while (_count > 0 && _values[Place(_count - 1)] <= value) _count--;
        var place = Place(_count++);
        (_values[place], _times[place]) = (value, _now++);
    }

    public void Clear() => (_first, _count, _now) = (0, 0, 0);

    int Place(int offset)
    {
        var place = _first + offset;
        return place >= _values.Length ? place - _values.Length : place;
    }
}
