namespace Bellwether.Plots;

/// <summary>Colours that can be told apart with any eyes, and in print.</summary>
public static class PlotStyle
{
    public const string Forecast = "#1f5fa8";
    public const string Actual = "#c0392b";
    public const string Market = "#e08a00";
    public const string Ink = "#333333";
    public const string Faint = "#777777";
    public const string Grid = "#e3e3e3";
}

/// <summary>How a sign of the legend looks.</summary>
public enum LegendSign
{
    Box,
    Line,
    Dashes,
    Dot,
}

/// <summary>One sign of a chart and what it stands for.</summary>
public sealed record LegendEntry(string Name, LegendSign Sign, string Colour, double Opacity = 1);

/// <summary>What stands above all panels of a chart.</summary>
/// <param name="Title">What is shown, and of whom.</param>
/// <param name="Subtitle">Where it comes from: origin, model, zone; null for nothing.</param>
public sealed record ChartHead(string Title, string? Subtitle, IReadOnlyList<LegendEntry> Legend)
{
    const double Left = 16;
    const double Swatch = 14;
    const double CharacterWidth = 6.6;

    /// <summary>How much of the canvas it takes.</summary>
    internal double Height => 34 + (Subtitle is null ? 0 : 18) + (Legend.Count == 0 ? 0 : 22);

    internal void Draw(SvgCanvas canvas)
    {
        canvas.Text(Left, 24, Title, size: 15);
        if (Subtitle is { } more) canvas.Text(Left, 43, more, colour: PlotStyle.Faint);
        var (x, y) = (Left, Height - 10);
        foreach (var entry in Legend)
        {
            switch (entry.Sign)
            {
                case LegendSign.Box: canvas.Rectangle(x, y - 9, Swatch, 10, entry.Colour, entry.Opacity); break;
                case LegendSign.Dot: canvas.Circle(x + Swatch / 2, y - 4, 3.5, entry.Colour); break;
                default: canvas.Line(x, y - 4, x + Swatch, y - 4, entry.Colour, 2, entry.Sign == LegendSign.Dashes ? "5 4" : null); break;
            }
            canvas.Text(x + Swatch + 5, y, entry.Name, size: 11);
            x += Swatch + 5 + entry.Name.Length * CharacterWidth + 18;
        }
    }
}
