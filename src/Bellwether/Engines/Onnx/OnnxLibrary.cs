using System.Runtime.InteropServices;

namespace Bellwether.Engines.Onnx;

/// <summary>The loaded shared library of ONNX Runtime.</summary>
public static class OnnxLibrary
{
    /// <summary>
    /// The version of the table of functions that is asked for. Entries are only ever added to it, so that every library from 1.14 on has
    /// this one, with the same functions in the same places.
    /// </summary>
    const uint ApiVersion = 14;

    static readonly EngineLibrary Library = new("ONNX Runtime", "OrtGetApiBase", Failed);

    /// <summary>Version as the library states it, such as <c>1.30.0</c>; null before the first <see cref="Load"/>.</summary>
    public static string? Version { get; private set; }

    /// <summary>Where the library was loaded from; null before the first <see cref="Load"/>.</summary>
    public static string? LoadedPath => Library.LoadedPath;

    /// <summary>Loads <paramref name="path"/>; a second call with the same file does nothing.</summary>
    /// <exception cref="EngineException">The file is missing, is no ONNX Runtime from 1.14 on, or another one is loaded already.</exception>
    public static void Load(string path) => Library.Load(path, Bind);

    static unsafe void Bind(nint library, nint export, string path)
    {
        var entry = ((delegate* unmanaged<OnnxApiBase*>)export)();
        var version = Marshal.PtrToStringUTF8((nint)entry->GetVersionString()) ?? "unknown";
        var table = entry->GetApi(ApiVersion);
        if (table == null) throw Failed($"{path} is ONNX Runtime {version}; 1.{ApiVersion} or newer is needed.", null);
        OnnxApi.Bind(table);
        Version = version;
    }

    static EngineException Failed(string problem, Exception? inner) => new(
        EngineCache.Onnx, problem, $"Leave out the option and ${EngineCache.OnnxVariable} to have it fetched.", inner);

    /// <summary>What OrtGetApiBase gives.</summary>
    [StructLayout(LayoutKind.Sequential)]
    unsafe struct OnnxApiBase
    {
        public delegate* unmanaged<uint, void**> GetApi;
        public delegate* unmanaged<byte*> GetVersionString;
    }
}
