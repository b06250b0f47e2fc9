using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Bellwether.Events;
using Bellwether.Feeds;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.DeadLetters;

/// <summary>A record that was put aside, whole.</summary>
/// <param name="Value">The record as it came, as text or as base64.</param>
/// <param name="ValueEncoding">utf-8 or base64.</param>
/// <param name="Bytes">Size of the record as it came.</param>
/// <param name="Truncated">It was longer than a dead letter may be, and only its beginning is kept.</param>
/// <param name="Attempts">What became of it so far, oldest first.</param>
public sealed record DeadLetterDetails(
    long Id, DateTimeOffset CreatedAt, string Stage, string ErrorClass, string Origin, string? Topic, int? Partition, long? Offset, string? Key, string Message,
    int Attempt, string Status, IReadOnlyDictionary<string, string> Headers, string Value, string ValueEncoding, long Bytes, bool Truncated, IReadOnlyList<DeadLetterAttempt> Attempts);

/// <param name="Items">Newest first.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetterSummary> Items, string? NextCursor);

/// <summary>What to change in records before they are tried again.</summary>
/// <param name="Set">Fields of the record; null removes one.</param>
/// <param name="Value">The whole record anew; only for one letter.</param>
public sealed record ReplayRequest(JsonObject? Set, JsonNode? Value);

