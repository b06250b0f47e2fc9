using Bellwether.Engines.Kafka;

namespace Bellwether.Engines;

/// <summary>That Kafka is the event log of a desk.</summary>
/// <param name="LibraryPath">The configured client library, if any.</param>
/// <param name="Reach">Asks the brokers whether they answer: a sentence about what was found, or an exception whose message tells why not.</param>
public sealed record KafkaWish(string? LibraryPath, Func<string, CancellationToken, Task<string>> Reach);

public static partial class EngineReport
{
    static readonly (string Header, string Package)[] Headers =
        [("openssl/ssl.h", "libssl-dev"), ("zlib.h", "zlib1g-dev"), ("zstd.h", "libzstd-dev")];

    static EngineFinding Kafka(EngineCache cache, KafkaWish? wish)
    {
        const string Name = "Kafka client";
        try
        {
            if (cache.LocateKafkaLibrary(wish?.LibraryPath) is { } path)
                return new(Name, FindingStatus.Ok, $"librdkafka {LibRdKafka.Version}, {path}");
        }
        catch (EngineException error)
        {
            return new(Name, FindingStatus.Missing, error.Problem, error.Mend);
        }
        if (wish is null) return new(Name, FindingStatus.Ok, "not needed: the event log is in PostgreSQL");
        var missing = MissingBuildPackages();
        return missing.Count == 0
            ? new(Name, FindingStatus.Warning, $"librdkafka {LibRdKafka.Version} will be fetched and built in {cache.Directory} when first needed")
            : new(Name, FindingStatus.Missing, $"librdkafka {LibRdKafka.Version} is still to be built, and the tools for that are missing",
                $"apt-get install {string.Join(' ', missing)}");
    }

    static async Task<EngineFinding> BrokersAsync(EngineCache cache, KafkaWish wish, CancellationToken cancellationToken)
    {
        const string Name = "Kafka";
        try
        {
            return cache.LocateKafkaLibrary(wish.LibraryPath) is { } path
                ? new(Name, FindingStatus.Ok, await wish.Reach(path, cancellationToken))
                : new(Name, FindingStatus.Warning, "not asked: the client library is not there yet");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new(Name, FindingStatus.Missing, error.Message, "Check EventLog:Kafka:BootstrapServers and that the brokers run.");
        }
    }

    /// <summary>Debian's packages that building the client wants and that are not there.</summary>
    static List<string> MissingBuildPackages()
    {
        var missing = new List<string>();
        foreach (var tool in new[] { "gcc", "make" })
            if (FindOnPath(tool) is null) missing.Add(tool);
        foreach (var (header, package) in Headers)
            if (!File.Exists(Path.Combine("/usr/include", header)) && !File.Exists(Path.Combine("/usr/include/x86_64-linux-gnu", header))) missing.Add(package);
        return missing;
    }
}
