using System.Net;
using Bellwether.Events;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Api;

/// <summary>The server of a desk whose event log is Kafka.</summary>
public sealed class KafkaServeTests(TestServer server)
{
    [Fact]
    public async Task Pushes_streams_and_health_go_on_over_Kafka_and_through_an_outage()
    {
        using var broker = await TestKafka.OwnAsync();
        var log = TestKafka.Options("served", broker.Bootstrap);
        await using var desk = await ServedDesk.StartAsync(server, nameof(KafkaServeTests), desk: o => o with { EventLog = log });
        await desk.PushAsync(ServedDesk.Event("e1", "BA", "Boeing wins a record order"));
        Assert.Equal(1, (await desk.Desk.Desk.Log.DescribeAsync(Topics.StandardPriority, ServedDesk.Token)).Sum(p => p.NextOffset));

        using (var first = await desk.GetAsync("/health/ready")) Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        while (await LagAsync(Topics.AnalyzedSentiment) != 0) await PauseAsync();
        Assert.Equal(0, await LagAsync(Topics.StandardPriority));
        Assert.Equal(1, (await desk.Desk.Desk.Log.DescribeAsync(Topics.AnalyzedSentiment, ServedDesk.Token)).Sum(p => p.NextOffset));

        broker.Down();
        while ((await desk.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK) await PauseAsync();
        var checks = (await desk.JsonAsync("/health")).GetProperty("checks").EnumerateArray();
        Assert.False(checks.Single(c => c.GetProperty("name").GetString() == "event log").GetProperty("ok").GetBoolean());
        broker.Up();
        while ((await desk.GetAsync("/health/ready")).StatusCode != HttpStatusCode.OK) await PauseAsync();
        await desk.PushAsync(ServedDesk.Event("e2", "BA", "Boeing cuts its outlook"));
        Assert.Equal(2, (await desk.JsonAsync("/api/v1/sentiment/BA")).GetProperty("count").GetInt32());

        async Task<long?> LagAsync(string topic)
        {
            var lag = (await desk.JsonAsync("/health")).GetProperty("lag").EnumerateArray().Where(l => l.GetProperty("topic").GetString() == topic).ToArray();
            return lag.Length == 0 ? null : lag.Single().GetProperty("records").GetInt64();
        }
    }

    static Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ServedDesk.Token);
}
