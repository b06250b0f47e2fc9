namespace Bellwether.Plots;

/// <summary>Bars of one height each, with a line at the height that would be even.</summary>
/// <param name="Names">One for each bar.</param>
/// <param name="Even">Where the line is drawn; null for none.</param>
public sealed record BarPanel(string Title, IReadOnlyList<string> Names, IReadOnlyList<double> Heights, double? Even = null);

/// <summary>Histograms and probabilities of ranges: one panel below the other.</summary>
public static class BarChart
{
    const string Colour = "#1f5fa8";
    const string Line = "#c0392b";
    const int Width = 700;
    const int PanelHeight = 220;

    /// <summary>The chart as an SVG document.</summary>
    public static string Svg(string title, IReadOnlyList<BarPanel> panels)
    {
        var canvas = new SvgCanvas(Width, 44 + panels.Count * PanelHeight);
        canvas.Text(16, 24, title, size: 15);
        for (var i = 0; i < panels.Count; i++) Draw(canvas, panels[i], 44 + i * PanelHeight);
        return canvas.ToString();
    }

    static void Draw(SvgCanvas canvas, BarPanel panel, double top)
    {
        var most = panel.Heights.Append(panel.Even ?? 0).Max();
        var frame = new PlotFrame(canvas, (56, top + 24, Width - 16, top + PanelHeight - 32), (0, panel.Heights.Count), (0, most * 1.05));
        frame.Title(panel.Title);
        frame.Values();
        var step = Math.Max(1, (int)Math.Ceiling(panel.Names.Count / 12.0));
        for (var i = 0; i < panel.Heights.Count; i++)
        {
            canvas.Rectangle(frame.X(i + 0.08), frame.Y(panel.Heights[i]), frame.X(i + 0.92) - frame.X(i + 0.08), frame.Y(0) - frame.Y(panel.Heights[i]), Colour, 0.75,
                FormattableString.Invariant($"{panel.Names[i]}: {panel.Heights[i]:0.####}"));
            if (i % step == 0) frame.Label(i + 0.5, panel.Names[i]);
        }
        if (panel.Even is { } even) canvas.Line(frame.X(0), frame.Y(even), frame.X(panel.Heights.Count), frame.Y(even), Line, 1.5, "5 4");
        frame.Base();
    }
}
