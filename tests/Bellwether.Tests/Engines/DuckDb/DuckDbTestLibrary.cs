using System.Diagnostics;
using Bellwether.Engines.DuckDb;

namespace Bellwether.Tests.Engines.DuckDb;

/// <summary>Where the tests find DuckDB: BELLWETHER_DUCKDB, else the engine cache, which is filled once with npm.</summary>
static class DuckDbTestLibrary
{
    const string Package = "@duckdb/node-bindings-linux-x64@1.5.6-r.1";
    static readonly Lazy<string> Located = new(Locate);

    public static string Path => Located.Value;

    public static DuckDbDatabase Open(int memoryLimitMb = 256, int threads = 2, string? tempDirectory = null) =>
        DuckDbDatabase.Open(Path, new DuckDbOptions { MemoryLimitMb = memoryLimitMb, Threads = threads, TempDirectory = tempDirectory });

    static string Locate()
    {
        if (Environment.GetEnvironmentVariable("BELLWETHER_DUCKDB") is { Length: > 0 } configured) return configured;
        var cache = System.IO.Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "bellwether", "engines");
        Directory.CreateDirectory(cache);
        var found = Directory.EnumerateDirectories(cache, "duckdb-*")
            .SelectMany(folder => Directory.EnumerateFiles(folder, "libduckdb.so", SearchOption.AllDirectories)).Order().LastOrDefault();
        return found ?? Fetch(cache);
    }

    static string Fetch(string cache)
    {
        var staging = Directory.CreateTempSubdirectory("duckdb-fetch-").FullName;
        try
        {
            Run(staging, "npm", "pack", "--silent", Package);
            Run(staging, "tar", "xzf", Directory.EnumerateFiles(staging, "*.tgz").Single(), "--strip-components=1");
            var target = System.IO.Path.Combine(cache, "duckdb-1.5.6-r.1");
            Directory.CreateDirectory(target);
            var library = System.IO.Path.Combine(target, "libduckdb.so");
            // Copied beside and renamed: another test process never sees half a file.
            File.Copy(System.IO.Path.Combine(staging, "libduckdb.so"), library + ".new", overwrite: true);
            File.Move(library + ".new", library, overwrite: true);
            return library;
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    static void Run(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
