namespace Bellwether.Plots;

/// <summary>Charts as files. A chart is an SVG document, which browsers, office programs and image tools read.</summary>
public static class PlotFile
{
    /// <summary>The problem with a file's name, as a sentence; null for a name that can be written to.</summary>
    public static string? Problem(string path) => Path.GetExtension(path).ToLowerInvariant() == ".svg" ? null : $"'{path}' is no place for a chart: its name is to end with .svg.";

    /// <summary>Writes beside the place and moves: whoever looks sees a whole chart or none.</summary>
    public static async Task WriteAsync(string path, string svg, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        var beside = $"{full}.{Guid.NewGuid():N}.partial";
        try
        {
            await File.WriteAllTextAsync(beside, svg, cancellationToken).ConfigureAwait(false);
            File.Move(beside, full, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }
}
