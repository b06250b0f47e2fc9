using System.Runtime.InteropServices;

namespace Bellwether.Engines;

/// <summary>The shared library of an engine: a process loads one, from one place, and never unloads it.</summary>
/// <param name="product">What it is called in messages.</param>
/// <param name="entry">A function by which it is known.</param>
/// <param name="failed">Makes the error of that engine from what is wrong.</param>
sealed class EngineLibrary(string product, string entry, Func<string, Exception?, Exception> failed)
{
    readonly Lock _gate = new();
    nint _handle;

    /// <summary>Where it was loaded from; null before the first <see cref="Load"/>.</summary>
    public string? LoadedPath { get; private set; }

    public nint Handle => LoadedPath is null ? throw failed($"{product} is not loaded.", null) : _handle;

    /// <summary>Loads <paramref name="path"/>; a second call with the same file does nothing.</summary>
    /// <param name="bind">Looks at the version and takes what it needs, given the library, the function by which it is known, and its path.</param>
    public void Load(string path, Action<nint, nint, string> bind)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = Path.GetFullPath(path);
        lock (_gate)
        {
            if (LoadedPath == full) return;
            if (LoadedPath is not null) throw failed($"{product} is loaded from {LoadedPath}; a process cannot also load {full}.", null);
            if (!File.Exists(full)) throw failed($"there is no {product} library at {full}.", null);
            var library = Open(full);
            if (!NativeLibrary.TryGetExport(library, entry, out var export)) throw failed($"{full} is no {product}: it has no {entry}.", null);
            bind(library, export, full);
            (_handle, LoadedPath) = (library, full);
        }
    }

    nint Open(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw failed($"cannot load {product} from {path}: {error.Message}.", error);
        }
    }
}
