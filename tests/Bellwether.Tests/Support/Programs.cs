using System.Diagnostics;

namespace Bellwether.Tests.Support;

/// <summary>Programs of the system that tests use.</summary>
static class Programs
{
    public static bool Has(string name) => PathOf(name) is not null;

    public static string? PathOf(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(p => Path.Combine(p, name)).FirstOrDefault(File.Exists);

    /// <summary>Skips the calling test where a program is missing, unless CI=true.</summary>
    public static string Require(string name, string package)
    {
        if (PathOf(name) is { } path) return path;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail($"CI needs {name}; on Debian: apt-get install {package}");
        Assert.Skip($"{name} is not installed; on Debian: apt-get install {package}");
        return "";
    }

    public static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(output));
    }
}
