using Bellwether.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Bellwether.App.Api.Stream;

/// <summary>GET /stream: results as they are committed.</summary>
static class StreamEndpoints
{
    const int MostTickers = 500;

    // Closer to the end than this, a resumed client joins the live ones.
    const int Near = StreamHub.ClientBuffer / 4;

    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/stream", StreamAsync)
            .WithName("streamSentiment")
            .WithSummary("Results as they are committed")
            .WithDescription("Server-sent events of type sentiment. Every event has an id; a client that sends the last one it saw, as "
                + "header Last-Event-ID or as lastEventId, gets everything after it once. An event of type gap tells that events in "
                + "between are no longer kept.")
            .Produces(StatusCodes.Status200OK, null, "text/event-stream")
            .ProducesProblem(400).ProducesProblem(503)
            .Answers("text/event-stream");

    static async Task<Results<EmptyHttpResult, ProblemHttpResult>> StreamAsync(
        HttpContext context, string? tickers, string? lastEventId, RequestCheck check, StreamHub hub, Desk desk, ServeOptions options,
        IHostApplicationLifetime life, CancellationToken cancellationToken)
    {
        var wanted = check.Tickers("tickers", tickers, MostTickers)?.ToHashSet();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, life.ApplicationStopping);
        await hub.Ready.WaitAsync(options.DatabaseTimeout, desk.Time, stop.Token);
        var given = context.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } header] ? header : lastEventId;
        var live = hub.Position;
        var resume = given is null ? null : StreamPosition.Parse(given, live.Partitions);
        if (given is not null && resume is null)
            check.Fail("lastEventId", given, $"is not an id of this stream: {live.Partitions} numbers joined by dots");
        if (check.Failed) return check.Problem();
        if (hub.Clients >= options.MaxStreamClients)
            return Problems.Result(503, ProblemKind.Unavailable, "Too many clients of the stream",
                $"At most {options.MaxStreamClients} are served at a time.");

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await RunAsync(context.Response, wanted, resume, hub, desk, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The client went, or the server stops: either way the client resumes by its last id.
        }
        return TypedResults.Empty;
    }

    static async Task RunAsync(
        HttpResponse response, HashSet<string>? tickers, StreamPosition? resume, StreamHub hub, Desk desk,
        CancellationToken cancellationToken)
    {
        StreamClient client;
        if (resume is null)
        {
            var (from, events, leave) = hub.Join();
            using var joined = leave;
            client = new(response, tickers, from, desk.Time);
            await client.CommentAsync("live", cancellationToken);
            await client.FollowAsync(events, cancellationToken);
        }
        else
        {
            client = new(response, tickers, resume, desk.Time);
            if (!await SkipLostAsync(client, desk, cancellationToken)) await client.CommentAsync("resumed", cancellationToken);
        }
        // A client that more comes in for than it takes leaves the live ones, and reads at its own pace until it is near again.
        while (true)
            try
            {
                await CatchUpAsync(client, hub, desk, cancellationToken);
            }
            catch (LogGapException)
            {
                await SkipLostAsync(client, desk, cancellationToken);
            }
    }

    /// <summary>Moves a client over events that are not kept any more, and tells it; false where there are none.</summary>
    static async Task<bool> SkipLostAsync(StreamClient client, Desk desk, CancellationToken cancellationToken)
    {
        var position = client.Position;
        var states = await desk.Announcements.DescribeAsync(Topics.AnalyzedSentiment, cancellationToken);
        var missing = states.Sum(s => Math.Max(0, s.FirstOffset - position.Offsets[s.Partition].Offset));
        // Ids from beyond the end come from another database, or from one that was restored from a backup.
        var foreign = states.Any(s => position.Offsets[s.Partition].Offset > s.NextOffset);
        foreach (var state in states)
            if (foreign) position.Set(state.Partition, state.NextOffset);
            else position.Skip(state.Partition, state.FirstOffset);
        if (foreign || missing > 0) await client.GapAsync(foreign ? -1 : missing, cancellationToken);
        return foreign || missing > 0;
    }

    /// <summary>
    /// Reads what was missed by a tail of its own, and joins the live clients when that is nearly done. What both bring is told apart by
    /// offset, so nothing is left out and nothing comes twice. Returns when the client has fallen behind again.
    /// </summary>
    static async Task CatchUpAsync(StreamClient client, StreamHub hub, Desk desk, CancellationToken cancellationToken)
    {
        var position = client.Position;
        var tail = desk.Announcements.TailAsync(Topics.AnalyzedSentiment, position.Offsets, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (tail)
        {
            while (position.Behind(hub.Position) > Near)
                if (await tail.MoveNextAsync()) await client.WriteAsync(tail.Current, cancellationToken);
            var (from, events, leave) = hub.Join();
            using var joined = leave;
            // What lies before the point of joining is in the log already: the tail brings it without waiting.
            while (position.Behind(from) > 0)
                if (await tail.MoveNextAsync()) await client.WriteAsync(tail.Current, cancellationToken);
            await client.FollowAsync(events, cancellationToken);
        }
    }
}
