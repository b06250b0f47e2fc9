using System.Globalization;

namespace Bellwether.Plots;

/// <summary>A value with its interval, where there is one.</summary>
public sealed record EstimateBar(string Name, double Value, double Low, double High);

/// <summary>Values on either side of 0 as bars, with their intervals as whiskers.</summary>
public static class EstimateChart
{
    const string Colour = PlotStyle.Forecast, Whisker = PlotStyle.Ink;

    // Two of them stand side by side on a page, at their own size.
    const int Width = 540, Height = 240;

    /// <summary>The chart as an SVG document.</summary>
    /// <param name="format">Of the values beside the axis.</param>
    public static string Svg(string title, IReadOnlyList<EstimateBar> bars, string format = "0.####")
    {
        var canvas = new SvgCanvas(Width, Height);
        var ends = bars.SelectMany(b => new[] { b.Value, b.Low, b.High }).Where(double.IsFinite).Append(0).ToArray();
        var (low, high) = (ends.Min(), ends.Max());
        var margin = high > low ? 0.06 * (high - low) : 1;
        var frame = new PlotFrame(canvas, (72, 40, Width - 16, Height - 32), (0, bars.Count), (low - margin, high + margin));
        frame.Title(title);
        frame.Values(format, signed: true);
        for (var i = 0; i < bars.Count; i++)
        {
            frame.Label(i + 0.5, bars[i].Name);
            if (!double.IsFinite(bars[i].Value)) continue;
            var (zero, end) = (frame.Y(0), frame.Y(bars[i].Value));
            var said = string.Create(CultureInfo.InvariantCulture, $"{bars[i].Name}: {bars[i].Value:0.#####} ({bars[i].Low:0.#####} to {bars[i].High:0.#####})");
            canvas.Rectangle(frame.X(i + 0.2), Math.Min(zero, end), frame.X(i + 0.8) - frame.X(i + 0.2), Math.Abs(end - zero), Colour, 0.75, said);
            if (!double.IsFinite(bars[i].Low) || !double.IsFinite(bars[i].High)) continue;
            canvas.Line(frame.X(i + 0.5), frame.Y(bars[i].Low), frame.X(i + 0.5), frame.Y(bars[i].High), Whisker, 1.5);
            foreach (var at in (double[])[bars[i].Low, bars[i].High]) canvas.Line(frame.X(i + 0.42), frame.Y(at), frame.X(i + 0.58), frame.Y(at), Whisker, 1.5);
        }
        canvas.Line(frame.X(0), frame.Y(0), frame.X(bars.Count), frame.Y(0), Whisker);
        return canvas.ToString();
    }
}
