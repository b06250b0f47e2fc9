using System.Text;
using Bellwether.Events;

namespace Bellwether.Tests.Events;

/// <summary>What every event log must do. A new implementation is another subclass, and this file stays as it is.</summary>
public abstract class EventLogContract
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>A log of its own with 4 partitions a topic and a lease of about a second.</summary>
    protected abstract Task<LogUnderTest> OpenAsync();

    protected sealed record LogUnderTest(IEventLog Log, Func<string, IReadOnlyList<OffsetMove>, Task> Commit, Func<ValueTask> Close) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Close();
    }

    [Fact]
    public async Task What_is_appended_comes_back_whole_and_in_order_for_each_key()
    {
        await using var under = await OpenAsync();
        var records = Enumerable.Range(0, 500).Select(i => Record($"K{i % 17}", $"value {i} ✓ 🚀")).ToArray();
        await under.Log.AppendAsync("t1", records[..200], Cancel);
        await under.Log.AppendAsync("t1", records[200..], Cancel);
        await using var consumer = await under.Log.JoinAsync("t1", "g", Cancel);

        var read = await ReadAsync(consumer, 500);

        foreach (var key in records.GroupBy(r => r.Key))
            Assert.Equal(key.Select(r => Text(r.Value)), read.Where(e => e.Key == key.Key).Select(e => Text(e.Value)));
        Assert.Equal(500, read.Count);
        Assert.All(read.GroupBy(e => e.Key), g => Assert.Single(g.Select(e => e.Partition).Distinct()));
        Assert.All(read.GroupBy(e => e.Partition), g => Assert.Equal(Enumerable.Range(0, g.Count()).Select(i => (long)i), g.Select(e => e.Offset)));
    }

    [Fact]
    public async Task Headers_and_empty_and_large_values_survive()
    {
        await using var under = await OpenAsync();
        var large = new byte[3 << 20];
        new Random(7).NextBytes(large);
        await under.Log.AppendAsync("t2",
        [
            new("a", large, new Dictionary<string, string> { ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ["ü"] = "ß\"\\" }),
            new("a", ReadOnlyMemory<byte>.Empty),
        ], Cancel);
        await using var consumer = await under.Log.JoinAsync("t2", "g", Cancel);
        var read = await ReadAsync(consumer, 2);
        Assert.Equal(large, read[0].Value.ToArray());
        Assert.Equal("ß\"\\", read[0].Headers["ü"]);
        Assert.Equal(0, read[1].Value.Length);
        Assert.Empty(read[1].Headers);
    }

    [Fact]
    public async Task A_restarted_group_goes_on_behind_its_committed_offset()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("t3", [.. Enumerable.Range(0, 100).Select(i => Record($"K{i}", $"{i}"))], Cancel);
        IReadOnlyList<LogEntry> first;
        await using (var consumer = await under.Log.JoinAsync("t3", "g", Cancel))
        {
            first = await consumer.PollAsync(40, Soon, Cancel);
            await under.Commit("g", ConsumerOffsets.MovesOf(first));
            Assert.NotEmpty(await consumer.PollAsync(10, Soon, Cancel)); // read, not committed
        }
        await using var again = await under.Log.JoinAsync("t3", "g", Cancel);
        var rest = await ReadAsync(again, 100 - first.Count);
        Assert.Equal(100, first.Concat(rest).Select(e => (e.Partition, e.Offset)).Distinct().Count());
        Assert.Empty(await again.PollAsync(10, TimeSpan.FromMilliseconds(100), Cancel));
    }

    [Fact]
    public async Task Rewind_reads_again_what_was_not_committed()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("t4", [.. Enumerable.Range(0, 50).Select(i => Record($"K{i}", $"{i}"))], Cancel);
        await using var consumer = await under.Log.JoinAsync("t4", "g", Cancel);
        var first = await ReadAsync(consumer, 50);
        await consumer.RewindAsync(Cancel);
        var second = await ReadAsync(consumer, 50);
        Assert.Equal(first.Select(e => (e.Partition, e.Offset)).Order(), second.Select(e => (e.Partition, e.Offset)).Order());
    }

    [Fact]
    public async Task Groups_are_independent()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("t5", [.. Enumerable.Range(0, 20).Select(i => Record($"K{i}", $"{i}"))], Cancel);
        await using var one = await under.Log.JoinAsync("t5", "one", Cancel);
        await using var two = await under.Log.JoinAsync("t5", "two", Cancel);
        Assert.Equal(20, (await ReadAsync(one, 20)).Count);
        Assert.Equal(20, (await ReadAsync(two, 20)).Count);
    }

    [Fact]
    public async Task Members_share_partitions_and_take_over_from_one_that_leaves()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("t6", [.. Enumerable.Range(0, 64).Select(i => Record($"K{i}", $"{i}"))], Cancel);
        await using var stays = await under.Log.JoinAsync("t6", "g", Cancel);
        var leaves = await under.Log.JoinAsync("t6", "g", Cancel);
        var owned = (Stays: new HashSet<int>(), Leaves: new HashSet<int>());
        while (owned.Stays.Count != 2 || owned.Leaves.Count != 2)
        {
            Cancel.ThrowIfCancellationRequested();
            await stays.RewindAsync(Cancel);
            await leaves.RewindAsync(Cancel);
            owned = ([.. (await stays.PollAsync(200, TimeSpan.FromMilliseconds(50), Cancel)).Select(e => e.Partition)],
                [.. (await leaves.PollAsync(200, TimeSpan.FromMilliseconds(50), Cancel)).Select(e => e.Partition)]);
        }
        Assert.Empty(owned.Stays.Intersect(owned.Leaves));

        await leaves.DisposeAsync();
        var taken = new HashSet<int>();
        while (taken.Count < 4)
        {
            Cancel.ThrowIfCancellationRequested();
            await stays.RewindAsync(Cancel);
            foreach (var entry in await stays.PollAsync(200, TimeSpan.FromMilliseconds(50), Cancel)) taken.Add(entry.Partition);
        }
    }

    [Fact]
    public async Task A_batch_of_a_member_that_was_overtaken_is_refused()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("t7", [Record("K", "1"), Record("K", "2")], Cancel);
        await using var consumer = await under.Log.JoinAsync("t7", "g", Cancel);
        var moves = ConsumerOffsets.MovesOf(await ReadAsync(consumer, 2));
        await under.Commit("g", moves);
        await Assert.ThrowsAsync<OffsetFencedException>(() => under.Commit("g", moves));
    }

    [Fact]
    public async Task A_waiting_poll_wakes_when_something_is_appended()
    {
        await using var under = await OpenAsync();
        await using var consumer = await under.Log.JoinAsync("t8", "g", Cancel);
        var polling = consumer.PollAsync(10, TimeSpan.FromMinutes(5), Cancel);
        await under.Log.AppendAsync("t8", [Record("K", "hello")], Cancel);
        Assert.Equal("hello", Text(Assert.Single(await polling).Value));
    }

    [Fact]
    public async Task Appends_from_many_at_once_leave_no_gap_and_lose_nothing()
    {
        await using var under = await OpenAsync();
        await using var consumer = await under.Log.JoinAsync("t9", "g", Cancel);
        var writers = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
                await under.Log.AppendAsync("t9", [.. Enumerable.Range(0, 1 + i % 5).Select(n => Record($"K{(w * 31 + i * 7 + n) % 40}", $"{w}/{i}/{n}"))], Cancel);
        })).ToArray();
        var total = 8 * Enumerable.Range(0, 25).Sum(i => 1 + i % 5);
        var read = await ReadAsync(consumer, total);
        await Task.WhenAll(writers);
        Assert.Equal(total, read.Select(e => Text(e.Value)).Distinct().Count());
        Assert.All(read.GroupBy(e => e.Partition), g => Assert.Equal(Enumerable.Range(0, g.Count()).Select(i => (long)i), g.Select(e => e.Offset)));
        Assert.Equal(total, (await under.Log.DescribeAsync("t9", Cancel)).Sum(p => p.NextOffset - p.FirstOffset));
    }

    [Fact]
    public async Task A_tail_follows_from_given_offsets_and_from_the_end()
    {
        await using var under = await OpenAsync();
        await under.Log.AppendAsync("t10", [Record("K", "0"), Record("K", "1"), Record("K", "2")], Cancel);
        var partition = (await under.Log.DescribeAsync("t10", Cancel)).Single(p => p.NextOffset == 3).Partition;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var fromOne = under.Log.TailAsync("t10", [new(partition, 1)], stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await fromOne.MoveNextAsync());
        Assert.Equal(["1", "2"], fromOne.Current.Select(e => Text(e.Value)));

        var fromEnd = under.Log.TailAsync("t10", null, stop.Token).GetAsyncEnumerator(stop.Token);
        var pending = fromEnd.MoveNextAsync().AsTask();
        while (!pending.IsCompleted)
        {
            // The tail may still be finding its end when the first of these arrives: what counts is that it sees one of them, and nothing old.
            await under.Log.AppendAsync("t10", [Record("K", "new")], Cancel);
            await Task.WhenAny(pending, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancel));
        }
        Assert.All(fromEnd.Current, e => Assert.Equal("new", Text(e.Value)));
        await stop.CancelAsync();
    }

    protected static LogRecord Record(string key, string value) => new(key, Encoding.UTF8.GetBytes(value));

    protected static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);

    static async Task<List<LogEntry>> ReadAsync(ILogConsumer consumer, int count)
    {
        var entries = new List<LogEntry>();
        while (entries.Count < count)
        {
            var batch = await consumer.PollAsync(100, Soon, Cancel);
            Assert.NotEmpty(batch);
            entries.AddRange(batch);
        }
        return entries;
    }
}
