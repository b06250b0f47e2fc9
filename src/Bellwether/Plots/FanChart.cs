using System.Globalization;

namespace Bellwether.Plots;

/// <summary>One target of a fan: a centre, bands from wide to narrow, and what came if it is known.</summary>
/// <param name="Bands">Lower and upper counts, both included, widest first; as many as the chart has.</param>
public sealed record FanPoint(DateTimeOffset From, DateTimeOffset To, double Centre, IReadOnlyList<(double Lower, double Upper)> Bands, double? Actual);

/// <summary>A stretch of targets of one length.</summary>
/// <param name="Unit">What the axis of values counts.</param>
public sealed record FanPanel(string Title, string Unit, IReadOnlyList<FanPoint> Points);

/// <summary>Forecasts with their uncertainty: one panel below the other, times by the clock of a zone.</summary>
public static class FanChart
{
    const int Width = 900;
    const int PanelHeight = 264;

    /// <summary>The chart as an SVG document.</summary>
    /// <param name="bands">Names of the bands, widest first.</param>
    public static string Svg(string title, string subtitle, IReadOnlyList<string> bands, IReadOnlyList<FanPanel> panels, TimeZoneInfo zone)
    {
        LegendEntry[] signs = [.. bands.Select((name, i) => new LegendEntry(name, LegendSign.Box, PlotStyle.Forecast, Covered(i))), new("median", LegendSign.Line, PlotStyle.Forecast)];
        var came = panels.Any(p => p.Points.Any(point => point.Actual is not null));
        var head = new ChartHead(title, subtitle, came ? [.. signs, new("what came", LegendSign.Dot, PlotStyle.Actual)] : signs);
        var canvas = new SvgCanvas(Width, (int)head.Height + panels.Count * PanelHeight);
        head.Draw(canvas);
        for (var i = 0; i < panels.Count; i++) Draw(canvas, panels[i], head.Height + i * PanelHeight, zone);
        return canvas.ToString();
    }

    // Bands lie on each other, so what is drawn last is darkest.
    static double Opacity(int band) => 0.16 + 0.14 * band;

    // How a band looks with all the wider ones below it.
    static double Covered(int band) => 1 - Enumerable.Range(0, band + 1).Aggregate(1.0, (clear, i) => clear * (1 - Opacity(i)));

    static void Draw(SvgCanvas canvas, FanPanel panel, double top, TimeZoneInfo zone)
    {
        if (panel.Points.Count == 0) return;
        var first = panel.Points.Min(p => p.From);
        double Hours(DateTimeOffset time) => (time - first).TotalHours;
        var most = panel.Points.Max(p => Math.Max(p.Actual ?? 0, p.Bands.Select(b => b.Upper).Append(p.Centre).Max()));
        // A count takes the height of one, half of it below: a median of 0 then lies above the axis, and an interval of one count has a height.
        var frame = new PlotFrame(canvas, (64, top + 28, Width - 20, top + PanelHeight - 46), (0, Hours(panel.Points.Max(p => p.To))), (-Math.Max(0.7, most * 0.04), most * 1.05 + 0.7));
        frame.Title(panel.Title);
        frame.Values();
        frame.Units($"time ({zone.Id})", panel.Unit);
        foreach (var point in panel.Points) Draw(canvas, frame, point, Hours, zone);
        frame.Base();
        var step = Math.Max(1, (int)Math.Ceiling(panel.Points.Count / 8.0));
        for (var i = 0; i < panel.Points.Count; i += step)
            frame.Label(Hours(panel.Points[i].From) + (panel.Points[i].To - panel.Points[i].From).TotalHours / 2, Label(panel.Points[i], zone));
    }

    static void Draw(SvgCanvas canvas, PlotFrame frame, FanPoint point, Func<DateTimeOffset, double> hours, TimeZoneInfo zone)
    {
        var (left, right) = (frame.X(hours(point.From)), frame.X(hours(point.To)));
        // A hair between neighbours keeps them apart.
        if (right - left > 4) (left, right) = (left + 0.5, right - 0.5);
        var said = string.Create(CultureInfo.InvariantCulture,
            $"{Local(point.From, zone):yyyy-MM-dd HH:mm} to {Local(point.To, zone):yyyy-MM-dd HH:mm}: {point.Centre:0.#}{(point.Actual is { } came ? $", came {came:0}" : "")}");
        for (var band = 0; band < point.Bands.Count; band++)
        {
            var (upper, lower) = (frame.Y(point.Bands[band].Upper + 0.5), frame.Y(point.Bands[band].Lower - 0.5));
            canvas.Rectangle(left, upper, right - left, Math.Max(2, lower - upper), PlotStyle.Forecast, Opacity(band), said);
        }
        canvas.Line(left, frame.Y(point.Centre), right, frame.Y(point.Centre), PlotStyle.Forecast, 2.5);
        if (point.Actual is { } actual) canvas.Circle((left + right) / 2, frame.Y(actual), 3.5, PlotStyle.Actual, said);
    }

    static string Label(FanPoint point, TimeZoneInfo zone)
    {
        var (from, to) = (Local(point.From, zone), Local(point.To, zone));
        var form = from.TimeOfDay == TimeSpan.Zero && to.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "MM-dd HH:mm";
        return (point.To - point.From).TotalHours switch
        {
            < 20 => from.ToString("MM-dd HH:mm", CultureInfo.InvariantCulture),
            // A whole day is called by its date, whatever it is that the clock does to its length.
            < 26 when from.TimeOfDay == TimeSpan.Zero => from.ToString("ddd yyyy-MM-dd", CultureInfo.InvariantCulture),
            _ => $"{from.ToString(form, CultureInfo.InvariantCulture)} to {to.ToString(form, CultureInfo.InvariantCulture)}",
        };
    }

    static DateTime Local(DateTimeOffset time, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(time, zone).DateTime;
}
