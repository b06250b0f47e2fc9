using Bellwether.Events;
using Bellwether.Tests.Support;
using Dapper;

namespace Bellwether.Tests.Events;

public sealed class PostgresEventLogTests(TestServer server) : EventLogContract
{
    static readonly EventLogOptions Options = new() { Partitions = 4, LeaseTime = TimeSpan.FromSeconds(1.5) };

    protected override async Task<LogUnderTest> OpenAsync()
    {
        var database = await server.MigratedAsync(nameof(PostgresEventLogTests));
        var log = new PostgresEventLog(database.DataSource, Options, TimeProvider.System);
        return new(log, CommitAsync, async () =>
        {
            await log.DisposeAsync();
            await database.DisposeAsync();
        });

        async Task CommitAsync(string group, IReadOnlyList<OffsetMove> moves)
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
            await using var transaction = await connection.BeginTransactionAsync(Cancel);
            var topic = await connection.QuerySingleAsync<string>("SELECT DISTINCT topic FROM ops.consumer_offsets");
            await ConsumerOffsets.AdvanceAsync(connection, group, topic, moves, Cancel);
            await transaction.CommitAsync(Cancel);
        }
    }

    [Fact]
    public async Task A_member_that_dies_without_leaving_is_replaced_when_its_lease_runs_out()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("dying", [.. Enumerable.Range(0, 64).Select(i => Record($"K{i}", $"{i}"))], Cancel);
        var dead = (PostgresLogConsumer)await under.Log.JoinAsync("dying", "g", Cancel);
        Assert.NotEmpty(await dead.PollAsync(100, TimeSpan.FromSeconds(10), Cancel));
        dead.StopRenewing();

        await using var heir = await under.Log.JoinAsync("dying", "g", Cancel);
        var taken = new HashSet<int>();
        while (taken.Count < 4)
        {
            Cancel.ThrowIfCancellationRequested();
            foreach (var entry in await heir.PollAsync(100, TimeSpan.FromMilliseconds(100), Cancel)) taken.Add(entry.Partition);
        }
    }

    [Fact]
    public async Task Trim_drops_only_whole_days_that_every_group_has_read()
    {
        await using var database = await server.MigratedAsync(nameof(PostgresEventLogTests));
        var clock = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var log = new PostgresEventLog(database.DataSource, Options, clock);
        await log.AppendAsync("trim", [.. Enumerable.Range(0, 30).Select(i => Record($"K{i}", "old"))], Cancel);
        clock.Advance(TimeSpan.FromDays(1));
        await log.AppendAsync("trim", [.. Enumerable.Range(0, 12).Select(i => Record($"K{i}", "new"))], Cancel);

        await using var consumer = await log.JoinAsync("trim", "g", Cancel);
        var first = await consumer.PollAsync(4, TimeSpan.FromSeconds(10), Cancel);
        clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, await log.TrimAsync("trim", clock.GetUtcNow(), Cancel));

        await using (var connection = await database.DataSource.OpenConnectionAsync(Cancel))
            await connection.ExecuteAsync("UPDATE ops.consumer_offsets o SET next_offset = (SELECT next_offset FROM ops.log_partitions p WHERE p.topic = o.topic AND p.partition = o.partition)");
        Assert.Equal(30, await log.TrimAsync("trim", new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero), Cancel));
        Assert.Equal(12, (await log.DescribeAsync("trim", Cancel)).Sum(p => p.NextOffset - p.FirstOffset));
        Assert.NotEmpty(first);

        await using var late = await log.JoinAsync("trim", "late", Cancel);
        Assert.All(await late.PollAsync(100, TimeSpan.FromSeconds(10), Cancel), e => Assert.Equal("new", Text(e.Value)));
    }

    [Theory]
    [InlineData(EventLogKind.Postgres, 5)]
    [InlineData(EventLogKind.Kafka, 0)]
    public async Task Trim_waits_for_the_forwarder_only_where_there_is_one(EventLogKind kind, long dropped)
    {
        await using var database = await server.MigratedAsync(nameof(PostgresEventLogTests));
        var clock = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var log = new PostgresEventLog(database.DataSource, Options with { Kind = kind }, clock);
        await log.AppendAsync(Topics.AnalyzedSentiment, [.. Enumerable.Range(0, 5).Select(i => Record("K", $"{i}"))], Cancel);
        // The desk used Kafka once; this is how far it got.
        await using (var forwarder = await log.JoinAsync(Topics.AnalyzedSentiment, LogForwarder.Group, Cancel))
            Assert.NotEmpty(await forwarder.PollAsync(2, TimeSpan.FromSeconds(10), Cancel));
        clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(dropped, await log.TrimAsync(Topics.AnalyzedSentiment, clock.GetUtcNow(), Cancel));
        // And should it use Kafka again, there is no gap.
        await log.AppendAsync(Topics.AnalyzedSentiment, [Record("K", "new")], Cancel);
        await using var again = await log.JoinAsync(Topics.AnalyzedSentiment, LogForwarder.Group, Cancel);
        var read = await again.PollAsync(10, TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal((6 - dropped, "new"), (read.Count, Text(read[^1].Value)));
    }

    [Fact]
    public async Task A_partition_with_a_batch_in_hand_stays_until_it_is_acknowledged_and_nothing_more_is_read_of_it()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("inhand", [.. Enumerable.Range(0, 64).Select(i => Record($"K{i}", "old"))], Cancel);
        await using var first = await under.Log.JoinAsync("inhand", "g", Cancel);
        var batch = await first.PollAsync(400, TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal(64, batch.Count);
        await using var second = await under.Log.JoinAsync("inhand", "g", Cancel);
        Assert.Empty(await second.PollAsync(100, TimeSpan.FromMilliseconds(300), Cancel));
        // A poll ahead, long enough to hear of the other.
        Assert.Empty(await first.PollAsync(100, TimeSpan.FromMilliseconds(500), Cancel));
        Assert.Empty(await second.PollAsync(100, TimeSpan.FromMilliseconds(500), Cancel));
        var moves = ConsumerOffsets.MovesOf(batch);
        await under.Commit("g", moves);
        await first.AcknowledgeAsync([.. moves.Select(m => new PartitionOffset(m.Partition, m.To))], Cancel);
        await under.Log.AppendAsync("inhand", [.. Enumerable.Range(0, 64).Select(i => Record($"K{i}", "new"))], Cancel);
        var (mine, others) = (new List<LogEntry>(), new List<LogEntry>());
        while (mine.Count + others.Count < 64)
        {
            mine.AddRange(await first.PollAsync(100, TimeSpan.FromMilliseconds(50), Cancel));
            others.AddRange(await second.PollAsync(100, TimeSpan.FromMilliseconds(50), Cancel));
        }
        Assert.All(mine.Concat(others), e => Assert.Equal("new", Text(e.Value)));
        Assert.Equal(64, mine.Concat(others).Select(e => (e.Partition, e.Offset)).Distinct().Count());
        Assert.NotEmpty(others);
    }

    [Fact]
    public async Task Trim_keeps_input_that_no_group_has_begun_to_read()
    {
        await using var database = await server.MigratedAsync(nameof(PostgresEventLogTests));
        var clock = new ManualTime(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var log = new PostgresEventLog(database.DataSource, Options, clock);
        await log.AppendAsync(Topics.StandardPriority, [Record("K", "unread")], Cancel);
        clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, await log.TrimAsync(Topics.StandardPriority, clock.GetUtcNow(), Cancel));
        await using var consumer = await log.JoinAsync(Topics.StandardPriority, "late", Cancel);
        Assert.Equal("unread", Text(Assert.Single(await consumer.PollAsync(10, TimeSpan.FromSeconds(10), Cancel)).Value));
    }

    [Theory]
    [InlineData("x'; DROP TABLE ops.inbox; --")]
    [InlineData("UPPER")]
    [InlineData("")]
    public async Task A_topic_name_that_could_be_SQL_is_refused(string topic)
    {
        await using var under = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => under.Log.AppendAsync(topic, [Record("K", "1")], Cancel));
    }

    [Fact]
    public void A_key_goes_to_the_same_partition_in_every_version()
    {
        Assert.Equal([3, 3, 2, 5], new[] { "AAPL", "MSFT", "BRK.B", "" }.Select(k => PostgresLogAppender.PartitionOf(k, 8)));
    }
}
