using System.CommandLine;

namespace Bellwether.App.Commands;

/// <summary>A command that shows in its help how it is used.</summary>
public sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines without the program's name.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>What the command does. Runs inside the error handling of <see cref="CommandLine.RunAsync"/>.</summary>
    public Verb Runs(Screen screen, GlobalOptions globals, Func<Session, CancellationToken, Task<int>> work)
    {
        SetAction((parsed, cancellationToken) => work(new(parsed, screen, globals), cancellationToken));
        return this;
    }
}
