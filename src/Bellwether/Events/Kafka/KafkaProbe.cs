using Bellwether.Engines.Kafka;
using Confluent.Kafka;

namespace Bellwether.Events.Kafka;

/// <summary>Asks brokers whether they answer, without a log.</summary>
public static class KafkaProbe
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>A sentence about what answered.</summary>
    /// <exception cref="EventLogException">Nobody answers.</exception>
    public static Task<string> ReachAsync(KafkaOptions options, string library, CancellationToken cancellationToken) => Task.Run(() =>
    {
        LibRdKafka.Load(library);
        var config = KafkaConfig.Common(options);
        using var client = new AdminClientBuilder(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
        try
        {
            var found = client.GetMetadata(Patience);
            return $"{found.Brokers.Count} brokers, {string.Join(", ", found.Brokers.Take(5).Select(b => $"{b.Host}:{b.Port}"))}";
        }
        catch (KafkaException error)
        {
            throw KafkaFailure.Of("asking for the brokers", options, error);
        }
    }, cancellationToken);
}
