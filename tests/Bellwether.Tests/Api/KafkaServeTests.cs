using System.Net;
using Bellwether.App.Api;
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

    [Fact]
    public async Task Pushes_with_the_brokers_away_are_refused_for_now_and_a_process_that_only_serves_stays_ready()
    {
        using var broker = await TestKafka.OwnAsync();
        var log = TestKafka.Options("away", broker.Bootstrap);
        log = log with { Kafka = log.Kafka with { DeliveryTimeout = TimeSpan.FromSeconds(1), RequestTimeout = TimeSpan.FromSeconds(1) } };
        await using var desk = await ServedDesk.StartAsync(server, nameof(KafkaServeTests), o => o with { Roles = ServeRoles.Api }, o => o with { EventLog = log });
        broker.Down();
        using (var refused = await desk.Http.PostAsync("/api/v1/events", ServedDesk.Lines(ServedDesk.Event("e1", "BA", "Boeing rises")), ServedDesk.Token))
        {
            var problem = await ServedDesk.ProblemAsync(refused, 503);
            Assert.Contains("event log", problem.GetProperty("title").GetString());
            Assert.DoesNotContain(broker.Bootstrap, problem.ToString());
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        using var ready = await desk.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        var answer = await ServedDesk.JsonAsync(ready);
        Assert.True(answer.GetProperty("degraded").GetBoolean());
        Assert.NotNull(answer.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "event log").GetProperty("detail").GetString());
    }

    [Fact]
    public async Task An_event_that_is_larger_than_the_log_takes_is_rejected_and_its_neighbours_are_taken()
    {
        using var broker = await TestKafka.OwnAsync();
        var log = TestKafka.Options("large", broker.Bootstrap);
        log = log with { Kafka = log.Kafka with { MaxMessageBytes = 10_000_000 } };
        await using var desk = await ServedDesk.StartAsync(server, nameof(KafkaServeTests), o => o with { MaxRequestBytes = 64 << 20 }, o => o with { EventLog = log });
        var large = $$"""{"event_id":"e2","timestamp":"2024-05-01T14:30:00Z","tickers":["BA"],"text":"{{new string('x', 10_100_000)}}"}""";
        var answer = await desk.PushAsync(ServedDesk.Event("e1", "BA", "Boeing rises"), large, ServedDesk.Event("e3", "BA", "Boeing falls"));
        Assert.Equal((2, 0, 1), (ServedDesk.Number(answer, "accepted"), ServedDesk.Number(answer, "duplicates"), ServedDesk.Number(answer, "rejected")));
        var rejected = answer.GetProperty("results")[1];
        Assert.Equal((2, "rejected"), (ServedDesk.Number(rejected, "line"), rejected.GetProperty("status").GetString()));
        Assert.Contains("larger than the event log takes", rejected.GetProperty("reason").GetString());
        Assert.Equal(1, await desk.Desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.dead_letters WHERE message LIKE '%MaxMessageBytes%'"));
        using var alone = await desk.Http.PostAsync("/api/v1/events", ServedDesk.Lines(large), ServedDesk.Token);
        await ServedDesk.ProblemAsync(alone, 422);
    }

    static Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ServedDesk.Token);
}
