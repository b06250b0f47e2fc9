using System.Text;
using Bellwether.Events;
using Bellwether.Events.Kafka;
using Bellwether.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Bellwether.Tests.Events;

/// <summary>What waits in the embedded log comes to Kafka, whoever held it and whenever it was written.</summary>
public sealed class LogForwarderTests(TestServer server, TestKafka kafka)
{
    const string Input = "sentiment";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Partitions_of_a_killed_member_are_moved_when_its_lease_has_run_out()
    {
        await using var setup = await OpenAsync(o => o with { LeaseTime = TimeSpan.FromSeconds(4) });
        await setup.Embedded.AppendAsync(Topics.StandardPriority, [.. Enumerable.Range(0, 64).Select(i => new LogRecord($"K{i}", new byte[1]))], Cancel);
        var killed = (PostgresLogConsumer)await setup.Embedded.JoinAsync(Topics.StandardPriority, Input, Cancel);
        Assert.NotEmpty(await killed.PollAsync(100, TimeSpan.FromSeconds(10), Cancel));
        killed.StopRenewing();
        await using (setup.Run(TimeProvider.System)) await setup.ArrivedAsync(Topics.StandardPriority, 64);
    }

    [Fact]
    public async Task Input_that_comes_to_the_embedded_log_later_is_moved_too()
    {
        await using var setup = await OpenAsync();
        await setup.Embedded.AppendAsync(Topics.HighPriority, [new("A", "1"u8.ToArray())], Cancel);
        await using var running = setup.Run(new Hurried());
        await setup.ArrivedAsync(Topics.HighPriority, 1);
        // From a process that does not use Kafka yet, after nothing was left to move.
        while (await setup.MembersAsync(Topics.HighPriority) > 0) await PauseAsync();
        await setup.Embedded.AppendAsync(Topics.HighPriority, [new("A", "2"u8.ToArray())], Cancel);
        await setup.ArrivedAsync(Topics.HighPriority, 2);
    }

    [Fact]
    public async Task A_record_that_Kafka_does_not_take_is_put_aside_and_its_neighbours_go_on()
    {
        await using var setup = await OpenAsync(o => o with { Kafka = o.Kafka with { MaxMessageBytes = 10_000_000 } });
        await setup.Embedded.AppendAsync(Topics.AnalyzedSentiment,
            [new("A", "before"u8.ToArray()), new("A", new byte[10_100_000]), new("A", "behind"u8.ToArray())], Cancel);
        await using (setup.Run(TimeProvider.System)) await setup.ArrivedAsync(Topics.AnalyzedSentiment, 2);
        await using var consumer = await setup.Kafka.JoinAsync(Topics.AnalyzedSentiment, "reader", Cancel);
        var arrived = new List<string>();
        while (arrived.Count < 2) arrived.AddRange((await consumer.PollAsync(10, TimeSpan.FromSeconds(20), Cancel)).Select(e => Encoding.UTF8.GetString(e.Value.Span)));
        Assert.Equal(["before", "behind"], arrived);
        Assert.Equal("store 10100000", await setup.Database.ScalarAsync<string>("SELECT string_agg(stage || ' ' || octet_length(value), ',') FROM ops.dead_letters"));
    }

    static Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);

    async Task<Setup> OpenAsync(Func<EventLogOptions, EventLogOptions>? configure = null)
    {
        var options = await kafka.OptionsAsync("forward");
        options = configure?.Invoke(options) ?? options;
        return new(await server.MigratedAsync(nameof(LogForwarderTests)), options, await TestKafka.LibraryAsync());
    }

    /// <summary>A clock on which a minute passes in a tenth of a second.</summary>
    sealed class Hurried : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime >= TimeSpan.FromSeconds(30) ? TimeSpan.FromMilliseconds(100) : dueTime, period);
    }

    sealed class Setup(TestDatabase database, EventLogOptions options, string library) : IAsyncDisposable
    {
        public TestDatabase Database => database;

        public PostgresEventLog Embedded { get; } = new(database.DataSource, options, TimeProvider.System);

        public KafkaEventLog Kafka { get; } = new(database.DataSource, options, library, new TestLog().CreateLogger<KafkaEventLog>(), TimeProvider.System);

        public Running Run(TimeProvider time) => new(new(database.DataSource, Embedded, Kafka, time, new TestLog().CreateLogger<LogForwarder>()));

        public async Task ArrivedAsync(string topic, long count)
        {
            while ((await Kafka.DescribeAsync(topic, Cancel)).Sum(p => p.NextOffset) < count) await PauseAsync();
            // What is there is also written down as moved, and nothing stays behind.
            while ((await GroupLag.OfEmbeddedAsync(database.DataSource, Cancel)).Any(l => l.Topic == topic && l.Records > 0)) await PauseAsync();
            Assert.Equal(count, (await Kafka.DescribeAsync(topic, Cancel)).Sum(p => p.NextOffset));
        }

        public Task<long> MembersAsync(string topic) =>
            database.ScalarAsync<long>("SELECT count(*) FROM ops.consumer_members WHERE topic = @topic", new { topic });

        public async ValueTask DisposeAsync()
        {
            await Kafka.DisposeAsync();
            await Embedded.DisposeAsync();
            await database.DisposeAsync();
        }
    }

    sealed class Running : IAsyncDisposable
    {
        readonly CancellationTokenSource _stop = new();
        readonly Task _loop;

        public Running(LogForwarder forwarder) => _loop = Task.Run(() => forwarder.RunAsync(Input, _stop.Token));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            _stop.Dispose();
        }
    }
}
