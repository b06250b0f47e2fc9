using System.Runtime.Loader;

namespace Bellwether.Engines.DuckDb;

/// <summary>The loaded shared library of DuckDB.</summary>
public static class DuckDbLibrary
{
    static readonly EngineLibrary Library = new("DuckDB", nameof(DuckDbNative.duckdb_library_version), (problem, inner) => new DuckDbException(problem.TrimEnd('.'), inner));

    /// <summary>Version as the library states it, such as <c>v1.5.6</c>; null before the first <see cref="Load"/>.</summary>
    public static string? Version { get; private set; }

    /// <summary>Where the library was loaded from; null before the first <see cref="Load"/>.</summary>
    public static string? LoadedPath => Library.LoadedPath;

    /// <summary>Loads <paramref name="path"/>; a second call with the same file does nothing.</summary>
    /// <exception cref="DuckDbException">The file is missing, is no DuckDB of the 1.x line from 1.4 on, or another one is loaded already.</exception>
    public static void Load(string path) => Library.Load(path, Bind);

    static unsafe void Bind(nint library, nint export, string path)
    {
        var version = DuckDbNative.Borrowed(((delegate* unmanaged<byte*>)export)());
        if (!System.Version.TryParse(version.TrimStart('v').Split('-')[0], out var parsed) || parsed.Major != 1 || parsed.Minor < 4)
            throw new DuckDbException($"{path} is DuckDB {version}; 1.4 or a later 1.x is needed");
        Version = version;
        // An assembly may have one DllImport resolver only; this event leaves it free for another engine.
        AssemblyLoadContext.GetLoadContext(typeof(DuckDbLibrary).Assembly)!.ResolvingUnmanagedDll += (_, name) => name == DuckDbNative.Library ? library : 0;
    }
}
