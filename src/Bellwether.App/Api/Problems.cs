using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Bellwether.App.Api.Counts;
using Bellwether.Counts;
using Bellwether.Engines;
using Bellwether.Events;
using Bellwether.Storage.Objects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bellwether.App.Api;

/// <summary>One field or parameter at fault.</summary>
/// <param name="Value">What was given; null where nothing was.</param>
/// <param name="Reason">What is wrong, and the form that is allowed.</param>
public sealed record FieldError(string Field, string? Value, string Reason);

/// <summary>Problem details (RFC 9457) of every error. The type is a name, whose last part is the heading in docs/api.md that explains it.</summary>
static class Problems
{
    const string Urn = "urn:bellwether:problem:";
    const int MaxShown = 100;

    public static ProblemDetails Details(int status, string kind, string title, string detail, params IReadOnlyList<FieldError> errors)
    {
        var problem = new ProblemDetails { Status = status, Type = Urn + kind, Title = title, Detail = detail };
        if (errors.Count > 0) problem.Extensions["errors"] = errors.ToArray();
        if (Activity.Current is { } span) problem.Extensions["trace_id"] = span.TraceId.ToHexString();
        return problem;
    }

    public static ProblemHttpResult Result(int status, string kind, string title, string detail, params IReadOnlyList<FieldError> errors) =>
        TypedResults.Problem(Details(status, kind, title, detail, errors));

    public static ProblemHttpResult NotFound(string detail) => Result(404, ProblemKind.NotFound, "Nothing is known", detail);

    public static ProblemDetails TooBusy(string detail) => Details(429, ProblemKind.TooManyRequests, "Too many requests", detail);

    public static FieldError Error(string field, string? value, string reason) =>
        new(field, value is { Length: > MaxShown } ? value[..MaxShown] + "…" : value, reason);

    public static Task WriteAsync(HttpContext context, ProblemDetails problem, TimeSpan? retryAfter = null)
    {
        context.Response.StatusCode = problem.Status!.Value;
        if (retryAfter is { } after)
            context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds))
                .ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.CacheControl = "no-store";
        // The rest of the body is not read, so the connection cannot be used again.
        if (problem.Status == StatusCodes.Status413PayloadTooLarge) context.Response.Headers.Connection = "close";
        return TypedResults.Problem(problem).ExecuteAsync(context);
    }

    /// <summary>Answers that a part of the pipeline left empty, such as 404 for an unknown path.</summary>
    public static Task WriteEmptyAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        var (kind, detail) = status switch
        {
            400 => (ProblemKind.BadRequest, "The body is not JSON of the form that is asked for; see /openapi/v1.json."),
            404 => (ProblemKind.NotFound, $"There is no {context.Request.Path}. {Where(context)}"),
            405 => (ProblemKind.MethodNotAllowed,
                $"{context.Request.Method} is not allowed here; allowed: {context.Response.Headers.Allow}."),
            415 => (ProblemKind.UnsupportedMediaType, "Send application/json."),
            _ => (ProblemKind.Other, ReasonPhrases.GetReasonPhrase(status)),
        };
        return WriteAsync(context, Details(status, kind, ReasonPhrases.GetReasonPhrase(status), detail));
    }

    /// <summary>What an exception means to the client; null for one that is not the client's or the database's doing.</summary>
    public static (ProblemDetails Problem, TimeSpan? RetryAfter)? Of(Exception error) => error switch
    {
        BadHttpRequestException { StatusCode: 413 } large => (TooLarge(large.Message), null),
        BadHttpRequestException { InnerException: JsonException json } => (Details(400, ProblemKind.BadRequest, "The body cannot be read",
            $"The body is not JSON of the form that is asked for, at {Field(json)}; see /openapi/v1.json.", Error(Field(json), null, Reason(json))), null),
        BadHttpRequestException { StatusCode: 415 } => (Details(415, ProblemKind.UnsupportedMediaType, "This form is not read", "Send application/json."), null),
        BadHttpRequestException { StatusCode: 400 } none when none.Message.StartsWith("Required parameter", StringComparison.Ordinal) =>
            (Details(400, ProblemKind.BadRequest, "The body is missing", "Send JSON of the form that is asked for; see /openapi/v1.json."), null),
        BadHttpRequestException bad => (Details(bad.StatusCode, ProblemKind.BadRequest, "The request cannot be read", bad.Message), null),
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } =>
            (Details(503, ProblemKind.Unavailable, "The database took too long", "The query was stopped; ask for less, or try again."),
                TimeSpan.FromSeconds(1)),
        PostgresException { SqlState: ['2', '2', ..] } bad =>
            (Details(400, ProblemKind.BadRequest, "The request cannot be answered", bad.MessageText), null),
        CountsBusyException busy => (Details(503, ProblemKind.Unavailable, "Too much is being computed", busy.Message), busy.RetryAfter),
        CountsException { Problem: CountsProblem.Unknown } unknown => (Details(404, ProblemKind.NotFound, "Nothing is known", unknown.Message), null),
        CountsException { Problem: CountsProblem.NotEnough } little => (Details(422, ProblemKind.Rejected, "There is too little data", little.Message), null),
        CountsException wrong => (Details(400, ProblemKind.BadRequest, "The request cannot be answered", $"{wrong.Message}{(wrong.Mend is { } mend ? " " + mend : "")}"), null),
        ObjectStoreException =>
            (Details(503, ProblemKind.Unavailable, "The lake cannot be read", "The server's log says what is wrong with its store."),
                TimeSpan.FromSeconds(5)),
        EventLogException { IsTooLarge: false } =>
            (Details(503, ProblemKind.Unavailable, "The event log cannot be reached",
                "The server's log says what is wrong with it; what was sent may have been taken: sending it again is harmless."), TimeSpan.FromSeconds(5)),
        EngineException =>
            (Details(503, ProblemKind.Unavailable, "An engine is missing", "The server's log says which and what mends it."),
                TimeSpan.FromSeconds(60)),
        TimeoutException late =>
            (Details(503, ProblemKind.Unavailable, "The database took too long",
                $"{late.Message}; what was sent may have been taken: sending it again is harmless."), TimeSpan.FromSeconds(1)),
        NpgsqlException =>
            (Details(503, ProblemKind.Unavailable, "The database cannot be reached",
                "Nothing was changed that was not confirmed; try again."), TimeSpan.FromSeconds(1)),
        _ => null,
    };

    public static ProblemDetails Failure() =>
        Details(500, ProblemKind.InternalError, "The server failed", "The failure was logged under the trace id.");

    static string Field(JsonException json) => json.Path is { Length: > 2 } path ? path.TrimStart('$').TrimStart('.') : "body";

    static string Reason(JsonException json) =>
        json.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "is no field of this request"
        : string.Create(CultureInfo.InvariantCulture,
            $"has another form than is asked for, at line {(json.LineNumber ?? 0) + 1}, byte {json.BytePositionInLine ?? 0}");

    static ProblemDetails TooLarge(string message) =>
        Details(413, ProblemKind.TooLarge, "The request is too large",
            $"{message.TrimEnd('.')}. Nothing of it was taken; send it in parts.");

    // A process without the API has no document.
    static string Where(HttpContext context) => context.RequestServices.GetRequiredService<ServeOptions>().Roles.HasFlag(ServeRoles.Api)
        ? "The paths are listed at /openapi/v1.json."
        : "This process does not serve the API; it has /health and /metrics.";
}
