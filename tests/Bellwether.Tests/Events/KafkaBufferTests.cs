using Bellwether.Events;
using Bellwether.Events.Kafka;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Events;

/// <summary>What is handed out of what the brokers sent: each offset once, in order, from the position on.</summary>
public sealed class KafkaBufferTests
{
    static LogEntry Entry(int partition, long offset, int bytes = 1) =>
        new("t", partition, offset, "K", new byte[bytes], new Dictionary<string, string>(), DateTimeOffset.UnixEpoch);

    [Fact]
    public void Entries_come_out_in_order_up_to_the_limits_of_number_and_size()
    {
        var buffer = new KafkaBuffer();
        buffer.Own([new(0, 5), new(1, 0)]);
        foreach (var entry in new[] { Entry(0, 5), Entry(1, 0, 600), Entry(0, 6, 600), Entry(1, 1), Entry(0, 7) }) buffer.Add(entry);
        Assert.Equal([(0, 5L)], buffer.Take(1, 10_000, out _).Select(e => (e.Partition, e.Offset)));
        Assert.Equal([(1, 0L), (0, 6L)], buffer.Take(10, 1_000, out _).Select(e => (e.Partition, e.Offset)));
        Assert.Equal(2, buffer.Lag);
        Assert.Equal([(1, 1L), (0, 7L)], buffer.Take(10, 1_000, out _).Select(e => (e.Partition, e.Offset)));
        Assert.Equal((0, 0, 0), (buffer.Count, (int)buffer.Bytes, (int)buffer.Lag));
    }

    [Fact]
    public void What_was_read_before_a_seek_or_belongs_to_others_is_let_fall()
    {
        var buffer = new KafkaBuffer();
        buffer.Own([new(0, 10)]);
        foreach (var entry in new[] { Entry(0, 8), Entry(0, 9), Entry(3, 0), Entry(0, 10) }) buffer.Add(entry);
        Assert.Equal([10L], buffer.Take(10, 1_000, out var gap).Select(e => e.Offset));
        Assert.Null(gap);
        buffer.Add(Entry(0, 11));
        buffer.Own([new(0, 10)]);
        Assert.Empty(buffer.Take(10, 1_000, out _));
        buffer.Disown([0]);
        buffer.Add(Entry(0, 10));
        Assert.Empty(buffer.Take(10, 1_000, out gap));
        Assert.Null(gap);
        Assert.Equal(0, buffer.Bytes);
    }

    [Fact]
    public void A_gap_ends_a_batch_and_is_told_before_the_next_one()
    {
        var buffer = new KafkaBuffer();
        buffer.Own([new(0, 0)]);
        foreach (var offset in new long[] { 0, 1, 3, 4 }) buffer.Add(Entry(0, offset));
        Assert.Equal([0L, 1L], buffer.Take(10, 1_000, out var gap).Select(e => e.Offset));
        Assert.Null(gap);
        Assert.Empty(buffer.Take(10, 1_000, out gap));
        Assert.Equal(new OffsetGap(0, 2, 3), gap);
        buffer.Skip(gap!.Value);
        Assert.Equal([3L, 4L], buffer.Take(10, 1_000, out _).Select(e => e.Offset));
    }

    [Fact]
    public void Whatever_comes_in_and_however_it_is_rewound_each_partition_is_handed_out_without_holes()
    {
        var step = Gen.Choose(0, 99).ArrayOf();
        Prop.ForAll(step.ToArbitrary(), steps =>
        {
            var buffer = new KafkaBuffer();
            var (sent, committed) = (new long[3], new long[3]);
            buffer.Own([.. Enumerable.Range(0, 3).Select(p => new PartitionOffset(p, 0))]);
            foreach (var s in steps)
            {
                var partition = s % 3;
                if (s < 60) buffer.Add(Entry(partition, sent[partition]++));
                else if (s < 90)
                    foreach (var entry in buffer.Take(1 + s % 7, 1_000, out _))
                    {
                        if (entry.Offset != committed[entry.Partition]) return false;
                        committed[entry.Partition]++;
                    }
                else
                {
                    // As after a rollback: back to a committed place, from where the brokers send again.
                    buffer.Own([new(partition, committed[partition])]);
                    sent[partition] = committed[partition];
                }
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));
    }
}
