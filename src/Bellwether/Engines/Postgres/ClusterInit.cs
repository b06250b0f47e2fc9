using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>Makes a cluster: beside its place, complete with its database, synced, and only then renamed into place.</summary>
static class ClusterInit
{
    internal static async Task CreateAsync(ClusterHome home, PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        // An initdb whose parent was killed may still be writing to its own, so every attempt has another name.
        foreach (var left in Directory.EnumerateDirectories(home.Folder, "postgres.new-*"))
            TryDelete(left);
        if (Directory.Exists(home.Cluster) && Directory.EnumerateFileSystemEntries(home.Cluster).Any())
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"{home.Cluster} is not empty and is no database.",
                "Move it away, or use another data folder.");
        }

        var fresh = Path.Combine(home.Folder, $"postgres.new-{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            Posix.MakeDirectory(fresh, Posix.PrivateDirectory);
            if (home.Server.Uid != Posix.EffectiveUser())
                Posix.ChangeOwner(fresh, home.Server.Uid, home.Server.Gid);

            // Collation C compares bytes, the fastest; the character type knows UTF-8, so lower() and ILIKE do.
            await RunAsync(home, binaries.Initdb, ["-D", fresh, "-U", ClusterFiles.Database, "-A", "peer", "-E", "UTF8",
                "--locale=C.UTF-8", "--lc-collate=C", "--no-sync", "--no-instructions"], "", cancellationToken);
            await RunAsync(home, binaries.Server, ["--single", "-D", fresh, "-c", "fsync=off", "postgres"],
                $"CREATE DATABASE {ClusterFiles.Database}\n", cancellationToken);
            ClusterFiles.AddInclude(fresh);
            await RunAsync(home, binaries.Initdb, ["-D", fresh, "--sync-only"], "", cancellationToken);

            if (Directory.Exists(home.Cluster))
                Directory.Delete(home.Cluster);
            Directory.Move(fresh, home.Cluster);
            Posix.SyncDirectory(home.Folder);
        }
        catch
        {
            TryDelete(fresh);
            throw;
        }
    }

    static async Task RunAsync(ClusterHome home, string program, string[] arguments, string input, CancellationToken cancellationToken)
    {
        var result = await ServerCommand.RunAsync(home.Server, program, arguments, input, cancellationToken);
        // The server in single-user mode reports a failed statement by its text only.
        if (result.ExitCode == 0 && !result.Output.Contains("ERROR:", StringComparison.Ordinal))
            return;
        var noSpace = result.Output.Contains("No space left", StringComparison.Ordinal);
        throw new EngineException(
            EngineCache.Postgres,
            $"cannot make a database in {home.Folder}: {Path.GetFileName(program)} ended with code {result.ExitCode}:\n{result.Output}\n",
            noSpace ? "Free some disk space; a new database takes 50 MB." : $"See that user {home.Server.Name} may write there, or use another data folder.");
    }

    static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whoever still writes there is ending; the next attempt removes it.
        }
    }
}