/// <summary>/dead-letters…: what was put aside, and why; back on its way, or removed.</summary>
static class DeadLetterEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var letters = api.MapGroup("/dead-letters").AnswersHead().Answers("application/json");
        letters.MapGet("/", ListAsync).WithName("listDeadLetters").WithSummary("Records that were put aside, newest first")
            .ProducesProblem(400);
        letters.MapGet("/counts", CountAsync).WithName("countDeadLetters").WithSummary("How many by topic, stage, kind of error and status")
            .ProducesProblem(400);
        letters.MapGet("/{id}", ShowAsync).WithName("getDeadLetter").WithSummary("One record that was put aside, whole")
            .ProducesProblem(400).ProducesProblem(404);
        letters.MapPost("/{id}/replay", ReplayOneAsync).WithName("replayDeadLetter").WithSummary("Puts a record back on its way, as it is or edited")
            .Accepts<ReplayRequest>(isOptional: true, "application/json")
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(422);
        letters.MapPost("/replay", ReplayManyAsync).WithName("replayDeadLetters").WithSummary("Puts all open letters that the parameters name back on their way")
            .ProducesProblem(400);
        letters.MapDelete("/{id}", PurgeOneAsync).WithName("purgeDeadLetter").WithSummary("Removes a dead letter for good")
            .ProducesProblem(400).ProducesProblem(404);
        letters.MapDelete("/", PurgeManyAsync).WithName("purgeDeadLetters").WithSummary("Removes the dead letters that the parameters name for good")
            .ProducesProblem(400);
    }

    static async Task<Results<Ok<DeadLetterPage>, ProblemHttpResult>> ListAsync(
        string? cursor, string? limit, [AsParameters] DeadLetterQuery query, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var filter = query.Filter(check);
        var page = check.Limit(limit, 50, 1_000);
        var before = long.MaxValue;
        if (check.Cursor(cursor, "d", 1) is [var id] && !long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            check.Fail("cursor", cursor, "is not the next_cursor of an answer to this request");
        if (check.Failed) return check.Problem();
        var found = (await wait.ForAsync(token => new DeadLetterTable(desk.DataSource).ListAsync(filter, page + 1, before, token), cancellationToken)).ToList();
        var more = found.Count > page;
        if (more) found.RemoveAt(page);
        return TypedResults.Ok(new DeadLetterPage(found,
            more ? RequestCheck.CursorOf("d", found[^1].Id.ToString(CultureInfo.InvariantCulture)) : null));
    }

    static async Task<Results<Ok<IReadOnlyList<DeadLetterCount>>, ProblemHttpResult>> CountAsync(
        [AsParameters] DeadLetterQuery query, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var filter = query.Filter(check);
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await wait.ForAsync(token => new DeadLetterTable(desk.DataSource).CountsAsync(filter, token), cancellationToken));
    }

    static async Task<Results<Ok<DeadLetterDetails>, ProblemHttpResult>> ShowAsync(
        [FromRoute] string id, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var number = check.Id(id);
        if (check.Failed) return check.Problem();
        if (await wait.ForAsync(token => new DeadLetterTable(desk.DataSource).ShowAsync(number, token), cancellationToken) is not { } letter)
            return Missing(number);
        var isText = Utf8.IsValid(letter.Value.Span);
        var l = letter.Summary;
        return TypedResults.Ok(new DeadLetterDetails(
            l.Id, l.CreatedAt, l.Stage, l.ErrorClass, l.Origin, l.Topic, letter.Partition, letter.Offset, l.Key, l.Message, l.Attempt, l.Status, letter.Headers,
            isText ? Encoding.UTF8.GetString(letter.Value.Span) : Convert.ToBase64String(letter.Value.Span),
            isText ? "utf-8" : "base64", letter.FullBytes, letter.IsTruncated, letter.Attempts));
    }

    static async Task<Results<Ok<ReplayOutcome>, ProblemHttpResult>> ReplayOneAsync(
        [FromRoute] string id, [FromBody] ReplayRequest? edit, RequestCheck check, DatabaseWait wait, Desk desk, CancellationToken cancellationToken)
    {
        var number = check.Id(id);
        if (check.Failed) return check.Problem();
        if (await wait.ForAsync(token => new DeadLetterTable(desk.DataSource).ShowAsync(number, token), cancellationToken) is null)
            return Missing(number);
        var changes = new RecordEdit(edit?.Value is { } value ? Bytes(value) : null, edit?.Set?.ToDictionary(f => f.Key, f => f.Value) ?? []);
        var outcome = await ReplayAsync(new(Ids: [number]), changes, desk, cancellationToken);
        return outcome.Refused is [var refusal]
            ? Problems.Result(422, ProblemKind.Rejected, "The record cannot be tried again so", $"Dead letter {number}: {refusal.Reason}.")
            : TypedResults.Ok(outcome);
    }

    // Text stands for itself, so that records that are no JSON can be given too.
    static ReadOnlyMemory<byte>? Bytes(JsonNode value) =>
        Encoding.UTF8.GetBytes(value is JsonValue text && text.TryGetValue(out string? plain) ? plain : value.ToJsonString());

    static async Task<Results<Ok<ReplayOutcome>, ProblemHttpResult>> ReplayManyAsync(
        [AsParameters] DeadLetterQuery query, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var filter = query.Chosen(check);
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(await ReplayAsync(filter, RecordEdit.None, desk, cancellationToken));
    }

    static Task<ReplayOutcome> ReplayAsync(DeadLetterFilter filter, RecordEdit edit, Desk desk, CancellationToken cancellationToken) =>
        desk.DeadLetterReplay.RunAsync(filter, edit, new() { Clock = desk.Time, MaxAhead = desk.Options.Scoring.MaxAhead }, null, cancellationToken);

    static async Task<Results<Ok<PurgedLetters>, ProblemHttpResult>> PurgeOneAsync(
        [FromRoute] string id, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var number = check.Id(id);
        if (check.Failed) return check.Problem();
        var purged = await new DeadLetterTable(desk.DataSource).PurgeAsync(new(Ids: [number]), cancellationToken);
        return purged == 0 ? Missing(number) : TypedResults.Ok(new PurgedLetters(purged));
    }

    static async Task<Results<Ok<PurgedLetters>, ProblemHttpResult>> PurgeManyAsync(
        [AsParameters] DeadLetterQuery query, RequestCheck check, Desk desk, CancellationToken cancellationToken)
    {
        var filter = query.Chosen(check);
        if (check.Failed) return check.Problem();
        return TypedResults.Ok(new PurgedLetters(await new DeadLetterTable(desk.DataSource).PurgeAsync(filter, cancellationToken)));
    }

    static ProblemHttpResult Missing(long id) => Problems.NotFound($"There is no dead letter {id}.");
}

public sealed record PurgedLetters(long Purged);
