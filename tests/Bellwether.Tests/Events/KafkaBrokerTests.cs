using System.Text;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Tests.Support;
using Dapper;
using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Events;

/// <summary>What is particular to Kafka: codecs, brokers that fail, refuse or forget, members that vanish.</summary>
public sealed class KafkaBrokerTests(TestServer server, TestKafka kafka)
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(KafkaCompression.None)]
    [InlineData(KafkaCompression.Gzip)]
    [InlineData(KafkaCompression.Snappy)]
    [InlineData(KafkaCompression.Lz4)]
    [InlineData(KafkaCompression.Zstd)]
    public async Task Every_codec_brings_back_what_was_sent(KafkaCompression codec)
    {
        await using var log = await OpenAsync(o => o with { Kafka = o.Kafka with { Compression = codec } });
        var values = Enumerable.Range(0, 400).Select(i => $"Shares rise after the company beats estimates, {i} ✓").ToArray();
        await log.Log.AppendAsync("codec", [.. values.Select((v, i) => new LogRecord($"K{i % 5}", Encoding.UTF8.GetBytes(v)))], Cancel);
        Assert.Equal(values.Order(StringComparer.Ordinal), (await log.ReadAsync("codec", 400)).Select(e => Encoding.UTF8.GetString(e.Value.Span)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Records_beyond_ten_megabytes_pass_and_beyond_the_limit_nothing_is_sent()
    {
        await using var log = await OpenAsync();
        var large = new byte[10_500_000];
        large.AsSpan(5_000_000).Fill((byte)'x');
        await log.Log.AppendAsync("large", [new("K", large)], Cancel);
        Assert.Equal(large, (await log.ReadAsync("large", 1))[0].Value.ToArray());
        var error = await Assert.ThrowsAsync<EventLogException>(() => log.Log.AppendAsync("large", [new("K", new byte[1]), new("K", new byte[17 << 20])], Cancel));
        Assert.Contains("MaxMessageBytes", error.Message);
        Assert.Equal(1, (await log.Log.DescribeAsync("large", Cancel)).Sum(p => p.NextOffset));
    }

    [Fact]
    public async Task Nobody_answering_is_told_with_the_address_and_without_the_password()
    {
        var options = TestKafka.Options("nobody", "127.0.0.1:1");
        options = options with
        {
            Kafka = options.Kafka with
            {
                RequestTimeout = TimeSpan.FromSeconds(1),
                Sasl = KafkaSasl.Plain,
                User = "desk",
                Password = "hunter2",
            },
        };
        await using var log = await OpenAsync(_ => options);
        foreach (var call in new Func<Task>[]
        {
            () => log.Log.AppendAsync("t", [new("K", new byte[1])], Cancel), () => log.Log.JoinAsync("t", "g", Cancel), () => log.Log.DescribeAsync("t", Cancel),
        })
        {
            var error = await Assert.ThrowsAsync<EventLogException>(call);
            Assert.Contains("127.0.0.1:1", error.Message);
            Assert.Contains("BootstrapServers", error.Message);
            Assert.DoesNotContain("hunter2", error.ToString());
        }
        Assert.DoesNotContain("hunter2", options.ToString());
    }

    [Fact]
    public async Task An_append_that_no_broker_acknowledges_in_time_has_failed_and_can_be_repeated()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker, o => o with { Kafka = o.Kafka with { DeliveryTimeout = TimeSpan.FromSeconds(1) } });
        await log.Log.AppendAsync("t", [new("K", new byte[1])], Cancel);
        broker.Down();
        var error = await Assert.ThrowsAsync<EventLogException>(() => log.Log.AppendAsync("t", [new("K", new byte[1]), new("L", new byte[1])], Cancel));
        Assert.Contains("2 of 2 records", error.Message);
        broker.Up();
        for (var repeated = false; !repeated;)
            try
            {
                await log.Log.AppendAsync("t", [new("K", new byte[1]), new("L", new byte[1])], Cancel);
                repeated = true;
            }
            catch (EventLogException still) when (still.Code is "Local_MsgTimedOut" or "Local_AllBrokersDown")
            {
                // The client looks for the broker every two seconds, and this append waits for one.
            }
        Assert.Equal(["K", "K", "L"], (await log.ReadAsync("t", 3)).Select(e => e.Key).Order());
    }

    [Fact]
    public async Task Brokers_that_do_not_take_records_are_left_alone_and_then_tried_again()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker, o => o with { Kafka = o.Kafka with { DeliveryTimeout = TimeSpan.FromSeconds(1) } });
        Task AppendAsync() => log.Log.AppendAsync("t", [new("K", new byte[1])], Cancel);
        await AppendAsync();
        broker.Down();
        Assert.Contains("records not acknowledged", (await Assert.ThrowsAsync<EventLogException>(AppendAsync)).Message);
        // Not sent at all, and still an outage like any other.
        var alone = await Assert.ThrowsAsync<EventLogException>(AppendAsync);
        Assert.True(alone.IsOutage);
        Assert.DoesNotContain("records not acknowledged", alone.Message);
        broker.Up();
        for (var taken = false; !taken;)
            try
            {
                await AppendAsync();
                taken = true;
            }
            catch (EventLogException still) when (still.IsOutage)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Cancel);
            }
        Assert.Equal(2, (await log.ReadAsync("t", 2)).Count);
    }

    [Fact]
    public async Task A_broker_that_answers_an_append_with_passing_errors_has_it_once()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker);
        await log.Log.AppendAsync("t", [], Cancel);
        const short Produce = 0;
        const int NotEnoughReplicas = 19, NotLeader = 6;
        broker.Fail(Produce, NotEnoughReplicas, NotLeader, NotEnoughReplicas);
        await log.Log.AppendAsync("t", [.. Enumerable.Range(0, 20).Select(i => new LogRecord("K", new byte[] { (byte)i }))], Cancel);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (byte)i), (await log.ReadAsync("t", 20)).Select(e => e.Value.Span[0]));
        Assert.Equal(20, (await log.Log.DescribeAsync("t", Cancel)).Sum(p => p.NextOffset));
    }

    [Fact]
    public async Task Records_dropped_unread_stop_the_group_until_it_is_told_to_skip()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker);
        var partition = await log.FillAsync("gap", 10);
        await using (var consumer = await log.Log.JoinAsync("gap", "g", Cancel))
            await log.CommitAsync("gap", await log.PollAllAsync(consumer, 4));
        broker.DropBefore(log.Options.Kafka.TopicPrefix + "gap", partition, 7);

        await using (var stopped = await log.Log.JoinAsync("gap", "g", Cancel))
        {
            var error = await Assert.ThrowsAsync<EventLogException>(() => stopped.PollAsync(100, TimeSpan.FromSeconds(20), Cancel));
            Assert.Contains("dropped 3 records unread", error.Message);
            Assert.Contains("OnGap", error.Message);
            Assert.Equal(4, await log.StoredAsync("gap", partition));
        }

        await using var going = await log.AgainAsync(o => o with { Kafka = o.Kafka with { OnGap = KafkaGap.Skip } });
        await using var skipping = await going.Log.JoinAsync("gap", "g", Cancel);
        var rest = await going.PollAllAsync(skipping, 3);
        Assert.Equal([7, 8, 9], rest.Select(e => (int)e.Value.Span[0]));
        await going.CommitAsync("gap", rest);
    }

    [Fact]
    public async Task Records_dropped_while_a_member_reads_are_noticed_too()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker);
        var partition = await log.FillAsync("gap", 10);
        await using var consumer = await log.Log.JoinAsync("gap", "g", Cancel);
        await log.CommitAsync("gap", await log.PollAllAsync(consumer, 10));
        // Never read, since it is gone before the member goes back to where it was.
        await log.SetStoredAsync("gap", partition, 2);
        broker.DropBefore(log.Options.Kafka.TopicPrefix + "gap", partition, 8);
        await consumer.RewindAsync(Cancel);
        var error = await Assert.ThrowsAsync<EventLogException>(async () =>
        {
            while (true) await consumer.PollAsync(100, TimeSpan.FromSeconds(1), Cancel);
        });
        Assert.Contains("gap", error.Message);
    }

    [Fact]
    public async Task A_stored_offset_beyond_the_end_is_another_topic_and_refused()
    {
        await using var log = await OpenAsync();
        var partition = await log.FillAsync("anew", 3);
        await using (var consumer = await log.Log.JoinAsync("anew", "g", Cancel)) await log.PollAllAsync(consumer, 3);
        await log.SetStoredAsync("anew", partition, 1_000);
        await using var again = await log.Log.JoinAsync("anew", "g", Cancel);
        var error = await Assert.ThrowsAsync<EventLogException>(() => again.PollAsync(100, TimeSpan.FromSeconds(20), Cancel));
        Assert.Contains("another cluster", error.Message);
    }

    [Fact]
    public async Task A_partition_is_given_up_when_the_batch_in_hand_is_done()
    {
        await using var log = await OpenAsync(o => o with { LeaseTime = Long });
        await using var first = await log.JoinAsync("hand");
        await log.AppendEverywhereAsync("hand", 0);
        var batch = await log.PollAllAsync(first, 64);
        await using var second = await log.JoinAsync("hand");
        await LeavesAsync(first);
        Assert.Equal(4, first.Owned);
        await log.CommitAsync("hand", batch);
        await AcknowledgeAsync(first, batch);
        await log.SharedAsync("hand", first, second);
    }

    [Fact]
    public async Task A_poll_ahead_gives_up_neither_the_batch_that_is_being_committed_nor_its_partition()
    {
        await using var log = await OpenAsync(o => o with { LeaseTime = Long });
        await using var first = await log.JoinAsync("ahead");
        await log.AppendEverywhereAsync("ahead", 0);
        var batch = await log.PollAllAsync(first, 64);
        Assert.Empty(await first.PollAsync(100, TimeSpan.FromMilliseconds(50), Cancel));
        await using var second = await log.JoinAsync("ahead");
        await LeavesAsync(first);
        Assert.Equal(4, first.Owned);
        await log.CommitAsync("ahead", batch);
        await AcknowledgeAsync(first, batch);
        await log.SharedAsync("ahead", first, second);
    }

    // A member may hold a partition for as long as this.
    static readonly TimeSpan Long = TimeSpan.FromSeconds(6);

    /// <summary>Until a member has heard that it is to give something up, and has had the time to do so without waiting for its batch.</summary>
    static async Task LeavesAsync(KafkaLogConsumer member)
    {
        while (member.Held.Partitions == 4) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel);
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Cancel);
    }

    static Task AcknowledgeAsync(ILogConsumer consumer, IReadOnlyList<LogEntry> entries) =>
        consumer.AcknowledgeAsync([.. ConsumerOffsets.MovesOf(entries).Select(m => new PartitionOffset(m.Partition, m.To))], Cancel);

    [Fact]
    public async Task A_slow_reader_is_not_flooded_and_loses_nothing()
    {
        await using var log = await OpenAsync(o => o with { MaxPollBytes = 1 << 16 });
        await using var consumer = await log.JoinAsync("slow");
        await log.Log.AppendAsync("slow", [.. Enumerable.Range(0, 600).Select(i => new LogRecord($"K{i % 9}", new byte[4_000]))], Cancel);
        // Longer than the buffer may stay full before partitions are paused.
        Assert.NotEmpty(await consumer.PollAsync(1, TimeSpan.FromSeconds(20), Cancel));
        await Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System, Cancel);
        Assert.InRange(consumer.Held.Bytes, 1, MostHeld);
        Assert.Equal(599, (await log.PollAllAsync(consumer, 599)).Select(e => (e.Partition, e.Offset)).Distinct().Count());
    }

    // A buffer just short of full takes one more piece, which is as large as a poll may be and the record that passes the bound.
    const long MostHeld = 2 * ((1 << 16) + 4_000);

    [Fact]
    public async Task Partitions_that_come_to_a_paused_reader_do_not_flood_it()
    {
        await using var log = await OpenAsync(o => o with { MaxPollBytes = 1 << 16 });
        await using var stays = await log.JoinAsync("flood");
        var leaves = await log.JoinAsync("flood");
        // Until both have their share.
        for (byte n = 0; stays.Held.Partitions != 2 || leaves.Held.Partitions != 2; n++)
            foreach (var member in new[] { stays, leaves }) await member.PollAsync(1, TimeSpan.FromMilliseconds(50), Cancel);
        await log.Log.AppendAsync("flood", [.. Enumerable.Range(0, 600).Select(i => new LogRecord($"K{i % 40}", new byte[4_000]))], Cancel);
        while (stays.Held.Bytes < 1 << 16) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel);
        // Paused by now; then the other's partitions come, with all that is in them.
        await Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System, Cancel);
        await leaves.DisposeAsync();
        while (stays.Held.Partitions < 4) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel);
        await Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System, Cancel);
        Assert.InRange(stays.Held.Bytes, 1 << 16, MostHeld);
        Assert.Equal(600, (await log.PollAllAsync(stays, 600)).Select(e => (e.Partition, e.Offset)).Distinct().Count());
    }

    [Fact]
    public async Task A_gap_behind_a_batch_that_is_not_committed_yet_is_crossed_when_it_is()
    {
        await using var log = await OpenAsync();
        await using var consumer = await log.JoinAsync("hole");
        var partition = await log.FillAsync("hole", 3);
        var batch = await log.PollAllAsync(consumer, 3);
        Compacted(consumer, "hole", partition, 3, 5);
        Assert.Empty(await consumer.PollAsync(10, TimeSpan.FromMilliseconds(100), Cancel));
        // Read once more, and it is still so.
        Compacted(consumer, "hole", partition, 3, 5);
        Assert.Empty(await consumer.PollAsync(10, TimeSpan.FromMilliseconds(100), Cancel));
        await log.CommitAsync("hole", batch);
        Assert.Equal(5, Assert.Single(await consumer.PollAsync(10, TimeSpan.FromSeconds(20), Cancel)).Offset);
        Assert.Equal(5, await log.StoredAsync("hole", partition));
    }

    [Fact]
    public async Task Gaps_of_several_partitions_are_crossed_each_for_itself()
    {
        await using var log = await OpenAsync();
        await using var consumer = await log.JoinAsync("holes");
        await log.AppendEverywhereAsync("holes", 0);
        var batch = await log.PollAllAsync(consumer, 64);
        await log.CommitAsync("holes", batch);
        var ends = ConsumerOffsets.MovesOf(batch).Take(2).ToArray();
        for (var round = 0; round < 2; round++)
            foreach (var end in ends)
            {
                Compacted(consumer, "holes", end.Partition, end.To, end.To + 2);
                var read = await consumer.PollAsync(10, TimeSpan.FromMilliseconds(200), Cancel);
                // Looked at twice, whatever the other partition had in between.
                if (round == 0) Assert.Empty(read);
                else Assert.Equal((end.Partition, end.To + 2), (Assert.Single(read).Partition, read[0].Offset));
            }
    }

    /// <summary>What a reader gets where compaction, or a transaction's mark, has left out what comes next.</summary>
    static void Compacted(KafkaLogConsumer consumer, string topic, int partition, long next, long found) => consumer.WithBuffer(buffer =>
    {
        buffer.Own([new(partition, next)]);
        buffer.Add(new(topic, partition, found, "K", new byte[1], new Dictionary<string, string>(), DateTimeOffset.UnixEpoch));
    });

    [Fact]
    public async Task A_lease_of_many_minutes_is_taken()
    {
        await using var log = await OpenAsync(o => o with { LeaseTime = TimeSpan.FromMinutes(10) });
        await using var consumer = await log.JoinAsync("long");
        await log.FillAsync("long", 1);
        Assert.Single(await log.PollAllAsync(consumer, 1));
    }

    [Fact]
    public async Task Topics_are_left_to_the_administrator_where_the_options_say_so()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker, o => o with { Kafka = o.Kafka with { CreateTopics = false, TopicPrefix = "" } });
        var error = await Assert.ThrowsAsync<EventLogException>(() => log.Log.AppendAsync("there", [new("K", new byte[1])], Cancel));
        Assert.Contains("bellwether topics create", error.Message);
        Assert.Empty(await log.Log.DescribeAsync("there", Cancel));
        broker.CreateTopic("there", 3);
        await log.Log.AppendAsync("there", [new("K", new byte[1])], Cancel);
        Assert.Equal(3, (await log.Log.DescribeAsync("there", Cancel)).Count);
    }

    [Fact]
    public async Task A_broker_that_makes_topics_only_by_itself_is_used_that_way_and_it_is_told()
    {
        using var broker = await TestKafka.OwnAsync();
        await using var log = await OpenAsync(broker);
        var made = await log.Log.CreateAsync("self", 6, null, Cancel);
        Assert.True(made.Created);
        Assert.Contains("by itself", made.Note);
        Assert.Equal(new TopicMade("self", made.Partitions, false, null), await log.Log.CreateAsync("self", 6, null, Cancel));
        Assert.Equal(0, await log.Log.TrimAsync("self", TimeProvider.System.GetUtcNow(), Cancel));
    }

    Task<Opened> OpenAsync(MockBroker broker, Func<EventLogOptions, EventLogOptions>? configure = null) =>
        OpenAsync(o => (configure ?? (x => x))(TestKafka.Options("broker", broker.Bootstrap)));

    async Task<Opened> OpenAsync(Func<EventLogOptions, EventLogOptions>? configure = null)
    {
        var options = (configure ?? (o => o))(await kafka.OptionsAsync("broker"));
        var database = await server.MigratedAsync(nameof(KafkaBrokerTests));
        return new(database, options, await TestKafka.LibraryAsync(), ownsDatabase: true);
    }

    sealed class Opened(TestDatabase database, EventLogOptions options, string library, bool ownsDatabase) : IAsyncDisposable
    {
        public EventLogOptions Options => options;

        public KafkaEventLog Log { get; } = new(database.DataSource, options, library, new TestLog().CreateLogger<KafkaEventLog>(), TimeProvider.System);

        /// <summary>Another log over the same topics and offsets.</summary>
        public Task<Opened> AgainAsync(Func<EventLogOptions, EventLogOptions> configure) => Task.FromResult(new Opened(database, configure(options), library, ownsDatabase: false));

        public async Task<KafkaLogConsumer> JoinAsync(string topic) => (KafkaLogConsumer)await Log.JoinAsync(topic, "g", Cancel);

        /// <summary>64 records over all partitions.</summary>
        public Task AppendEverywhereAsync(string topic, byte value) =>
            Log.AppendAsync(topic, [.. Enumerable.Range(0, 64).Select(i => new LogRecord($"K{i}", new[] { value }))], Cancel);

        /// <summary>Two members share a topic that is read: what is appended comes to one of them, and nothing that was read before.</summary>
        public async Task SharedAsync(string topic, ILogConsumer first, ILogConsumer second)
        {
            await AppendEverywhereAsync(topic, 1);
            var (waiting, rest, others) = (second.PollAsync(100, TimeSpan.FromSeconds(20), Cancel), new List<LogEntry>(), 0);
            while (rest.Count < 64 || others == 0)
            {
                Cancel.ThrowIfCancellationRequested();
                // More, until the newcomer has its share of it.
                if (rest.Count >= 64) await AppendEverywhereAsync(topic, 1);
                rest.AddRange(await first.PollAsync(100, TimeSpan.FromMilliseconds(50), Cancel));
                if (!waiting.IsCompleted) continue;
                others += (await waiting).Count;
                rest.AddRange(await waiting);
                waiting = second.PollAsync(100, TimeSpan.FromSeconds(20), Cancel);
            }
            Assert.All(rest, e => Assert.Equal(1, e.Value.Span[0]));
        }

        /// <summary>Appends records of one key, numbered from 0; returns their partition.</summary>
        public async Task<int> FillAsync(string topic, int count)
        {
            await Log.AppendAsync(topic, [.. Enumerable.Range(0, count).Select(i => new LogRecord("K", new byte[] { (byte)i }))], Cancel);
            return (await Log.DescribeAsync(topic, Cancel)).Single(p => p.NextOffset > 0).Partition;
        }

        public async Task<IReadOnlyList<LogEntry>> ReadAsync(string topic, int count)
        {
            await using var consumer = await Log.JoinAsync(topic, "g", Cancel);
            return await PollAllAsync(consumer, count);
        }

        public async Task<IReadOnlyList<LogEntry>> PollAllAsync(ILogConsumer consumer, int count)
        {
            var entries = new List<LogEntry>();
            while (entries.Count < count)
            {
                var batch = await consumer.PollAsync(count - entries.Count, TimeSpan.FromSeconds(20), Cancel);
                Assert.NotEmpty(batch);
                entries.AddRange(batch);
            }
            return entries;
        }

        public async Task CommitAsync(string topic, IReadOnlyList<LogEntry> entries)
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
            await using var transaction = await connection.BeginTransactionAsync(Cancel);
            await ConsumerOffsets.AdvanceAsync(connection, "g", topic, ConsumerOffsets.MovesOf(entries), Cancel);
            await transaction.CommitAsync(Cancel);
        }

        public Task<long> StoredAsync(string topic, int partition) => database.ScalarAsync<long>(
            "SELECT next_offset FROM ops.consumer_offsets WHERE topic = @topic AND partition = @partition", new { topic, partition });

        public async Task SetStoredAsync(string topic, int partition, long offset)
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
            await connection.ExecuteAsync("UPDATE ops.consumer_offsets SET next_offset = @offset WHERE topic = @topic AND partition = @partition", new { topic, partition, offset });
        }

        public async ValueTask DisposeAsync()
        {
            await Log.DisposeAsync();
            if (ownsDatabase) await database.DisposeAsync();
        }
    }
}
