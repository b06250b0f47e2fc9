using System.Globalization;

namespace Bellwether.Plots;

/// <param name="Points">In order of time; a gap where the value is NaN.</param>
/// <param name="Bars">Drawn as bars from 0 in place of a line.</param>
public sealed record TimeSeries(string Name, string Colour, IReadOnlyList<(DateTimeOffset Time, double Value)> Points, bool Bars = false);

/// <summary>Series over the same time.</summary>
/// <param name="Range">Lowest and highest value shown; null for those of the series.</param>
/// <param name="Line">Where a line is drawn across; null for none.</param>
public sealed record TimePanel(string Title, IReadOnlyList<TimeSeries> Series, (double From, double To)? Range = null, double? Line = null);

/// <summary>Series over time, one panel below the other, all over the same time.</summary>
public static class TimeChart
{
    public const string Blue = PlotStyle.Forecast, Red = PlotStyle.Actual, Orange = PlotStyle.Market, Grey = PlotStyle.Faint;

    const int Width = 900, PanelHeight = 220;

    /// <summary>The chart as an SVG document.</summary>
    public static string Svg(string title, IReadOnlyList<TimePanel> panels)
    {
        var canvas = new SvgCanvas(Width, 44 + panels.Count * PanelHeight);
        canvas.Text(16, 24, title, size: 15);
        var times = panels.SelectMany(p => p.Series).SelectMany(s => s.Points).Select(p => p.Time).ToArray();
        if (times.Length == 0) return canvas.ToString();
        var (first, last) = (times.Min(), times.Max());
        for (var i = 0; i < panels.Count; i++) Draw(canvas, panels[i], first, last, 44 + i * PanelHeight);
        return canvas.ToString();
    }

    static void Draw(SvgCanvas canvas, TimePanel panel, DateTimeOffset first, DateTimeOffset last, double top)
    {
        double Days(DateTimeOffset time) => (time - first).TotalDays;
        var values = panel.Series.SelectMany(s => s.Points).Select(p => p.Value).Where(double.IsFinite).ToArray();
        if (values.Length == 0) values = [0];
        var (low, high) = panel.Range ?? (values.Min(), values.Max());
        var margin = panel.Range is null ? 0.04 * (high - low) : 0;
        var frame = new PlotFrame(canvas, (64, top + 24, Width - 44, top + PanelHeight - 32), (0, Math.Max(Days(last), 1e-6)), (low - margin, high + margin));
        frame.Title(panel.Title);
        frame.Values(signed: true);
        if (panel.Line is { } line && line >= low - margin && line <= high + margin)
            canvas.Line(frame.X(0), frame.Y(line), frame.X(Days(last)), frame.Y(line), Grey, 1, "5 4");
        foreach (var series in panel.Series)
        {
            if (series.Bars) DrawBars(canvas, frame, series, Days);
            else
                foreach (var piece in Pieces(series.Points)) DrawLine(canvas, frame, series, piece, Days);
        }
        var drawn = panel.Series.Where(s => s.Points.Any(p => double.IsFinite(p.Value))).ToArray();
        for (var i = 0; i < drawn.Length && panel.Series.Count > 1; i++)
            canvas.Text(Width - 44 - 110 * (drawn.Length - 1 - i), top + 16, drawn[i].Name, "end", 11, drawn[i].Colour);
        frame.Base();
        var step = Days(last) / 8;
        for (var i = 0; i <= 8 && Days(last) > 0; i++)
            frame.Label(i * step, (first + TimeSpan.FromDays(i * step)).UtcDateTime.ToString(Days(last) > 8 ? "yyyy-MM-dd" : "MM-dd HH:mm", CultureInfo.InvariantCulture));
    }

    static void DrawLine(SvgCanvas canvas, PlotFrame frame, TimeSeries series, List<(DateTimeOffset Time, double Value)> piece, Func<DateTimeOffset, double> days)
    {
        // A value alone between two gaps would have no line.
        if (piece.Count == 1) canvas.Circle(frame.X(days(piece[0].Time)), frame.Y(piece[0].Value), 2, series.Colour);
        else canvas.Path(piece.Select(p => (frame.X(days(p.Time)), frame.Y(p.Value))), series.Colour);
    }

    static void DrawBars(SvgCanvas canvas, PlotFrame frame, TimeSeries series, Func<DateTimeOffset, double> days)
    {
        var width = Math.Max(1, 0.8 * (frame.X(days(series.Points[^1].Time)) - frame.X(days(series.Points[0].Time))) / Math.Max(1, series.Points.Count));
        foreach (var (time, value) in series.Points)
        {
            if (!double.IsFinite(value)) continue;
            var (zero, end) = (frame.Y(0), frame.Y(value));
            canvas.Rectangle(frame.X(days(time)) - width / 2, Math.Min(zero, end), width, Math.Abs(end - zero), series.Colour, 0.75,
                string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-dd}: {value:0.####}"));
        }
    }

    static IEnumerable<List<(DateTimeOffset Time, double Value)>> Pieces(IEnumerable<(DateTimeOffset Time, double Value)> points)
    {
        var piece = new List<(DateTimeOffset, double)>();
        foreach (var point in points)
        {
            if (double.IsFinite(point.Value))
            {
                piece.Add(point);
                continue;
            }
            if (piece.Count > 0) yield return piece;
            piece = [];
        }
        if (piece.Count > 0) yield return piece;
    }
}
