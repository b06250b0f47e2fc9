using Bellwether.Events;

namespace Bellwether.Tests.Events;

public sealed class LagMeterTests
{
    [Fact]
    public void Loops_of_one_topic_add_up_and_one_that_ends_takes_its_share_along()
    {
        var topic = $"lag-{Guid.NewGuid():N}";
        var (first, second) = (new Loop { Lag = 30 }, new Loop { Lag = 12 });
        LagMeter.Record(first, topic);
        LagMeter.Record(second, topic);
        Assert.Equal(42, LagMeter.Of(topic));
        first.Lag = 5;
        LagMeter.Record(first, topic);
        Assert.Equal(17, LagMeter.Of(topic));
        LagMeter.Forget(first);
        Assert.Equal(12, LagMeter.Of(topic));
        LagMeter.Forget(second);
        Assert.Equal(0, LagMeter.Of(topic));
    }

    sealed class Loop : ILogConsumer
    {
        public long Lag { get; set; }

        public Task<IReadOnlyList<LogEntry>> PollAsync(int maxRecords, TimeSpan wait, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<LogEntry>>([]);

        public Task RewindAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task AcknowledgeAsync(IReadOnlyList<PartitionOffset> next, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
