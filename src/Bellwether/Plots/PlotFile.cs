namespace Bellwether.Plots;

/// <summary>Charts as files. A chart is an SVG document, which browsers, office programs and image tools read; a name that ends with .png makes it a picture.</summary>
public static class PlotFile
{
    const string Png = ".png";

    /// <summary>The problem with a place for a chart, as a sentence; null for one that can be written to, which is tried out.</summary>
    public static string? Problem(string path)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is not (".svg" or Png)) return $"'{path}' is no place for a chart: its name is to end with .svg or .png.";
        try
        {
            var full = Path.GetFullPath(path);
            if (Directory.Exists(full)) return $"'{path}' is no place for a chart: it is a folder.";
            if (!Directory.Exists(Path.GetDirectoryName(full))) return $"'{path}' is no place for a chart: there is no folder {Path.GetDirectoryName(full)}.";
            using var probe = new FileStream(Beside(full), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return $"'{path}' is no place for a chart: {error.Message.TrimEnd('.')}.";
        }
    }

    /// <summary>Writes beside the place and moves: whoever looks sees a whole chart or none.</summary>
    public static async Task WriteAsync(string path, string svg, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        var beside = Beside(full);
        try
        {
            if (Path.GetExtension(full).Equals(Png, StringComparison.OrdinalIgnoreCase)) await File.WriteAllBytesAsync(beside, PngPlot.Of(svg), cancellationToken).ConfigureAwait(false);
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
