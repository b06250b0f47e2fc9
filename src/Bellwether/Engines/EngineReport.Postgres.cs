using Bellwether.Engines.Postgres;

namespace Bellwether.Engines;

public static partial class EngineReport
{
    static async Task<EngineFinding> BinariesAsync(EngineCache cache, PostgresOptions options, CancellationToken cancellationToken)
    {
        const string Name = "PostgreSQL";
        try
        {
            if (options.ConnectionString is not null)
            {
                var version = await PostgresEngine.CheckExternalAsync(options.ConnectionString, cancellationToken);
                return new(Name, FindingStatus.Ok, $"{version}, external server");
            }
            var found = await cache.LocatePostgresAsync(options.BinDirectory, cancellationToken);
            return found.Count > 0
                ? new(Name, FindingStatus.Ok, string.Join("; ", found.Select(b => $"{b.Version}, {b.Directory}")))
                : new(Name, FindingStatus.Warning, $"{cache.LockedVersion(EngineCache.Postgres)} will be fetched into {cache.Directory} when first needed");
        }
        catch (EngineException error)
        {
            return new(Name, FindingStatus.Missing, error.Problem, error.Mend);
        }
    }

    static async Task<EngineFinding> ClusterAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        const string Name = "database";
        if (options.ConnectionString is not null)
            return new(Name, FindingStatus.Ok, "kept by the external server");
        try
        {
            if (ClusterHome.Locate(options.DataDirectory) is not { } home)
                return new(Name, FindingStatus.Ok, "none yet; made on first use");
            var running = Postmaster.Find(home.Cluster) is { } postmaster ? $"running as process {postmaster.Pid}" : "not running";
            var detail = $"{home.Cluster}, version {home.MajorVersion}, {running}, {Size(SizeOf(home.Cluster))}, user {home.Server.Name}";
            var binaries = await new EngineCache(options.CacheDirectory) { SystemPostgres = options.SystemBinaries }
                .LocatePostgresAsync(options.BinDirectory, cancellationToken);
            return binaries.Count == 0 || binaries.Any(b => b.Major == home.MajorVersion)
                ? new(Name, FindingStatus.Ok, detail)
                : new(Name, FindingStatus.Missing, $"{detail}; no PostgreSQL of that version is found", $"apt-get install postgresql-{home.MajorVersion}");
        }
        catch (EngineException error)
        {
            return new(Name, FindingStatus.Missing, error.Problem, error.Mend);
        }
    }

    static long SizeOf(string directory)
    {
        var every = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = 0 };
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*", every))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // A running server removes files of its own.
            }
        }
        return bytes;
    }
}
