using System.Globalization;

namespace Bellwether.Plots;

/// <summary>One target of a fan: a centre, bands from wide to narrow, and what came if it is known.</summary>
/// <param name="Bands">Lower and upper ends, widest first; as many as the other points of the panel have.</param>
public sealed record FanPoint(DateTimeOffset From, DateTimeOffset To, double Centre, IReadOnlyList<(double Lower, double Upper)> Bands, double? Actual);

/// <summary>A stretch of targets of one length.</summary>
public sealed record FanPanel(string Title, IReadOnlyList<FanPoint> Points);

/// <summary>Forecasts with their uncertainty: one panel below the other.</summary>
public static class FanChart
{
    const string Colour = "#1f5fa8";
    const string Actual = "#c0392b";
    const int Width = 900;
    const int PanelHeight = 240;

    /// <summary>The chart as an SVG document.</summary>
    public static string Svg(string title, IReadOnlyList<FanPanel> panels)
    {
        var canvas = new SvgCanvas(Width, 44 + panels.Count * PanelHeight);
        canvas.Text(16, 24, title, size: 15);
        for (var i = 0; i < panels.Count; i++) Draw(canvas, panels[i], 44 + i * PanelHeight);
        return canvas.ToString();
    }

    static void Draw(SvgCanvas canvas, FanPanel panel, double top)
    {
        if (panel.Points.Count == 0) return;
        var first = panel.Points[0].From;
        double Hours(DateTimeOffset time) => (time - first).TotalHours;
        var most = panel.Points.Max(p => Math.Max(p.Actual ?? 0, p.Bands.Select(b => b.Upper).Append(p.Centre).Max()));
        var frame = new PlotFrame(canvas, (56, top + 24, Width - 16, top + PanelHeight - 32), (0, Hours(panel.Points[^1].To)), (0, most * 1.05 + 0.5));
        frame.Title(panel.Title);
        frame.Values();
        foreach (var point in panel.Points)
        {
            var (left, right) = (frame.X(Hours(point.From)), frame.X(Hours(point.To)));
            var said = string.Create(CultureInfo.InvariantCulture,
                $"{point.From.UtcDateTime:yyyy-MM-dd HH:mm}Z to {point.To.UtcDateTime:yyyy-MM-dd HH:mm}Z: {point.Centre:0.#}{(point.Actual is { } came ? $", came {came:0}" : "")}");
            for (var band = 0; band < point.Bands.Count; band++)
            {
                var (lower, upper) = point.Bands[band];
                canvas.Rectangle(left, frame.Y(upper), right - left, frame.Y(lower) - frame.Y(upper), Colour, 0.16 + 0.14 * band, said);
            }
            canvas.Line(left, frame.Y(point.Centre), right, frame.Y(point.Centre), Colour, 2);
            if (point.Actual is { } actual) canvas.Circle((left + right) / 2, frame.Y(actual), 3.5, Actual, said);
        }
        frame.Base();
        var step = Math.Max(1, (int)Math.Ceiling(panel.Points.Count / 8.0));
        var hourly = panel.Points.Count > 1 && panel.Points[0].To - panel.Points[0].From < TimeSpan.FromHours(20);
        for (var i = 0; i < panel.Points.Count; i += step)
            frame.Label(Hours(panel.Points[i].From) + (panel.Points[i].To - panel.Points[i].From).TotalHours / 2,
                panel.Points[i].From.UtcDateTime.ToString(hourly ? "MM-dd HH:mm" : "yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
