using System.Diagnostics;
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
    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/events", PushAsync)
            .WithName("pushEvents")
            .WithSummary("Append events")
            .WithDescription("One JSON object, an array, or JSON Lines; packed with gzip or not. "
                + "Answered when the log has the events durably.")
            // The last form lets other types through to the handler, which takes what simple clients send and explains the rest.
            .Accepts<PushedEvent>("application/json", "application/x-ndjson", "*/*")
            .Produces<PushAnswer>(StatusCodes.Status202Accepted)
            .ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503)
            .Answers("application/json");

    static async Task<Results<Accepted<PushAnswer>, ProblemHttpResult>> PushAsync(
        HttpContext context, PushBody bodies, PushQueue queue, ScoredWait scored, TimeProvider time, string? wait,
        CancellationToken cancellationToken)
    {
        var check = new RequestCheck(time);
        check.OneOf("wait", wait, "scored");
        if (check.Failed) return check.Problem();
        if (PushBody.FormatOf(context.Request.ContentType) is not { } format
            || context.Request.Headers.ContentEncoding is not ([] or ["gzip" or "identity"]))
            return Problems.Result(415, ProblemKind.UnsupportedMediaType, "This form is not read",
                "Send JSON or JSON Lines, packed with gzip or not.",
                Problems.Error("Content-Type", context.Request.ContentType, "must be application/json or application/x-ndjson"));

        PushBody.PushedBody? body;
        try
        {
            body = await bodies.ReadAsync(context.Request, format, cancellationToken);
        }
        catch (FeedException error)
        {
            return Malformed(error.Line ?? 1, error.Problem);
        }
        if (body is null)
            return Busy(context, "The server holds as many large bodies as it may; nothing of this one was taken. Send it again later.");
        using var held = body;
        var records = body.Records;
        if (records.Count == 0) return Malformed(1, "holds no event");
        if (records.All(r => r.Rejection is { IsMalformed: true })) return Malformed(records[0].Position, records[0].Rejection!.Reason);

        if (queue.TryAppend(records, TraceHeaders()) is not { } appending)
            return Busy(context, "Too many events wait for the log; nothing of this request was taken. Send it again later.");
        var outcomes = await appending;
        var answer = Answer(records, outcomes);
        if (answer.Rejected == records.Count)
            return Problems.Result(422, ProblemKind.Rejected, "No event could be taken",
                "Every record was refused; each is kept as a dead letter.",
                [.. answer.Results.Take(100).Select(r => new FieldError($"line {r.Line}", null, r.Reason!))]);
        if (wait is not null)
        {
            var accepted = records.Where((_, i) => outcomes[i] == RecordOutcome.Accepted).Select(r => r.Envelope!);
            answer = answer with { Scored = await scored.WaitAsync([.. accepted], cancellationToken) };
        }
        return TypedResults.Accepted((string?)null, answer);
    }

    static PushAnswer Answer(IReadOnlyList<FeedRecord> records, IReadOnlyList<RecordOutcome> outcomes) => new(
        outcomes.Count(o => o == RecordOutcome.Accepted), outcomes.Count(o => o == RecordOutcome.Duplicate),
        outcomes.Count(o => o == RecordOutcome.Rejected), null,
        [.. records.Select((r, i) => PushedRecord.Of(r, outcomes[i]))]);

    static ProblemHttpResult Busy(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem(Problems.TooBusy(detail));
    }

    static ProblemHttpResult Malformed(long line, string problem) => Problems.Result(
        400, ProblemKind.MalformedBody, "The body cannot be read", $"Line {line}: {problem}. Nothing of it was taken.",
        Problems.Error($"line {line}", null, problem));

    // A trace that nobody records and nobody sent is not worth its bytes in the log.
    static Dictionary<string, string>? TraceHeaders() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } span && (span.Recorded || span.ParentId is not null)
            ? new() { ["traceparent"] = id }
            : null;
}
