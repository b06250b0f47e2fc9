namespace Bellwether.Plots;

/// <summary>
/// Charts as files. A chart is an SVG document, which browsers, office programs and image tools read; a name that ends with .png makes it a
/// picture.
/// </summary>
public static class PlotFile
{
    const string Png = ".png";

    /// <summary>With which the name of a chart may end.</summary>
    public static readonly string[] Endings = [".svg", Png];

    /// <summary>Writes beside the place and moves: whoever looks sees a whole chart or none.</summary>
    public static async Task WriteAsync(string path, string svg, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        var beside = Beside(full);
        try
        {
            if (Path.GetExtension(full).Equals(Png, StringComparison.OrdinalIgnoreCase))
                await File.WriteAllBytesAsync(beside, PngPlot.Of(svg), cancellationToken).ConfigureAwait(false);
            else await File.WriteAllTextAsync(beside, svg, cancellationToken).ConfigureAwait(false);
            File.Move(beside, full, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }

    static string Beside(string full) => $"{full}.{Guid.NewGuid():N}.partial";
}
