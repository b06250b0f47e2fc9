using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bellwether.App.Api;

/// <summary>Turns every failure into problem details, and writes the request log. Query strings are never logged: they may hold secrets.</summary>
sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
            var response = context.Response;
            if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null)
                await Problems.WriteEmptyAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
            context.Response.StatusCode = 499;
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            var (problem, retry) = Problems.Of(error) ?? (Problems.Details(500, ProblemKind.InternalError, "The server failed", "The failure was logged under the trace id."), null);
            if (problem.Status == StatusCodes.Status503ServiceUnavailable) Unavailable(logger, context.Request.Method, context.Request.Path.Value, error.Message);
            else if (problem.Status >= 500) Failed(logger, context.Request.Method, context.Request.Path.Value, error);
            await Problems.WriteAsync(context, problem, retry);
        }
        finally
        {
            var status = context.Response.StatusCode;
            var level = status >= 400 ? LogLevel.Information : LogLevel.Debug;
            if (logger.IsEnabled(level))
                Answered(logger, level, context.Request.Method, context.Request.Path.Value, status, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    static partial void Failed(ILogger logger, string method, string? path, Exception error);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Warning, Message = "{Method} {Path} could not be answered: {Reason}")]
    static partial void Unavailable(ILogger logger, string method, string? path, string reason);

    [LoggerMessage(EventId = 3002, Message = "{Method} {Path} answered {Status} in {Milliseconds} ms")]
    static partial void Answered(ILogger logger, LogLevel level, string method, string? path, int status, double milliseconds);
}
