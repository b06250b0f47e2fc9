using Bellwether.App.Api.Sql;
using Bellwether.Feeds;
using Bellwether.Lake;
using Bellwether.Market.Joins;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Bellwether.App.Api.AsOf;

/// <param name="Left">Rows that ask: a table of the desk, or a SELECT over its tables.</param>
/// <param name="Right">Rows that answer, in the same ways.</param>
/// <param name="By">Columns that both have; symbol or ticker when absent.</param>
/// <param name="LeftTime">Time of a left row; timestamp, date or time when absent.</param>
/// <param name="RightTime">When a right row happened.</param>
/// <param name="RightKnown">Since when it is known; known_at where there is one when absent, none for since it happened.</param>
/// <param name="RightVersion">Of equal rows the greatest counts.</param>
/// <param name="MaxAge">A right row that happened longer ago is none: a whole number and s, m, h, d or w.</param>
public sealed record AsOfJoinRequest(
    string? Left, string? Right, IReadOnlyList<string>? By, string? LeftTime, string? RightTime, string? RightKnown,
    string? RightVersion, string? MaxAge);

/// <summary>POST /asof/join: what was known at each row's time.</summary>
static class AsOfEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapPost("/asof/join", JoinAsync).WithName("joinAsOf")
            .WithSummary("Gives each left row the right row that was the latest at its time, by what was known then")
            .Produces<SqlAnswer>().ProducesProblem(400).ProducesProblem(408).ProducesProblem(415).ProducesProblem(422)
            .Answers("application/json");

    static async Task<Results<EmptyHttpResult, ProblemHttpResult>> JoinAsync(
        [FromBody] AsOfJoinRequest request, HttpContext context, RequestCheck check, SqlRunner runner, Desk desk, ServeOptions options,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var (left, right) = (Dataset(check, "left", request.Left), Dataset(check, "right", request.Right));
        var age = check.Age("max_age", request.MaxAge);
        if (check.Failed) return check.Problem();
        var columns = new JoinColumns(request.By ?? [], request.LeftTime, request.RightTime, request.RightKnown, request.RightVersion)
        { Called = name => name.Replace('-', '_') };
        try
        {
            return await SqlEndpoints.AnswerAsync(context, options, time, token => runner.RunAsync(
                async inner => (await new DatasetJoin(desk.DataSource, await desk.LakeOptionsAsync(null, inner), files: false)
                    .RunAsync(left, right, columns, age, inner)).Rows, token), cancellationToken);
        }
        catch (FeedException error)
        {
            check.Fail(error.Origin == request.Right ? "right" : "left", error.Origin,
                $"{error.Problem.TrimEnd('.')}{(error.Mend is { } mend ? $"; {mend.TrimEnd('.')}" : "")}");
            return check.Problem();
        }
        catch (LakeSqlException error)
        {
            return Problems.Result(400, ProblemKind.InvalidSql, "The query cannot be run", error.Message);
        }
    }

    /// <summary>Files of the server are nobody's business: only names of tables and statements, which the rules of SQL then look at.</summary>
    static string Dataset(RequestCheck check, string field, string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) check.Fail(field, text, "is missing: name a table, or give a SELECT");
        else if (!DatasetJoin.IsQuery(text) && !DatasetJoin.IsTable(text)) check.Fail(field, text, "is neither a table nor a SELECT");
        return text ?? "";
    }
}
