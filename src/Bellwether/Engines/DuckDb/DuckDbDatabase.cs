using System.Globalization;

namespace Bellwether.Engines.DuckDb;

/// <summary>How a database is opened.</summary>
public sealed record DuckDbOptions
{
    /// <summary>Buffer memory in MiB; the process needs about 150 MB on top.</summary>
    public int MemoryLimitMb { get; init; } = 256;

    public int Threads { get; init; } = 2;

    /// <summary>Folder to spill to; null forbids spilling.</summary>
    public string? TempDirectory { get; init; }

    /// <summary>A database file; null keeps everything in memory.</summary>
    public string? DatabaseFile { get; init; }

    /// <summary>Further DuckDB settings by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>An open DuckDB database. Safe for use by several threads; each takes a connection of its own.</summary>
public sealed unsafe class DuckDbDatabase : IDisposable
{
    readonly DuckDbDatabaseHandle _handle;

    DuckDbDatabase(DuckDbDatabaseHandle handle) => _handle = handle;

    /// <summary>Opens a database through the library at <paramref name="libraryPath"/>. Extensions are neither installed nor loaded from disk.</summary>
    /// <exception cref="DuckDbException">The library, a setting or the file is refused.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Memory below 16 MiB or threads outside 1–256.</exception>
    public static DuckDbDatabase Open(string libraryPath, DuckDbOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MemoryLimitMb, 16, "MemoryLimitMb");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, "Threads");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, 256, "Threads");
        DuckDbLibrary.Load(libraryPath);

        if (DuckDbNative.duckdb_create_config(out var config) != 0) throw new DuckDbException("DuckDB could not make a configuration");
        try
        {
            Set(config, "threads", options.Threads.ToString(CultureInfo.InvariantCulture));
            Set(config, "memory_limit", $"{options.MemoryLimitMb.ToString(CultureInfo.InvariantCulture)}MiB");
            Set(config, "temp_directory", options.TempDirectory ?? "");
            Set(config, "autoinstall_known_extensions", "false");
            Set(config, "autoload_known_extensions", "false");
            foreach (var (name, value) in options.Settings) Set(config, name, value);

            var path = options.DatabaseFile ?? ":memory:";
            if (DuckDbNative.duckdb_open_ext(path, out var handle, config, out var error) == 0) return new(handle);
            handle.Dispose();
            throw DuckDbException.Native(DuckDbNative.Owned(error), $"opening {path}");
        }
        finally
        {
            DuckDbNative.duckdb_destroy_config(ref config);
        }
    }

    /// <summary>A new connection, with a transaction state of its own.</summary>
    public DuckDbConnection Connect()
    {
        if (DuckDbNative.duckdb_connect(_handle, out var connection) == 0) return new(connection);
        connection.Dispose();
        throw new DuckDbException("DuckDB refused a connection");
    }

    public void Dispose() => _handle.Dispose();

    static void Set(nint config, string name, string value)
    {
        if (DuckDbNative.duckdb_set_config(config, name, value) != 0)
            throw new DuckDbException($"DuckDB does not take the setting {name} = '{value}'");
    }
}
