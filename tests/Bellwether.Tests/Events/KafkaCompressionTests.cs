using System.Text.Json;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Feeds;
using Bellwether.Tests.Support;
using Confluent.Kafka;

namespace Bellwether.Tests.Events;

/// <summary>Bytes on the wire for real headlines, by the client library's own count.</summary>
public sealed class KafkaCompressionTests(TestKafka kafka)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(KafkaCompression.Zstd)]
    [InlineData(KafkaCompression.Lz4)]
    [InlineData(KafkaCompression.Snappy)]
    [InlineData(KafkaCompression.Gzip)]
    public async Task Compression_saves_at_least_thirty_percent_of_the_bytes_of_headlines(KafkaCompression codec)
    {
        var records = new List<LogRecord>();
        var feed = new FeedOptions { Map = ColumnMap.Parse("title=title,timestamp=date,tickers=stock"), Type = EventType.News };
        await foreach (var record in FeedReader.ReadAsync(FeedSource.Parse(SharedData.File("news", "analyst_ratings.csv")), feed, Cancel))
            if (record.Envelope is { } envelope) records.Add(new(envelope.Tickers.FirstOrDefault() ?? "", EnvelopeJson.Serialize(envelope)));
        var options = (await kafka.OptionsAsync("bytes")).Kafka;
        var plain = await BytesAsync(options with { Compression = KafkaCompression.None }, records);
        var packed = await BytesAsync(options with { Compression = codec }, records);
        TestContext.Current.SendDiagnosticMessage($"{codec}: {records.Count} records, {plain} bytes plain, {packed} sent, {1 - (double)packed / plain:P1} saved");
        Assert.True(packed <= 0.7 * plain, $"{codec}: {packed} of {plain} bytes");
    }

    /// <summary>What a producer with our settings sends for these records, appended as an ingest appends them.</summary>
    static async Task<long> BytesAsync(KafkaOptions options, List<LogRecord> records)
    {
        var sent = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var config = KafkaConfig.Producer(options with { Linger = TimeSpan.FromMilliseconds(5) });
        config.StatisticsIntervalMs = 50;
        using var producer = new ProducerBuilder<string, byte[]>(config)
            .SetStatisticsHandler((_, json) =>
            {
                var all = JsonElement.Parse(json);
                if (all.GetProperty("txmsgs").GetInt64() == records.Count) sent.TrySetResult(all.GetProperty("tx_bytes").GetInt64());
            })
            .Build();
        foreach (var batch in records.Chunk(2_000))
            await Task.WhenAll(batch.Select(r => producer.ProduceAsync($"{options.TopicPrefix}{options.Compression}".ToLowerInvariant(), KafkaRecords.MessageOf(r), Cancel)));
        return await sent.Task.WaitAsync(Cancel);
    }
}
