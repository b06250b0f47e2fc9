using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Bellwether.Engines.Kafka;

/// <summary>The loaded Kafka client library, librdkafka: one a process, never unloaded.</summary>
public static class LibRdKafka
{
    /// <summary>The version that the managed client was made for; any other is refused, because the two share structures.</summary>
    public const string Version = "2.15.1";

    static readonly Lock Gate = new();
    static nint _library;
    static string? _path;

    /// <summary>Where the library was loaded from; null before the first <see cref="Load"/>.</summary>
    public static string? LoadedPath => _path;

    /// <summary>Loads <paramref name="path"/>; a second call with the same file does nothing.</summary>
    /// <exception cref="EngineException">The file is missing, is no librdkafka of the right version, or another one is loaded already.</exception>
    public static void Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = Path.GetFullPath(path);
        lock (Gate)
        {
            if (_path == full) return;
            if (_path is not null) throw Failed($"librdkafka is loaded from {_path}; a process cannot also load {full}.");
            if (!File.Exists(full)) throw Failed($"there is no Kafka client library at {full}.");
            Bind(full);
            _path = full;
        }
    }

    static unsafe void Bind(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw Failed($"cannot load librdkafka from {path}: {error.Message}.", error);
        }
        if (!NativeLibrary.TryGetExport(library, "rd_kafka_version_str", out var export))
            throw Failed($"{path} is no librdkafka: it has no rd_kafka_version_str.");
        var version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)export)());
        if (version != Version) throw Failed($"{path} is librdkafka {version}; exactly {Version} is needed.");
        _library = library;
        // The managed client asks for these two names. Its own search would try other files, and libdl without its suffix is in no runtime image.
        NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, static (name, _, _) => name switch
        {
            "librdkafka" => _library,
            "libdl" => NativeLibrary.Load("libdl.so.2"),
            _ => 0,
        });
    }

    /// <summary>The library itself, for calls that the managed client has none for.</summary>
    public static nint Handle => _path is null ? throw Failed("the Kafka client library is not loaded.") : _library;

    static EngineException Failed(string problem, Exception? inner = null) => new(
        EngineCache.Kafka, problem, $"Leave out the option and ${EngineCache.KafkaVariable} to have version {Version} fetched and built.", inner);
}
