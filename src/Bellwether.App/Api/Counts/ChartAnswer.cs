using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Bellwether.App.Api.Counts;

/// <summary>Answers that are drawn where the client wants them so.</summary>
static class ChartAnswer
{
    public const string Type = "image/svg+xml", Png = "image/png";

    static readonly string[] Data = ["application/json", "application/*", "*/*"];
    static readonly string[] Image = [Type, "image/*"];

    public static ContentHttpResult Of(string svg) => TypedResults.Text(svg, Type, Encoding.UTF8);

    /// <summary>Whether a chart is wanted: by name, or because the Accept header likes an image better. An img element of a page asks so.</summary>
    public static bool Chart(this RequestCheck check, HttpContext context, string? format)
    {
        context.Response.Headers.Vary = "Accept";
        if (check.OneOf("format", format, "json", "svg") is { } named) return named == "svg";
        return MediaTypeHeaderValue.TryParseList(context.Request.Headers.Accept, out var accepted) && Liking(accepted, Image) > Liking(accepted, Data);
    }

    /// <summary>Whether a chart is wanted as PNG: by name, or because the Accept header likes it better than SVG.</summary>
    public static bool Picture(this RequestCheck check, HttpContext context, string? format)
    {
        context.Response.Headers.Vary = "Accept";
        if (check.OneOf("format", format, "svg", "png") is { } named) return named == "png";
        return MediaTypeHeaderValue.TryParseList(context.Request.Headers.Accept, out var accepted) && Liking(accepted, [Png]) > Liking(accepted, [Type, "image/*", "*/*"]);
    }

    static double Liking(IList<MediaTypeHeaderValue> accepted, string[] types) =>
        accepted.Where(a => types.Contains(a.MediaType.Value, StringComparer.OrdinalIgnoreCase)).Select(a => a.Quality ?? 1).DefaultIfEmpty(0).Max();
}
