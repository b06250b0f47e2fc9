using Bellwether.Engines;
using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;

namespace Bellwether.Tests.Engines;

public sealed class EngineCacheTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    static string Engines => Path.Combine(AppContext.BaseDirectory, "engines");

    [Fact]
    public async Task Fetch_of_an_archive_with_another_hash_fails_and_installs_nothing()
    {
        using var folder = new EngineFolder();
        var engines = CopyOfEngines(folder, text => text.Replace("sha512-IX", "sha512-XI", StringComparison.Ordinal));
        var cache = new EngineCache(folder["cache"], engines);
        var error = await Assert.ThrowsAsync<EngineException>(() => cache.FetchAsync(EngineCache.DuckDb, null, Token));
        SkipWithoutRegistry(error);
        Assert.Contains("wrong hash", error.Problem);
        Assert.Null(cache.LocateFetched(EngineCache.DuckDb));
        Assert.Empty(Directory.EnumerateDirectories(folder["cache"]));
    }

    [Fact]
    public async Task Fetch_of_a_version_without_a_hash_is_refused_before_anything_is_downloaded()
    {
        using var folder = new EngineFolder();
        var engines = CopyOfEngines(folder, text => text.Replace("\"integrity\"", "\"checksum\"", StringComparison.Ordinal));
        var error = await Assert.ThrowsAsync<EngineException>(() =>
            new EngineCache(folder["cache"], engines).FetchAsync(EngineCache.DuckDb, null, Token));
        Assert.Contains("sha512", error.Problem);
        Assert.False(Directory.Exists(folder["cache"]));
    }

    [Fact]
    public async Task Kafka_client_that_cannot_be_built_here_names_the_packages_that_are_missing()
    {
        using var folder = new EngineFolder();
        // A machine with npm and nothing to build with.
        Directory.CreateDirectory(folder["bin"]);
        foreach (var tool in new[] { "bash", "dirname", "node", "npm", "tar", "flock", "mkdir", "cat", "rm" })
            File.CreateSymbolicLink(folder["bin", tool], Find(tool));
        var start = new System.Diagnostics.ProcessStartInfo(folder["bin", "bash"], [Path.Combine(Engines, "fetch"), "kafka", folder["cache"]]) { RedirectStandardError = true };
        start.Environment["PATH"] = folder["bin"];
        using var fetch = System.Diagnostics.Process.Start(start)!;
        var said = await fetch.StandardError.ReadToEndAsync(Token);
        await fetch.WaitForExitAsync(Token);
        Assert.Equal(3, fetch.ExitCode);
        Assert.Contains("apt-get install gcc libc6-dev make", said);
        Assert.False(Directory.Exists(folder["cache"]));

        static string Find(string tool) =>
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(p => Path.Combine(p, tool)).First(File.Exists);
    }

    [Fact]
    public async Task Engine_that_is_there_is_not_fetched_again()
    {
        using var folder = new EngineFolder();
        var cache = new EngineCache(folder.Path, Engines);
        var present = folder[$"duckdb-{cache.LockedVersion(EngineCache.DuckDb)}"];
        Directory.CreateDirectory(present);
        await File.WriteAllTextAsync(Path.Combine(present, "libduckdb.so"), "", Token);
        Assert.Equal(present, await cache.FetchAsync(EngineCache.DuckDb, null, Token));
        Assert.Equal(Path.Combine(present, "libduckdb.so"), await cache.FindDuckDbLibraryAsync(null, null, Token));
    }

    [Fact]
    public void Library_that_was_named_and_is_not_there_is_an_error()
    {
        using var folder = new EngineFolder();
        var error = Assert.Throws<EngineException>(() => new EngineCache(folder.Path, Engines).LocateDuckDbLibrary(folder["none.so"]));
        Assert.Contains("none.so", error.Problem);
    }

    [Fact]
    public async Task Newest_system_version_that_is_new_enough_and_complete_comes_first()
    {
        using var folder = new EngineFolder();
        foreach (var version in new[] { "9.6", "14", "15", "16", "17", "odd" })
            FakeBinaries(folder["system", version, "bin"], complete: version != "17");
        var fetched = folder["cache", "postgres-18.1.0", "native", "bin"];
        FakeBinaries(fetched, complete: true);
        var cache = new EngineCache(folder["cache"], Engines) { SystemPostgres = folder["system"] };

        var found = await cache.LocatePostgresAsync(null, Token);
        Assert.Equal([16, 15, 18], found.Select(b => b.Major));
        Assert.Equal(fetched, (await cache.FindPostgresBinAsync(null, 18, null, Token)).Directory);
        Assert.Equal(15, (await cache.FindPostgresBinAsync(null, 15, null, Token)).Major);
        var error = await Assert.ThrowsAsync<EngineException>(() => cache.FindPostgresBinAsync(null, 14, null, Token));
        Assert.Contains("16", error.Problem);
    }

    [Theory]
    [InlineData("echo 'postgres (PostgreSQL) 14.2'", "15 or newer")]
    [InlineData("echo broken >&2; exit 1", "broken")]
    public async Task Binaries_that_were_named_and_do_not_serve_are_an_error(string script, string expected)
    {
        using var folder = new EngineFolder();
        FakeBinaries(folder["bin"], complete: true);
        await File.WriteAllTextAsync(folder["bin", "postgres"], $"#!/bin/sh\n{script}\n", Token);
        Posix.SetMode(folder["bin", "postgres"], Posix.OpenDirectory);
        var error = await Assert.ThrowsAsync<EngineException>(() =>
            new EngineCache(folder.Path, Engines).FindPostgresBinAsync(folder["bin"], null, Token));
        Assert.Contains(expected, error.Problem);
    }

    [Fact]
    public async Task Fetched_server_serves_even_from_a_cache_that_its_user_cannot_enter()
    {
        using var folder = new EngineFolder();
        var cache = new EngineCache();
        try
        {
            await cache.FetchAsync(EngineCache.Postgres, null, Token);
        }
        catch (EngineException error)
        {
            SkipWithoutRegistry(error);
            throw;
        }
        var options = folder.Options with
        {
            CacheDirectory = cache.Directory,
            SystemBinaries = folder["none"],
            SharedBinaries = folder["shared"],
        };
        await using (var engine = await folder.StartAsync(options))
            Assert.StartsWith("18", (string)(await EngineFolder.QueryAsync(engine, "show server_version"))!);
        Assert.Empty(folder.Processes());

        // With a newer or older version installed, the data still gets the version that wrote it.
        await using (var engine = await folder.StartAsync(options with { SystemBinaries = EngineCache.DefaultSystemPostgres }))
            Assert.StartsWith("18", (string)(await EngineFolder.QueryAsync(engine, "show server_version"))!);
    }

    static string CopyOfEngines(EngineFolder folder, Func<string, string> edit)
    {
        var copy = Directory.CreateDirectory(folder["engines"]).FullName;
        File.Copy(Path.Combine(Engines, "fetch"), Path.Combine(copy, "fetch"));
        var text = File.ReadAllText(Path.Combine(Engines, "package-lock.json"));
        var edited = edit(text);
        Assert.NotEqual(text, edited);
        File.WriteAllText(Path.Combine(copy, "package-lock.json"), edited);
        return copy;
    }

    static void FakeBinaries(string directory, bool complete)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "postgres"), "");
        if (complete)
            File.WriteAllText(Path.Combine(directory, "initdb"), "");
    }

    static void SkipWithoutRegistry(EngineException error)
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipWhen(error.Problem.Contains("npm pack", StringComparison.Ordinal), "the npm registry cannot be reached");
    }
}
