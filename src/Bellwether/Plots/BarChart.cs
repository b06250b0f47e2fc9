using System.Globalization;

namespace Bellwether.Plots;

/// <summary>Bars of one colour, one for each name of the panel.</summary>
public sealed record BarSeries(string Name, string Colour, IReadOnlyList<double> Heights);

/// <summary>A vertical line across a panel.</summary>
/// <param name="At">Where it is drawn, in bars from the left: 2.5 is the middle of the third.</param>
/// <param name="Shown">Whether its name goes to the legend; lines of one kind are explained once.</param>
public sealed record BarMark(double At, string Name, string Colour, bool Dashed = false, bool Shown = true);

/// <summary>Bars side by side, with a level line and marks.</summary>
/// <param name="Names">One for each bar.</param>
/// <param name="Units">What the axes show: names, then heights.</param>
/// <param name="Even">A level at which a line is drawn, and its name; null for none.</param>
public sealed record BarPanel(
    string Title, (string X, string Y) Units, IReadOnlyList<string> Names, IReadOnlyList<BarSeries> Series, (double At, string Name)? Even = null, IReadOnlyList<BarMark>? Marks = null);

/// <summary>Histograms and probabilities of ranges: one panel below the other.</summary>
public static class BarChart
{
    const int Width = 760;
    const int PanelHeight = 248;

    /// <summary>The chart as an SVG document.</summary>
    public static string Svg(string title, string subtitle, IReadOnlyList<BarPanel> panels)
    {
        var head = new ChartHead(title, subtitle, [.. panels.SelectMany(Legend).Distinct()]);
        var canvas = new SvgCanvas(Width, (int)head.Height + panels.Count * PanelHeight);
        head.Draw(canvas);
        for (var i = 0; i < panels.Count; i++) Draw(canvas, panels[i], head.Height + i * PanelHeight);
        return canvas.ToString();
    }

    static IEnumerable<LegendEntry> Legend(BarPanel panel) =>
    [
        .. panel.Series.Select(s => new LegendEntry(s.Name, LegendSign.Box, s.Colour, 0.75)),
        .. panel.Even is { } even ? [new LegendEntry(even.Name, LegendSign.Dashes, PlotStyle.Actual)] : Array.Empty<LegendEntry>(),
        .. (panel.Marks ?? []).Where(m => m.Shown).Select(m => new LegendEntry(m.Name, m.Dashed ? LegendSign.Dashes : LegendSign.Line, m.Colour)),
    ];

    static void Draw(SvgCanvas canvas, BarPanel panel, double top)
    {
        var most = panel.Series.SelectMany(s => s.Heights).Append(panel.Even?.At ?? 0).Max();
        var frame = new PlotFrame(canvas, (64, top + 28, Width - 20, top + PanelHeight - 46), (0, panel.Names.Count), (0, most * 1.05));
        frame.Title(panel.Title);
        frame.Values();
        frame.Units(panel.Units.X, panel.Units.Y);
        var step = Math.Max(1, (int)Math.Ceiling(panel.Names.Count / 12.0));
        var share = 0.84 / Math.Max(1, panel.Series.Count);
        for (var i = 0; i < panel.Names.Count; i++)
        {
            for (var series = 0; series < panel.Series.Count; series++) Draw(canvas, frame, panel, panel.Series[series], i, i + 0.08 + series * share, share);
            if (i % step == 0) frame.Label(i + 0.5, panel.Names[i]);
        }
        if (panel.Even is { } even) canvas.Line(frame.X(0), frame.Y(even.At), frame.X(panel.Names.Count), frame.Y(even.At), PlotStyle.Actual, 1.5, "5 4");
        foreach (var mark in panel.Marks ?? []) canvas.Line(frame.X(mark.At), frame.Top, frame.X(mark.At), frame.Y(0), mark.Colour, mark.Dashed ? 1 : 2, mark.Dashed ? "4 3" : null, mark.Name);
        frame.Base();
    }

    static void Draw(SvgCanvas canvas, PlotFrame frame, BarPanel panel, BarSeries series, int bar, double from, double share) => canvas.Rectangle(
        frame.X(from), frame.Y(series.Heights[bar]), frame.X(from + share) - frame.X(from), frame.Y(0) - frame.Y(series.Heights[bar]), series.Colour, 0.75,
        string.Create(CultureInfo.InvariantCulture, $"{panel.Names[bar]}, {series.Name}: {series.Heights[bar]:0.####}"));
}
