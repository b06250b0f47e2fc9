using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Bellwether.Engines.Kafka;

/// <summary>The loaded Kafka client library.</summary>
public static class LibRdKafka
{
    /// <summary>The version that the managed client was made for; any other is refused, because the two share structures.</summary>
    public const string Version = "2.15.1";

    static readonly EngineLibrary Loaded = new("librdkafka", "rd_kafka_version_str", Failed);

    /// <summary>Where the library was loaded from; null before the first <see cref="Load"/>.</summary>
    public static string? LoadedPath => Loaded.LoadedPath;

    /// <summary>The library itself, for calls that the managed client has none for.</summary>
    public static nint Handle => Loaded.Handle;

    /// <summary>Loads <paramref name="path"/>; a second call with the same file does nothing.</summary>
    /// <exception cref="EngineException">The file is missing, is no librdkafka of the right version, or another one is loaded already.</exception>
    public static void Load(string path) => Loaded.Load(path, Bind);

    static unsafe void Bind(nint library, nint export, string path)
    {
        var version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)export)());
        if (version != Version) throw Failed($"{path} is librdkafka {version}; exactly {Version} is needed.", null);
        // The managed client asks for these two names. Its own search would try other files, and libdl without its suffix is in no runtime image.
        NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, (name, _, _) => name switch
        {
            "librdkafka" => library,
            "libdl" => NativeLibrary.Load("libdl.so.2"),
            _ => 0,
        });
    }

    static EngineException Failed(string problem, Exception? inner) => new(
        EngineCache.Kafka, problem, $"Leave out the option and ${EngineCache.KafkaVariable} to have version {Version} fetched and built.", inner);
}
