using System.ComponentModel;
using System.Diagnostics;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>Runs programs as the user that owns the cluster, in a session of their own so that Ctrl-C does not reach them.</summary>
static class ServerCommand
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    internal readonly record struct Result(int ExitCode, string Output);

    /// <summary>Starts a program with all three streams redirected.</summary>
    internal static Process Start(OsUser user, string program, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        if (user.Uid != Posix.EffectiveUser())
            start.UserName = user.Name;
        CleanEnvironment(start.Environment);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"cannot run setsid {program} as user {user.Name}: {error.Message}.",
                "Install util-linux (apt-get install util-linux), or see that this process may change its user.",
                error);
        }
    }

    internal static Task<Result> RunAsSelfAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(new OsUser("", Posix.EffectiveUser(), 0), program, arguments, "", cancellationToken);

    /// <summary>Runs a program to its end; output and errors come together. Cancelling ends it, and returns when it is gone.</summary>
    internal static async Task<Result> RunAsync(
        OsUser user, string program, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        using var process = Start(user, program, arguments.ToArray());
        // Read to their ends even when cancelled: they end when the last process that holds them has ended, children of the program included.
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading: its exit code and output say why.
            }
            await process.WaitForExitAsync(cancellationToken);
            return new Result(process.ExitCode, (await output + await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process, Task.WhenAll(output, errors));
            throw;
        }
    }

    /// <summary>
    /// Asks first: a server program that is killed leaves a megabyte of shared memory behind until the next boot, and initdb's ends by itself
    /// when initdb does.
    /// </summary>
    static async Task EndAsync(Process process, Task closed)
    {
        if (!process.HasExited)
            Posix.Kill(process.Id, Posix.SigTerm);
        try
        {
            await closed.WaitAsync(Grace, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            await closed;
        }
    }

    /// <summary>What a person's shell sets for PostgreSQL clients must not steer the private server.</summary>
    static void CleanEnvironment(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(IsForeign).ToList())
            environment.Remove(name);
        environment["LC_ALL"] = "C.UTF-8";
        environment["TZ"] = "UTC";
        environment["HOME"] = "/";

        static bool IsForeign(string name) =>
            name.StartsWith("PG", StringComparison.Ordinal) || name.StartsWith("LC_", StringComparison.Ordinal)
            || name is "LANG" or "LANGUAGE" or "LD_PRELOAD" or "DOTNET_STARTUP_HOOKS";
    }
}
