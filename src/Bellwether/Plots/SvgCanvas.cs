using System.Globalization;
using System.Net;
using System.Text;

namespace Bellwether.Plots;

/// <summary>Shapes and text as an SVG document, one text with no references to anything outside of it.</summary>
sealed class SvgCanvas(int width, int height)
{
    readonly StringBuilder _body = new();

    public int Width => width;

    public int Height => height;

    public void Line(double x1, double y1, double x2, double y2, string colour, double thickness = 1, string? dashes = null, string? title = null) => Add(
        $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" stroke=\"{colour}\" stroke-width=\"{thickness:0.##}\"{Dashes(dashes)}>{Title(title)}</line>");

    public void Rectangle(double x, double y, double w, double h, string fill, double opacity = 1, string? title = null) => Add(
        $"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{Math.Max(0, w):0.##}\" height=\"{Math.Max(0, h):0.##}\" fill=\"{fill}\" fill-opacity=\"{opacity:0.##}\">{Title(title)}</rect>");

    public void Circle(double x, double y, double radius, string fill, string? title = null) =>
        Add($"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" fill=\"{fill}\">{Title(title)}</circle>");

    public void Path(IEnumerable<(double X, double Y)> points, string colour, double thickness = 1.5) =>
        Add($"<polyline points=\"{Points(points)}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thickness:0.##}\" stroke-linejoin=\"round\"/>");

    /// <param name="anchor">start, middle or end.</param>
    public void Text(double x, double y, string text, string anchor = "start", int size = 12, string colour = "#333333") =>
        Add($"<text x=\"{x:0.##}\" y=\"{y:0.##}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{colour}\">{WebUtility.HtmlEncode(text)}</text>");

    /// <summary>Text that reads upwards, its middle at the place.</summary>
    public void Upright(double x, double y, string text, int size = 12, string colour = "#333333") => Add(
        $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" text-anchor=\"middle\" font-size=\"{size}\" fill=\"{colour}\" transform=\"rotate(-90 {x:0.##} {y:0.##})\">{WebUtility.HtmlEncode(text)}</text>");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{_body}</svg>\n");

    void Add(FormattableString element) => _body.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');

    static string Dashes(string? dashes) => dashes is null ? "" : $" stroke-dasharray=\"{dashes}\"";

    static string Title(string? title) => title is null ? "" : $"<title>{WebUtility.HtmlEncode(title)}</title>";

    static string Points(IEnumerable<(double X, double Y)> points) =>
        string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X:0.##},{p.Y:0.##}")));
}
