using System.Globalization;
using System.Xml.Linq;

namespace Bellwether.Plots;

/// <summary>
/// A chart as PNG, for places that show no SVG. It knows the elements that <see cref="SvgCanvas"/> writes and no others, and needs no font and no library of the
/// system: letters are drawn as strokes.
/// </summary>
public static class PngPlot
{
    /// <summary>Points of the picture for each unit of the chart.</summary>
    public const int Scale = 2;

    const double StrokeOfSize = 0.085;

    /// <param name="svg">A chart of this program.</param>
    public static byte[] Of(string svg) => Draw(svg).ToPng();

    internal static Raster Draw(string svg)
    {
        var root = XDocument.Parse(svg).Root!;
        var raster = new Raster((int)(Number(root, "width") * Scale), (int)(Number(root, "height") * Scale));
        foreach (var element in root.Elements()) Draw(raster, element);
        return raster;
    }

    static void Draw(Raster raster, XElement e)
    {
        switch (e.Name.LocalName)
        {
            case "rect":
                raster.Rectangle(Number(e, "x") * Scale, Number(e, "y") * Scale, Number(e, "width") * Scale, Number(e, "height") * Scale, Colour(e, "fill"), Number(e, "fill-opacity", 1));
                break;
            case "circle":
                raster.Circle(Number(e, "cx") * Scale, Number(e, "cy") * Scale, Number(e, "r") * Scale, Colour(e, "fill"));
                break;
            case "line":
                (double, double)[] line = [(Number(e, "x1") * Scale, Number(e, "y1") * Scale), (Number(e, "x2") * Scale, Number(e, "y2") * Scale)];
                raster.Strokes(Dashed(line, (string?)e.Attribute("stroke-dasharray")), Number(e, "stroke-width", 1) * Scale, Colour(e, "stroke"));
                break;
            case "polyline":
                raster.Strokes([Points((string?)e.Attribute("points") ?? "")], Number(e, "stroke-width", 1) * Scale, Colour(e, "stroke"));
                break;
            case "text":
                Write(raster, e);
                break;
            default:
                throw new NotSupportedException($"a chart with <{e.Name.LocalName}> cannot be drawn as PNG");
        }
    }

    static void Write(Raster raster, XElement e)
    {
        var (x, y, size) = (Number(e, "x"), Number(e, "y"), Number(e, "font-size", 12));
        var (width, strokes) = StrokeFont.Lay(e.Value, size);
        var start = (string?)e.Attribute("text-anchor") switch { "middle" => -width / 2, "end" => -width, _ => 0 };
        // The only turn that charts have: text that reads upwards.
        var upright = e.Attribute("transform") is not null;
        raster.Strokes(strokes.Select(s => Array.ConvertAll(s, p => upright
            ? ((x - p.Y) * Scale, (y - start - p.X) * Scale)
            : ((x + start + p.X) * Scale, (y - p.Y) * Scale))), StrokeOfSize * size * Scale, Colour(e, "fill"));
    }

    static (double X, double Y)[] Points(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split(',')).Select(p => (double.Parse(p[0], CultureInfo.InvariantCulture) * Scale, double.Parse(p[1], CultureInfo.InvariantCulture) * Scale))];

    static IEnumerable<(double X, double Y)[]> Dashed((double X, double Y)[] line, string? dashes)
    {
        if (dashes?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var first, var second]) return [line];
        var (on, off) = (double.Parse(first, CultureInfo.InvariantCulture) * Scale, double.Parse(second, CultureInfo.InvariantCulture) * Scale);
        var (dx, dy) = (line[1].X - line[0].X, line[1].Y - line[0].Y);
        var length = Math.Sqrt(dx * dx + dy * dy);
        var pieces = new List<(double, double)[]>();
        for (var at = 0.0; at < length; at += on + off)
        {
            var (from, to) = (at / length, Math.Min(length, at + on) / length);
            pieces.Add([(line[0].X + from * dx, line[0].Y + from * dy), (line[0].X + to * dx, line[0].Y + to * dy)]);
        }
        return pieces;
    }

    static double Number(XElement e, string name, double otherwise = 0) =>
        (string?)e.Attribute(name) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    static int Colour(XElement e, string name) => (string?)e.Attribute(name) is ['#', .. var hex] && hex.Length == 6 ? int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : 0;
}
