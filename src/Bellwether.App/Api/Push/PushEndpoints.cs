using System.Diagnostics;
using System.Globalization;
using Bellwether.Feeds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Push;

/// <summary>POST /events: events in.</summary>
static class PushEndpoints
{
    // What the log takes is measured in thousands a second, many times this.
    static readonly TimeSpan LongestForOne = TimeSpan.FromMilliseconds(1);

    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/events", PushAsync)
            .WithName("pushEvents")
            .WithSummary("Append events")
            .WithDescription("One JSON object, an array, or JSON Lines; packed with gzip or not. "
                + "Answered when the log has the events durably.")
            // The last form lets other types through to the handler, which takes what simple clients send and explains the rest.
            .Accepts<PushedEvent>("application/json", "application/x-ndjson", "*/*")
            .Produces<PushAnswer>(StatusCodes.Status202Accepted)
            .ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422)
            .Answers("application/json");

    static async Task<Results<Accepted<PushAnswer>, ProblemHttpResult>> PushAsync(
        HttpContext context, PushBody bodies, PushQueue queue, ScoredWait scored, RequestCheck check, ServeOptions options, TimeProvider time, string? wait,
        CancellationToken cancellationToken)
    {
        check.OneOf("wait", wait, "scored");
        if (check.Failed) return check.Problem();
        if (PushBody.FormatOf(context.Request.ContentType) is not { } format)
            return Unread(Problems.Error("Content-Type", context.Request.ContentType, "must be application/json or application/x-ndjson, in UTF-8"));
        if (context.Request.Headers.ContentEncoding is not ([] or ["gzip" or "identity"]) and var packed)
            return Unread(Problems.Error("Content-Encoding", packed, "must be gzip or identity, or be left out"));

        PushBody.PushedBody? body;
        try
        {
            body = await bodies.ReadAsync(context.Request, format, cancellationToken);
        }
        catch (FeedException error)
        {
            return Malformed(error.Line, error.Problem);
        }
        if (body is null)
            return Busy(context, "The server holds as many large bodies as it may; nothing of this one was taken. Send it again later.");
        var records = body.Records;
        if (Refusal(records) is { } refusal)
        {
            body.Dispose();
            return refusal;
        }
        if (queue.TryAppend(records, TraceHeaders()) is not { } appending)
        {
            body.Dispose();
            return Busy(context, "Too many events wait for the log; nothing of this request was taken. Send it again later.");
        }
        // The queue holds them for as long as it takes, whether somebody waits for it or not.
        _ = appending.ContinueWith(static (_, held) => ((PushBody.PushedBody)held!).Dispose(), body, TaskScheduler.Default);
        var limit = options.DatabaseTimeout + queue.Waiting * LongestForOne;
        IReadOnlyList<RecordOutcome> outcomes;
        try
        {
            outcomes = await appending.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException) when (!appending.IsCompleted)
        {
            throw DatabaseWait.Late(limit);
        }
        var answer = Answer(records, outcomes);
        if (answer.Rejected == records.Count)
            return Problems.Result(422, ProblemKind.Rejected, "No event could be taken",
                "Every record was refused; each is kept as a dead letter.",
                [.. answer.Results.Take(100).Select(r => new FieldError($"line {r.Line}", null, r.Reason!))]);
        if (wait is not null)
        {
            var accepted = records.Where((_, i) => outcomes[i] == RecordOutcome.Accepted).Select(r => r.Envelope!);
            answer = answer.After(records, outcomes, await scored.WaitAsync([.. accepted], cancellationToken));
        }
        return TypedResults.Accepted((string?)null, answer);
    }

    static ProblemHttpResult? Refusal(IReadOnlyList<FeedRecord> records) =>
        records.Count == 0 ? Malformed(null, "it holds no event")
        : records.All(r => r.Rejection is { IsMalformed: true }) ? Malformed(records[0].Position, records[0].Rejection!.Reason)
        : null;

    static ProblemHttpResult Unread(FieldError error) =>
        Problems.Result(415, ProblemKind.UnsupportedMediaType, "This form is not read", "Send JSON or JSON Lines, packed with gzip or not.", error);

    static PushAnswer Answer(IReadOnlyList<FeedRecord> records, IReadOnlyList<RecordOutcome> outcomes) => new(
        outcomes.Count(o => o == RecordOutcome.Accepted), outcomes.Count(o => o == RecordOutcome.Duplicate),
        outcomes.Count(o => o == RecordOutcome.Rejected), null, null,
        [.. records.Select((r, i) => PushedRecord.Of(r, outcomes[i]))]);

    static ProblemHttpResult Busy(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem(Problems.TooBusy(detail));
    }

    static ProblemHttpResult Malformed(long? line, string problem)
    {
        var where = line is { } number ? string.Create(CultureInfo.InvariantCulture, $"line {number}") : "body";
        return Problems.Result(400, ProblemKind.MalformedBody, "The body cannot be read", $"The {where}: {problem}. Nothing of it was taken.",
            Problems.Error(where, null, problem));
    }

    // A trace that nobody records and nobody sent is not worth its bytes in the log.
    static Dictionary<string, string>? TraceHeaders() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } span && (span.Recorded || span.ParentId is not null)
            ? new() { ["traceparent"] = id }
            : null;
}
