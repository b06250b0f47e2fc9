using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Bellwether.Engines.DuckDb;

/// <summary>The loaded shared library: one a process, never unloaded.</summary>
public static class DuckDbLibrary
{
    static readonly Lock Gate = new();
    static nint _library;
    static string? _path;

    /// <summary>Version as the library states it, such as <c>v1.5.6</c>; null before the first <see cref="Load"/>.</summary>
    public static string? Version { get; private set; }

    /// <summary>Where the library was loaded from; null before the first <see cref="Load"/>.</summary>
    public static string? LoadedPath => _path;

    /// <summary>Loads <paramref name="path"/>; a second call with the same file does nothing.</summary>
    /// <exception cref="DuckDbException">The file is missing, is no DuckDB of the 1.x line from 1.4 on, or another one is loaded already.</exception>
    public static void Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = Path.GetFullPath(path);
        lock (Gate)
        {
            if (_path is not null)
            {
                if (_path == full) return;
                throw new DuckDbException($"DuckDB is loaded from {_path}; a process cannot also load {full}");
            }
            if (!File.Exists(full)) throw new DuckDbException($"no DuckDB library at {full}");
            Bind(full);
            _path = full;
        }
    }

    static unsafe void Bind(string path)
    {
        try
        {
            _library = NativeLibrary.Load(path);
            if (!NativeLibrary.TryGetExport(_library, nameof(DuckDbNative.duckdb_library_version), out var export))
                throw new DuckDbException($"{path} is no DuckDB library: it has no duckdb_library_version");
            var version = DuckDbNative.Borrowed(((delegate* unmanaged<byte*>)export)());
            if (!System.Version.TryParse(version.TrimStart('v').Split('-')[0], out var parsed) || parsed.Major != 1 || parsed.Minor < 4)
                throw new DuckDbException($"{path} is DuckDB {version}; 1.4 or a later 1.x is needed");
            Version = version;
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new DuckDbException($"cannot load DuckDB from {path}: {error.Message}", error);
        }
        // An assembly may have one DllImport resolver only; this event leaves it free for another engine.
        if (_hooked) return;
        AssemblyLoadContext.GetLoadContext(typeof(DuckDbLibrary).Assembly)!.ResolvingUnmanagedDll +=
            (_, name) => name == DuckDbNative.Library ? _library : 0;
        _hooked = true;
    }

    static bool _hooked;
}
