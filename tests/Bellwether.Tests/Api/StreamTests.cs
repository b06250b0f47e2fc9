using System.Net;
using System.Text.Json;
using Bellwether.App.Api;
using Bellwether.Events;
using Bellwether.Tests.Support;
using Dapper;
using static Bellwether.Tests.Api.ServedDesk;

namespace Bellwether.Tests.Api;

/// <summary>GET /stream.</summary>
public sealed class StreamTests(TestServer server)
{
    [Fact]
    public async Task A_live_client_sees_results_as_they_are_committed_and_only_its_tickers()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        await using var all = await EventStream.OpenAsync(desk, "/api/v1/stream");
        await using var some = await EventStream.OpenAsync(desk, "/api/v1/stream?tickers=beta,GAMMA");
        await desk.PushAsync(Event("1", "ACME", "Acme rises"), Event("2", "BETA", "Beta falls"), Event("3", "GAMMA", "Gamma rises"));
        Assert.Equal(["1", "2", "3"], (await all.TakeAsync(3)).Select(e => e.EventId).Order());
        Assert.Equal(["2", "3"], (await some.TakeAsync(2)).Select(e => e.EventId).Order());
    }

    [Fact]
    public async Task Reconnecting_with_the_last_id_leaves_no_gap_and_repeats_nothing()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        const int Events = 600;
        string? last;
        await using (var first = await EventStream.OpenAsync(desk, "/api/v1/stream"))
        {
            await desk.PushAsync(Event("start", "T0", "Acme rises"));
            last = (await first.TakeAsync(1))[0].Id;
        }
        var pushing = Task.Run(async () =>
        {
            for (var i = 0; i < Events; i += 20)
                await desk.PushAsync([.. Enumerable.Range(i, 20).Select(n => Event($"{n}", $"T{n % 17}", $"Acme rises {n}"))]);
        }, Token);
        // Connections of random length, by header and by query, some of which end in the middle of catching up.
        var random = new Random(7);
        var seen = new List<string>();
        while (seen.Count < Events)
        {
            var byHeader = random.Next(2) == 0;
            await using var stream = byHeader
                ? await EventStream.OpenAsync(desk, "/api/v1/stream", ("Last-Event-ID", last))
                : await EventStream.OpenAsync(desk, $"/api/v1/stream?lastEventId={last}");
            foreach (var e in await stream.TakeAsync(Math.Min(random.Next(1, 90), Events - seen.Count)))
            {
                seen.Add(e.EventId);
                last = e.Id;
            }
        }
        await pushing;
        Assert.Equal(Enumerable.Range(0, Events).Select(n => $"{n}").Order(), seen.Order());
    }

    [Fact]
    public async Task A_client_that_more_comes_in_for_than_it_takes_catches_up_and_misses_nothing()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        await using var stream = await EventStream.OpenAsync(desk, "/api/v1/stream");
        // Several times what waits for one client, with text enough to fill the sockets' buffers, before it reads a line.
        const int Events = 6_000;
        var text = string.Join(' ', Enumerable.Repeat("Acme rises and rises", 40));
        foreach (var part in Enumerable.Range(0, Events).Chunk(2_000))
            await desk.PushAsync([.. part.Select(n => Event($"{n}", $"T{n % 5}", text))]);
        var seen = await stream.TakeAsync(Events);
        Assert.Equal(Enumerable.Range(0, Events).Select(n => $"{n}").Order(), seen.Select(e => e.EventId).Order());
        await desk.PushAsync(Event("last", "T0", "Acme falls"));
        Assert.Equal("last", (await stream.TakeAsync(1))[0].EventId);
    }

    [Fact]
    public async Task A_client_resumes_on_a_server_that_was_started_anew()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        string last;
        await using (var first = await EventStream.OpenAsync(desk, "/api/v1/stream"))
        {
            await desk.PushAsync(Event("1", "ACME", "Acme rises"));
            last = (await first.TakeAsync(1))[0].Id;
        }
        await desk.PushAsync(Event("2", "BETA", "Beta falls"));
        await desk.RestartAsync();
        await using var again = await EventStream.OpenAsync(desk, "/api/v1/stream", ("Last-Event-ID", last));
        await desk.PushAsync(Event("3", "ACME", "Acme falls"));
        Assert.Equal(["2", "3"], (await again.TakeAsync(2)).Select(e => e.EventId));
    }

    [Fact]
    public async Task Events_that_are_no_longer_kept_are_told_as_a_gap()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        await desk.PushAsync(Event("1", "ACME", "Acme rises"), Event("2", "ACME", "Acme falls"));
        await using (var connection = await desk.Desk.Database.DataSource.OpenConnectionAsync(Token))
            await connection.ExecuteAsync("""
                UPDATE ops.log_partitions SET first_offset = next_offset WHERE topic = 'analyzed-sentiment';
                DELETE FROM ops.event_log WHERE topic = 'analyzed-sentiment'
                """);
        await using var stream = await EventStream.OpenAsync(desk, "/api/v1/stream?lastEventId=0.0.0.0.0.0.0.0");
        var (type, _, data) = await stream.NextAsync();
        Assert.Equal(("gap", 2), (type, JsonDocument.Parse(data).RootElement.GetProperty("missing").GetInt32()));
    }

    [Theory]
    [InlineData("1.2")]
    [InlineData("a.b.c.d.e.f.g.h")]
    [InlineData("-1.0.0.0.0.0.0.0")]
    public async Task An_id_of_another_form_is_refused(string id)
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        using var response = await desk.GetAsync($"/api/v1/stream?lastEventId={id}");
        await ProblemAsync(response, 400);
    }

    [Fact]
    public async Task The_stream_ends_when_the_server_stops()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        await using var stream = await EventStream.OpenAsync(desk, "/api/v1/stream");
        await desk.RestartAsync();
        await Assert.ThrowsAnyAsync<IOException>(async () => await stream.NextAsync());
    }

    [Fact]
    public async Task Work_of_another_process_reaches_the_hot_store_of_this_one()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests), o => o with { Roles = ServeRoles.Api });
        await using var other = await Bellwether.App.Desk.OpenAsync(desk.Desk.Desk.Options, null, Token);
        await using var stream = await EventStream.OpenAsync(desk, "/api/v1/stream");
        // Cached here before the other process changes it.
        using (await desk.GetAsync("/api/v1/sentiment/ACME")) { }
        foreach (var id in new[] { "1", "2" })
        {
            await using (var work = new Work(other)) await desk.PushAsync(Event(id, "ACME", $"Acme rises {id}"));
            await stream.TakeAsync(1);
            Assert.Equal(int.Parse(id), (await desk.Desk.Desk.Hot.GetAsync("ACME", Token))!.Count);
        }
    }

    [Fact]
    public async Task A_rebuild_by_another_process_reaches_the_hot_store_of_this_one()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        await desk.PushAsync(Event("1", "ACME", "Acme soars on record profit"), Event("2", "ACME", "Acme falls", "2024-05-02T14:30:00Z"));
        var before = (await desk.JsonAsync("/api/v1/sentiment/ACME")).GetProperty("score").GetDouble();
        await new Bellwether.Sentiment.TickerRebuild(desk.Desk.Database.DataSource, new() { HalfLifeSeconds = 3_600 }).RunAsync(Token);
        double after;
        do
            after = (await desk.JsonAsync("/api/v1/sentiment/ACME")).GetProperty("score").GetDouble();
        while (after == before);
        Assert.Equal(after, await desk.Desk.Database.ScalarAsync<double>("SELECT score FROM sentiment.ticker_sentiment"));
    }

    [Fact]
    public async Task Only_event_streams_are_answered_here()
    {
        await using var desk = await ServedDesk.StartAsync(server, nameof(StreamTests));
        using var json = await desk.GetAsync("/api/v1/stream", ("Accept", "application/json"));
        await ProblemAsync(json, 406);
        using var csv = await desk.GetAsync("/api/v1/sentiment", ("Accept", "text/csv"));
        await ProblemAsync(csv, 406);
        using var any = await desk.GetAsync("/api/v1/sentiment", ("Accept", "text/html, */*;q=0.1"));
        Assert.Equal(HttpStatusCode.OK, any.StatusCode);
    }
}
