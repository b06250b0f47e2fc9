using System.Globalization;

namespace Bellwether.Plots;

/// <summary>A field with its axes: values go to points of the canvas.</summary>
sealed class PlotFrame
{
    readonly SvgCanvas _canvas;
    readonly (double Left, double Top, double Right, double Bottom) _field;
    readonly (double From, double To) _x;
    readonly (double From, double To) _y;

    /// <param name="field">Where it lies on the canvas.</param>
    public PlotFrame(SvgCanvas canvas, (double Left, double Top, double Right, double Bottom) field, (double From, double To) x, (double From, double To) y)
    {
        (_canvas, _field, _x) = (canvas, field, x.To > x.From ? x : (x.From, x.From + 1));
        _y = y.To > y.From ? y : (y.From, y.From + 1);
    }

    public double X(double value) => _field.Left + (value - _x.From) / (_x.To - _x.From) * (_field.Right - _field.Left);

    public double Y(double value) => _field.Bottom - (value - _y.From) / (_y.To - _y.From) * (_field.Bottom - _field.Top);

    /// <param name="signed">Also below 0, where that is more than a margin.</param>
    public void Values(string format = "0.####", bool signed = false)
    {
        foreach (var tick in Ticks(signed ? _y.From : Math.Max(0, _y.From), _y.To, 5))
        {
            _canvas.Line(_field.Left, Y(tick), _field.Right, Y(tick), PlotStyle.Grid);
            _canvas.Text(_field.Left - 6, Y(tick) + 4, tick.ToString(format, CultureInfo.InvariantCulture), "end", 11, PlotStyle.Ink);
        }
    }

    public double Top => _field.Top;

    /// <summary>What the axes show: below the middle of the one, along the other.</summary>
    public void Units(string x, string y)
    {
        _canvas.Text((_field.Left + _field.Right) / 2, _field.Bottom + 34, x, "middle", 11, PlotStyle.Faint);
        _canvas.Upright(18, (_field.Top + _field.Bottom) / 2, y, 11, PlotStyle.Faint);
    }

    public void Base() => _canvas.Line(_field.Left, _field.Bottom, _field.Right, _field.Bottom, PlotStyle.Ink);

    public void Label(double x, string text) => _canvas.Text(X(x), _field.Bottom + 16, text, "middle", 11, PlotStyle.Ink);

    public void Title(string text) => _canvas.Text(_field.Left, _field.Top - 8, text, "start", 13, PlotStyle.Ink);

    /// <summary>Round numbers between two values, about as many as wanted: steps of 1, 2 or 5 times a power of ten.</summary>
    public static IEnumerable<double> Ticks(double from, double to, int wanted)
    {
        var rough = Math.Max(1e-12, (to - from) / wanted);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        for (var i = (long)Math.Ceiling(from / step - 1e-9); i * step <= to + step * 1e-9; i++) yield return i * step;
    }
}
