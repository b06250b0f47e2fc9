using System.Runtime.InteropServices;
using Bellwether.Engines.Postgres;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines;

/// <summary>What of the needed engines and tools is on this machine. Only looks: fetches, starts and makes nothing.</summary>
public static partial class EngineReport
{
    const long LowDiskBytes = 5L << 30;
    const int OldestRuntime = 10;

    /// <summary>One finding for each thing the program needs, in a fixed order.</summary>
    /// <param name="options">The same options that the engine would be started with.</param>
    /// <param name="duckDbPath">The configured DuckDB library, if any.</param>
    /// <param name="kafka">Where Kafka is the event log, how its client is found; null where it is not wanted.</param>
    /// <param name="onnx">Where a model needs ONNX Runtime, how it is found; null where none does.</param>
    public static async Task<IReadOnlyList<EngineFinding>> InspectAsync(
        PostgresOptions options, string? duckDbPath, KafkaWish? kafka, OnnxWish? onnx, CancellationToken cancellationToken)
    {
        var cache = new EngineCache(options.CacheDirectory) { SystemPostgres = options.SystemBinaries };
        var node = VersionOfAsync("node", cancellationToken);
        var npm = VersionOfAsync("npm", cancellationToken);
        var duckDb = DuckDb(cache, duckDbPath);
        var client = Kafka(cache, kafka);
        var binaries = await BinariesAsync(cache, options, cancellationToken);
        EngineFinding[] models = onnx is null ? [] : [Onnx(cache, onnx)];
        EngineFinding[] brokers = kafka is null ? [] : [await BrokersAsync(cache, kafka, cancellationToken)];
        return
        [
            Machine(),
            Runtime(),
            Tool("flock", "apt-get install util-linux"),
            Tool("setsid", "apt-get install util-linux"),
            Npm(await node, await npm, needed: duckDb.Status != FindingStatus.Ok || binaries.Status != FindingStatus.Ok
                || (kafka is not null && client.Status != FindingStatus.Ok) || models.Any(m => m.Status != FindingStatus.Ok)),
            binaries,
            await ClusterAsync(options, cancellationToken),
            duckDb,
            client,
            .. brokers,
            .. models,
            DataDirectory(options.DataDirectory),
            Disk(options.DataDirectory),
        ];
    }

    static EngineFinding Machine()
    {
        var detail = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        return OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64
            ? new("machine", FindingStatus.Ok, detail)
            : new("machine", FindingStatus.Missing, detail, "The engines are built for Linux on x64.");
    }

    static EngineFinding Runtime() => Environment.Version.Major >= OldestRuntime
        ? new(".NET", FindingStatus.Ok, Environment.Version.ToString())
        : new(".NET", FindingStatus.Missing, $"{Environment.Version}; {OldestRuntime} or newer is needed", $"Install the .NET {OldestRuntime} SDK.");

    static EngineFinding Tool(string name, string mend) => FindOnPath(name) is { } path
        ? new(name, FindingStatus.Ok, path)
        : new(name, FindingStatus.Missing, "not found; the private database needs it", mend);

    static EngineFinding Npm(string? node, string? npm, bool needed) => (node, npm) switch
    {
        ({ } n, { } m) => new("npm", FindingStatus.Ok, $"npm {m}, node {n}"),
        _ when needed => new("npm", FindingStatus.Missing, "not found; the missing engines are fetched with it", "apt-get install npm"),
        _ => new("npm", FindingStatus.Warning, "not found; nothing needs fetching now", "apt-get install npm"),
    };

    static EngineFinding DuckDb(EngineCache cache, string? configured)
    {
        const string Name = "DuckDB";
        try
        {
            if (cache.LocateDuckDbLibrary(configured) is not { } path)
                return new(Name, FindingStatus.Warning, $"{cache.LockedVersion(EngineCache.DuckDb)} will be fetched into {cache.Directory} when first needed");
            var fetched = Path.GetDirectoryName(path) == cache.LocateFetched(EngineCache.DuckDb);
            return new(Name, FindingStatus.Ok, fetched ? $"{cache.LockedVersion(EngineCache.DuckDb)}, {path}" : path);
        }
        catch (EngineException error)
        {
            return new(Name, FindingStatus.Missing, error.Problem, error.Mend);
        }
    }

    static EngineFinding DataDirectory(string path)
    {
        const string Name = "data folder";
        var full = Path.GetFullPath(path);
        var existing = NearestExisting(full);
        if (!Posix.CanWrite(existing))
            return new(Name, FindingStatus.Missing, $"{existing} is not writable", $"Choose another with --data, or: chown {Environment.UserName} {existing}");
        return new(Name, FindingStatus.Ok, existing == full ? full : $"{full}, will be made");
    }

    static EngineFinding Disk(string path)
    {
        var free = new DriveInfo(NearestExisting(Path.GetFullPath(path))).AvailableFreeSpace;
        return free >= LowDiskBytes
            ? new("disk", FindingStatus.Ok, $"{Size(free)} free")
            : new("disk", FindingStatus.Warning, $"only {Size(free)} free", "Free some space, or choose another folder with --data.");
    }

    static string NearestExisting(string path)
    {
        while (!Directory.Exists(path))
            path = Path.GetDirectoryName(path) ?? "/";
        return path;
    }

    static string? FindOnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    static async Task<string?> VersionOfAsync(string program, CancellationToken cancellationToken)
    {
        if (FindOnPath(program) is not { } path || FindOnPath("setsid") is null)
            return null;
        var (exitCode, output) = await ServerCommand.RunAsSelfAsync(path, ["--version"], cancellationToken);
        return exitCode == 0 ? output.TrimStart('v') : null;
    }

    static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (double)(1L << 30):0.0} GB",
        >= 1L << 20 => $"{bytes / (double)(1L << 20):0.0} MB",
        _ => $"{bytes / 1024.0:0.0} kB",
    };
}
