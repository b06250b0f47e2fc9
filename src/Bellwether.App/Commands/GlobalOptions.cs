using System.CommandLine;

namespace Bellwether.App.Commands;

/// <summary>The options that every command takes.</summary>
public sealed class GlobalOptions
{
    public const string DataVariable = "BELLWETHER_DATA";

    public Option<string?> Data { get; } = new("--data")
    {
        Description = $"Folder of the database, the lake and the settings [default: ${DataVariable}, else ./data if it is there, else ~/.local/share/bellwether]",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<string?> Postgres { get; } = new("--postgres")
    {
        Description = "Connection string of a PostgreSQL server to use instead of the private one",
        HelpName = "CONNSTRING",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Answer as JSON on one line; errors too, on stderr", Recursive = true };

    public Option<bool> Verbose { get; } = new("--verbose") { Description = "Tell what happens, and errors with their stack trace", Recursive = true };

    public void AddTo(Command root)
    {
        root.Add(Data);
        root.Add(Postgres);
        root.Add(Json);
        root.Add(Verbose);
    }

    /// <summary>The data folder when none is named on the command line.</summary>
    public static string DefaultDataDirectory()
    {
        if (Variable(DataVariable) is { } named) return named;
        return Directory.Exists("data") ? "data" : DataHome();
    }

    /// <summary>The user's own folder for this program's data.</summary>
    public static string DataHome()
    {
        var home = Variable("XDG_DATA_HOME") is { } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".local", "share");
        return Path.Combine(home, "bellwether");
    }

    static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
