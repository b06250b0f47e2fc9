namespace Bellwether.Engines;

public sealed partial class EngineCache
{
    /// <summary>Environment variable that names a <c>librdkafka.so.1</c>.</summary>
    public const string KafkaVariable = "BELLWETHER_LIBRDKAFKA";

    const string KafkaLibrary = "librdkafka.so.1";

    /// <summary>Path of <c>librdkafka.so.1</c>: the configured one, else $BELLWETHER_LIBRDKAFKA, else the built one, which is fetched and built when missing.</summary>
    /// <exception cref="EngineException">A path was named and is not there, or fetching or building failed.</exception>
    public async Task<string> FindKafkaLibraryAsync(string? configuredPath, IProgress<string>? progress, CancellationToken cancellationToken) =>
        LocateKafkaLibrary(configuredPath)
        ?? Path.Combine(await FetchAsync(Kafka, progress, cancellationToken), KafkaLibrary);

    /// <summary>As <see cref="FindKafkaLibraryAsync"/>, but null where it would have to be fetched.</summary>
    public string? LocateKafkaLibrary(string? configuredPath)
    {
        if ((configuredPath ?? Variable(KafkaVariable)) is { } named)
        {
            var path = System.IO.Directory.Exists(named) ? Path.Combine(named, KafkaLibrary) : named;
            return File.Exists(path)
                ? Path.GetFullPath(path)
                : throw new EngineException(Kafka, $"there is no Kafka client library at {named}.",
                    $"Correct the option or ${KafkaVariable}, or leave both out to have it built.");
        }
        return LocateFetched(Kafka) is { } folder && File.Exists(Path.Combine(folder, KafkaLibrary)) ? Path.Combine(folder, KafkaLibrary) : null;
    }
}
