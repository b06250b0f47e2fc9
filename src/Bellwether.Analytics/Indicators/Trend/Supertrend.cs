namespace Bellwether.Analytics.Indicators;

/// <summary>
/// Supertrend: a stop of some average true ranges from the middle of the bar that only moves with the trend, and the direction, 1 up and −1 down.
/// The direction turns when the close crosses the stop. It begins up where the first close lies at or above the middle of its bar.
/// </summary>
/// <remarks>Outputs supertrend and direction. Seban; average true range by Wilder.</remarks>
public sealed class Supertrend(int period = 10, double multiple = 3) : Indicator(2, BarFields.Range)
{
    readonly Atr _atr = new(period);
    readonly double _multiple = Multiple(multiple);
    double _upper, _lower, _close;
    int _direction;

    protected override bool TryStep(in Bar bar, Span<double> values)
    {
        var distance = _multiple * _atr.Step(in bar);
        var middle = (bar.High + bar.Low) / 2;
        var close = _close;
        _close = bar.Close;
        if (double.IsNaN(distance))
        {
            values[..2].Fill(double.NaN);
            return true;
        }
        if (_direction == 0)
        {
            (_upper, _lower, _direction) = (middle + distance, middle - distance, bar.Close >= middle ? 1 : -1);
        }
        else
        {
            if (middle + distance < _upper || close > _upper) _upper = middle + distance;
            if (middle - distance > _lower || close < _lower) _lower = middle - distance;
            _direction = _direction > 0 ? bar.Close < _lower ? -1 : 1 : bar.Close > _upper ? 1 : -1;
        }
        (values[1], values[0]) = (_direction, _direction > 0 ? _lower : _upper);
        return true;
    }

    public override void Reset()
    {
        _atr.Reset();
        _direction = 0;
    }
}
