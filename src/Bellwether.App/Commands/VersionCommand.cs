using System.CommandLine;
using Bellwether.Storage;

namespace Bellwether.App.Commands;

/// <param name="Schema">The newest revision of the database schema that this program knows.</param>
sealed record VersionAnswer(string Version, int Schema, string Runtime);

/// <summary><c>bellwether version</c>.</summary>
static class VersionCommand
{
    public static Command Create(Screen screen, GlobalOptions globals) =>
        new Verb("version", "Show the versions of the program, its schema and the runtime", "version", "version --json").Runs(screen, globals, (session, _) =>
        {
            var answer = new VersionAnswer(typeof(VersionCommand).Assembly.GetName().Version!.ToString(3), Migration.Shipped.Count, Environment.Version.ToString());
            if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.VersionAnswer);
            else screen.Out.WriteLine($"{CommandLine.ProgramName} {answer.Version}, schema {answer.Schema}, .NET {answer.Runtime}");
            return Task.FromResult(ExitCode.Ok);
        });
}
