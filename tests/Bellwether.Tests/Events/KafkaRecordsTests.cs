using System.Text;
using Bellwether.Events.Kafka;
using Bellwether.Tests.Support;
using Confluent.Kafka;

namespace Bellwether.Tests.Events;

/// <summary>Records that other programs wrote.</summary>
public sealed class KafkaRecordsTests
{
    static readonly ManualTime Clock = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    static ConsumeResult<string, byte[]> Record(Timestamp timestamp, string? key = "K", params (string Name, string Value)[] headers)
    {
        var all = new Headers();
        foreach (var (name, value) in headers) all.Add(name, Encoding.UTF8.GetBytes(value));
        return new() { Topic = "t", Partition = 1, Offset = 5, Message = new() { Key = key!, Value = [1], Headers = all, Timestamp = timestamp } };
    }

    [Theory]
    [InlineData(1_772_366_400L)]
    [InlineData(1_772_366_400_000_000L)]
    [InlineData(1_772_366_400_000_000_000L)]
    [InlineData(long.MaxValue)]
    [InlineData(-1L)]
    public void A_moment_in_another_unit_is_the_present_one(long stamp)
    {
        var entry = new KafkaRecords("t", Clock).EntryOf(Record(new(stamp, TimestampType.CreateTime)));
        Assert.Equal(Clock.GetUtcNow(), entry.AppendedAt);
    }

    [Fact]
    public void A_moment_in_milliseconds_is_kept() =>
        Assert.Equal(new DateTimeOffset(2026, 2, 28, 0, 0, 0, TimeSpan.Zero),
            new KafkaRecords("t", Clock).EntryOf(Record(new(1_772_236_800_000, TimestampType.CreateTime))).AppendedAt);

    [Fact]
    public void What_PostgreSQL_cannot_keep_is_replaced_in_key_and_headers()
    {
        var entry = new KafkaRecords("t", Clock).EntryOf(Record(default, "A\0B", ("n\0ame", "v\0"), ("plain", "✓")));
        Assert.Equal("A\uFFFDB", entry.Key);
        Assert.Equal([("n\uFFFDame", "v\uFFFD"), ("plain", "✓")], entry.Headers.Select(h => (h.Key, h.Value)));
        Assert.Equal("", new KafkaRecords("t", Clock).EntryOf(Record(default, null)).Key);
    }
}
