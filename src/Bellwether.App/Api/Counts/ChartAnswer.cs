using System.Text;
using Bellwether.Plots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Bellwether.App.Api.Counts;

/// <summary>In what form an answer is wanted.</summary>
enum ChartForm
{
    Data,
    Svg,
    Png,
}

/// <summary>Answers that are drawn where the client wants them so.</summary>
static class ChartAnswer
{
    public const string Type = "image/svg+xml", Png = "image/png";

    static readonly string[] Data = ["application/json", "application/*", "*/*"];

    public static FileContentHttpResult Of(string svg, ChartForm form) => form == ChartForm.Png
        ? TypedResults.Bytes(PngPlot.Of(svg), Png) : TypedResults.Bytes(Encoding.UTF8.GetBytes(svg), $"{Type}; charset=utf-8");

    /// <summary>By name, else by what the Accept header likes best. An img element of a page likes images better than data.</summary>
    public static ChartForm Chart(this RequestCheck check, HttpContext context, string? format)
    {
        context.Response.Headers.Vary = "Accept";
        if (check.OneOf("format", format, "json", "svg", "png") is { } named)
            return Enum.Parse<ChartForm>(named == "json" ? "Data" : named, ignoreCase: true);
        return Accepted(context) is { } accepted && Liking(accepted, [Type, Png, "image/*"]) > Liking(accepted, Data)
            ? Drawn(accepted, "image/*") : ChartForm.Data;
    }

    /// <summary>Of what is drawn in any case: SVG, unless PNG is named, or the Accept header likes it better.</summary>
    public static ChartForm Picture(this RequestCheck check, HttpContext context, string? format)
    {
        context.Response.Headers.Vary = "Accept";
        if (check.OneOf("format", format, "svg", "png") is { } named) return Enum.Parse<ChartForm>(named, ignoreCase: true);
        return Accepted(context) is { } accepted ? Drawn(accepted, "image/*", "*/*") : ChartForm.Svg;
    }

    static ChartForm Drawn(IList<MediaTypeHeaderValue> accepted, params string[] any) =>
        Liking(accepted, [Png]) > Liking(accepted, [Type, .. any]) ? ChartForm.Png : ChartForm.Svg;

    static IList<MediaTypeHeaderValue>? Accepted(HttpContext context) =>
        MediaTypeHeaderValue.TryParseList(context.Request.Headers.Accept, out var accepted) ? accepted : null;

    static double Liking(IList<MediaTypeHeaderValue> accepted, string[] types) =>
        accepted.Where(a => types.Contains(a.MediaType.Value, StringComparer.OrdinalIgnoreCase))
            .Select(a => a.Quality ?? 1).DefaultIfEmpty(0).Max();
}
