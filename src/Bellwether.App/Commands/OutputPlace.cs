using System.CommandLine;

namespace Bellwether.App.Commands;

/// <summary>
/// Places for files that a command writes, tried out before any work begins: one sentence and one exit code for all of them.
/// </summary>
static class OutputPlace
{
    /// <summary>Refuses a place that nothing can be written to, and a name that does not say what will be in it.</summary>
    /// <param name="endings">One of them ends the name; none for any.</param>
    public static void Guard(Option<string?> option, params string[] endings) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<string?>() is not { } path) return;
        if (endings.Length > 0 && !endings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
            result.AddError(Sentence(option.Name, path, $"its name is to end with {string.Join(" or ", endings)}"));
        else if (Problem(path) is { } problem) result.AddError(Sentence(option.Name, path, problem));
    });

    /// <summary>The same of a place that is known only when the command runs.</summary>
    /// <exception cref="CommandException">Nothing can be written there.</exception>
    public static void Require(string option, string path)
    {
        if (Problem(path) is { } problem) throw CommandException.Usage(Sentence(option, path, problem));
    }

    /// <summary>A file is there that another program, or a person, has made: only who says --replace loses it.</summary>
    public static CommandException Taken(string option, string path, string what) =>
        CommandException.Usage($"{option}: '{path}' is there, and {what}.", "Name another file, or --replace it.");

    static string Sentence(string option, string path, string problem) => $"{option}: '{path}' cannot be written: {problem}.";

    static string? Problem(string path)
    {
        try
        {
            var full = Path.GetFullPath(path);
            if (Directory.Exists(full) || Path.EndsInDirectorySeparator(path)) return "it is a folder";
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
