using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bellwether.Lake;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.Sql;

/// <param name="Sql">One SELECT over all_sentiment and the other tables of the desk.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record SqlRequest(string? Sql);

/// <param name="Type">DuckDB's name of the type.</param>
public sealed record SqlColumn(string Name, string Type);

/// <param name="Rows">Values in the order of the columns.</param>
/// <param name="Truncated">There are more rows than the server answers with, by their number or by their size.</param>
public sealed record SqlAnswer(IReadOnlyList<SqlColumn> Columns, IReadOnlyList<IReadOnlyList<JsonElement>> Rows, long RowCount,
    bool Truncated);

/// <summary>POST /sql: read-only SQL over hot rows and lake together.</summary>
static class SqlEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/sql", QueryAsync)
            .WithName("querySql")
            .WithSummary("Read-only SQL over hot rows and lake")
            .Accepts<SqlRequest>("application/json")
            .Produces<SqlAnswer>()
            .ProducesProblem(400).ProducesProblem(408).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422)
            .Answers("application/json");

    static async Task<Results<EmptyHttpResult, ProblemHttpResult>> QueryAsync(
        HttpContext context, SqlRunner runner, ServeOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!context.Request.HasJsonContentType())
            return Problems.Result(415, ProblemKind.UnsupportedMediaType, "This form is not read", "Send a JSON object with the field sql.",
                Problems.Error("Content-Type", context.Request.ContentType, "must be application/json"));
        SqlRequest? request;
        try
        {
            request = await context.Request.ReadFromJsonAsync(ApiJson.Default.SqlRequest, cancellationToken);
        }
        catch (JsonException error)
        {
            return Invalid(null, error.Path is "$.sql" ? "sql must be a text" : "the body is not a JSON object with the field sql");
        }
        if (string.IsNullOrWhiteSpace(request?.Sql)) return Invalid(request?.Sql, "the field sql is missing or empty");
        try
        {
            return await AnswerAsync(context, options, time, token => runner.RunAsync(request.Sql, token), cancellationToken);
        }
        catch (LakeSqlException error)
        {
            return Invalid(request.Sql, error.Message);
        }
    }

    /// <summary>Answers with what was asked, within the limits of queries.</summary>
    /// <exception cref="LakeSqlException">The query cannot be run.</exception>
    public static async Task<Results<EmptyHttpResult, ProblemHttpResult>> AnswerAsync(
        HttpContext context, ServeOptions options, TimeProvider time, Func<CancellationToken, Task<ReadOnlyMemory<byte>?>> ask, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.SqlTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (await ask(either.Token).WaitAsync(options.SqlTimeout + options.DatabaseTimeout, time, cancellationToken) is not { } answer)
            {
                context.Response.Headers.RetryAfter = "1";
                return TypedResults.Problem(Problems.TooBusy("Too many queries wait."));
            }
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = answer.Length;
            await context.Response.BodyWriter.WriteAsync(answer, cancellationToken);
            return TypedResults.Empty;
        }
        catch (SqlAnswerException)
        {
            return Problems.Result(422, ProblemKind.AnswerTooLarge, "The answer is too large",
                string.Create(CultureInfo.InvariantCulture, $"A single row is larger than the {options.SqlMaxBytes} bytes that are answered with; ask for less of it."));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Problems.Result(408, ProblemKind.SqlTimeout, "The query took too long",
                $"It was stopped after {options.SqlTimeout.TotalSeconds:0.#} s; ask for less.");
        }
    }

    static ProblemHttpResult Invalid(string? sql, string reason) =>
        Problems.Result(400, ProblemKind.InvalidSql, "The query cannot be run", reason, Problems.Error("sql", sql, reason));
}
