using System.Diagnostics;
using Bellwether.Tests.Commands;
using Bellwether.Tests.Engines.DuckDb;

namespace Bellwether.Tests.Backup;

/// <summary>The program as a process of its own.</summary>
static class LimitedProgram
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="kilobytes">No file may grow beyond; null for no limit.</param>
    public static async Task<CliResult> RunAsync(int? kilobytes, string[] line)
    {
        using var run = Start(kilobytes, line);
        var (output, error) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(run.ExitCode, await output, await error);
    }

    public static Process Start(int? kilobytes, string[] line)
    {
        var limit = kilobytes is { } most ? $"trap '' XFSZ; ulimit -f {most}; " : "";
        var start = new ProcessStartInfo("bash", ["-c", $"{limit}exec \"$@\"", "bash", Path.Combine(AppContext.BaseDirectory, "Bellwether.App"), .. line])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runtime maps files of its own otherwise.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["BELLWETHER__DUCKDB"] = DuckDbTestLibrary.Path;
        return Process.Start(start)!;
    }
}
