using System.ComponentModel.DataAnnotations;

namespace Bellwether.Engines.Postgres;

/// <summary>Which PostgreSQL to use, and where a private one keeps its data.</summary>
public sealed record PostgresOptions
{
    /// <summary>The user's data folder. A private server keeps its cluster in <c>postgres</c> below it.</summary>
    [Required] public required string DataDirectory { get; init; }

    /// <summary>An external server, 15 or newer; then nothing is started and <see cref="DataDirectory"/> is not touched.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Folder with initdb and postgres; null: search as <see cref="EngineCache"/> does.</summary>
    public string? BinDirectory { get; init; }

    /// <summary>Folder for fetched engines; null: the default of <see cref="EngineCache"/>.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary>Memory for cached pages of a private server.</summary>
    [Range(1, 1 << 20)] public int SharedBuffersMegabytes { get; init; } = 128;

    [Range(10, 10_000)] public int MaxConnections { get; init; } = 100;

    /// <summary>Connections that one process may open at a time; several processes share <see cref="MaxConnections"/>.</summary>
    [Range(1, 10_000)] public int MaxPoolSize { get; init; } = 30;

    /// <summary>Further server settings by name; they win over the built-in ones.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>How long the server may take to become ready. Crash recovery of 2 GB of log takes tens of seconds on a slow disk.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an orderly stop may take before the server is told to quit at once, which costs a recovery and no data.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Times the waiting.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where the distribution keeps one folder of binaries per major version.</summary>
    internal string SystemBinaries { get; init; } = EngineCache.DefaultSystemPostgres;

    /// <summary>Where clusters go whose own folder the server's user cannot enter.</summary>
    internal string FallbackDirectory { get; init; } = "/var/lib/bellwether";

    /// <summary>Where binaries go that the server's user cannot enter.</summary>
    internal string SharedBinaries { get; init; } = "/var/cache/bellwether";

    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(DataDirectory);
        Check(SharedBuffersMegabytes, 1, 1 << 20, nameof(SharedBuffersMegabytes));
        Check(MaxConnections, 10, 10_000, nameof(MaxConnections));
        Check(MaxPoolSize, 1, 10_000, nameof(MaxPoolSize));
    }

    static void Check(int value, int low, int high, string name)
    {
        if (value < low || value > high)
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value}; allowed are {low} to {high}.");
    }
}
