using System.Text;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Tests.Support;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bellwether.Tests.Events;

/// <summary>What is put aside can be read from the brokers' own topics.</summary>
public sealed class DeadLetterTopicsTests(TestServer server, TestKafka kafka)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_come_to_the_topic_of_what_refused_them_with_key_value_and_reason_and_only_once()
    {
        var (options, library) = (await kafka.OptionsAsync("letters"), await TestKafka.LibraryAsync());
        await using var database = await server.MigratedAsync(nameof(DeadLetterTopicsTests));
        await using var log = new KafkaEventLog(database.DataSource, options, library, new TestLog().CreateLogger<KafkaEventLog>(), TimeProvider.System);
        var topics = new DeadLetterTopics(database.DataSource, log);
        var entry = new LogEntry(Topics.HighPriority, 2, 41, "TSLA", "{broken"u8.ToArray(), new Dictionary<string, string> { ["traceparent"] = "00-1" }, default);
        await StoreAsync(database, DeadLetter.From(entry, "decode", "NotJson", "no JSON"), DeadLetter.From("posts.csv:7", "a,b"u8.ToArray(), "no ticker", 3));

        Assert.Equal(2, await topics.PublishAsync(Cancel));
        Assert.Equal(0, await topics.PublishAsync(Cancel));

        var refused = Assert.Single(await ReadAsync(log, "hipri-events.dlq", 1));
        Assert.Equal(("TSLA", "{broken"), (refused.Key, Encoding.UTF8.GetString(refused.Value.Span)));
        Assert.Equal("00-1", refused.Headers["traceparent"]);
        Assert.Equal(("decode", "NotJson", "no JSON", "1", "hipri-events", "2", "41"), (
            refused.Headers["__bellwether.errors.stage"], refused.Headers["__bellwether.errors.exception.class"], refused.Headers["__bellwether.errors.message"],
            refused.Headers["__bellwether.errors.attempt"], refused.Headers["__bellwether.errors.topic"], refused.Headers["__bellwether.errors.partition"],
            refused.Headers["__bellwether.errors.offset"]));
        Assert.Equal("a,b", Encoding.UTF8.GetString(Assert.Single(await ReadAsync(log, "feeds.dlq", 1)).Value.Span));

        // Refused once more, it is told once more.
        await StoreAsync(database, DeadLetter.From(entry, "decode", "NotJson", "no JSON"));
        Assert.Equal(1, await topics.PublishAsync(Cancel));
        Assert.Equal(["dead-letter/1@1", "dead-letter/1@2"], (await ReadAsync(log, "hipri-events.dlq", 2)).Select(e => e.Headers["bellwether-id"]));
    }

    [Fact]
    public async Task A_letter_that_is_too_large_for_the_brokers_comes_shortened_and_says_so()
    {
        var (options, library) = (await kafka.OptionsAsync("large-letters"), await TestKafka.LibraryAsync());
        await using var database = await server.MigratedAsync(nameof(DeadLetterTopicsTests));
        await using var log = new KafkaEventLog(database.DataSource, options with { Kafka = options.Kafka with { MaxMessageBytes = 10_000_000 } },
            library, new TestLog().CreateLogger<KafkaEventLog>(), TimeProvider.System);
        await StoreAsync(database, DeadLetter.From("a:1", new byte[10_100_000], "too large", 10_100_000), DeadLetter.From("a:2", new byte[5], "bad", 5));
        Assert.Equal(2, await new DeadLetterTopics(database.DataSource, log).PublishAsync(Cancel));
        var letters = await ReadAsync(log, "feeds.dlq", 2);
        Assert.Equal([5, 65_536], letters.Select(e => e.Value.Length).Order());
        Assert.Equal("10100000", letters.Single(e => e.Value.Length > 5).Headers["__bellwether.errors.bytes"]);
    }

    static async Task StoreAsync(TestDatabase database, params DeadLetter[] letters)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await DeadLetter.StoreAsync(connection, letters, Cancel);
        await transaction.CommitAsync(Cancel);
    }

    /// <summary>All that is in the topic, of which there must be so many.</summary>
    static async Task<List<LogEntry>> ReadAsync(KafkaEventLog log, string topic, int count)
    {
        await using var consumer = await log.JoinAsync(topic, $"reader{count}", Cancel);
        var entries = new List<LogEntry>();
        while (entries.Count < count) entries.AddRange(await consumer.PollAsync(100, TimeSpan.FromSeconds(20), Cancel));
        Assert.Equal(count, (await log.DescribeAsync(topic, Cancel)).Sum(p => p.NextOffset));
        return entries;
    }
}
