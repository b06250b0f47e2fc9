using System.Collections.Concurrent;
using System.Diagnostics;
using Bellwether.Diagnostics;
using Bellwether.Tests.Support;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>One trace from the client to the worker.</summary>
public sealed class TracingTests(TestServer server)
{
    [Fact]
    public async Task The_trace_of_a_push_is_the_trace_of_its_scoring_and_of_its_announcement()
    {
        var trace = ActivityTraceId.CreateRandom();
        var spans = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Instruments.Name or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == trace || options.Links?.Any(l => l.Context.TraceId == trace) == true
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using var desk = await ServedDesk.StartAsync(server, nameof(TracingTests));
        using (var response = await desk.SendAsync(
            HttpMethod.Post, "/api/v1/events?wait=scored", Json(Event("1", "ACME", "Acme rises")),
            ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01")))
            response.EnsureSuccessStatusCode();
        await desk.Server.DisposeAsync();

        var request = Assert.Single(spans, s => s.Source.Name == "Microsoft.AspNetCore");
        var scoring = Assert.Single(spans, s => s.OperationName == "score batch");
        Assert.Equal((trace, trace, request.SpanId), (request.TraceId, scoring.TraceId, scoring.ParentSpanId));
        Assert.Equal($"{request.Id}",
            await desk.Desk.Database.ScalarAsync<string>("SELECT headers->>'traceparent' FROM ops.event_log WHERE topic = 'analyzed-sentiment'"));
    }

    [Fact]
    public async Task A_trace_that_nobody_sent_or_records_is_not_stored()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(TracingTests));
        using var content = Json(Event("1", "ACME", "Acme rises"));
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = desk.Http.BaseAddress };
        using (var response = await http.PostAsync("/api/v1/events", content, Token)) response.EnsureSuccessStatusCode();
        Assert.Equal(0, await desk.Desk.Database.ScalarAsync<long>("SELECT count(*) FROM ops.event_log WHERE headers->>'traceparent' IS NOT NULL"));
    }
}
