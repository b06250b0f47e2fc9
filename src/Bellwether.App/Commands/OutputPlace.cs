namespace Bellwether.App.Commands;

/// <summary>Places for files that a command writes, tried out before there is anything to write.</summary>
static class OutputPlace
{
    /// <exception cref="CommandException">Nothing can be written there; the message names the option, the place and the reason.</exception>
    public static void Require(string option, string path)
    {
        if (Problem(path) is { } problem) throw CommandException.Usage($"{option}: '{path}' cannot be written: {problem}.");
    }

    static string? Problem(string path)
    {
        try
        {
            var full = Path.GetFullPath(path);
            if (Directory.Exists(full)) return "it is a folder";
            if (!Directory.Exists(Path.GetDirectoryName(full))) return $"there is no folder {Path.GetDirectoryName(full)}";
            using var probe = new FileStream(
                $"{full}.{Guid.NewGuid():N}.partial", FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return error.Message.TrimEnd('.');
        }
    }
}
