using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Bellwether.App.Api.DeadLetters;

/// <summary>A record that was put aside.</summary>
/// <param name="Origin">topic/partition@offset, or input:line.</param>
/// <param name="Stage">Step that refused it.</param>
/// <param name="ErrorClass">Kind of error, for counting.</param>
/// <param name="Status">open, replayed or discarded.</param>
/// <param name="Attempt">How often it was refused.</param>
public sealed record DeadLetterSummary(
    long Id, string Origin, string? Key, string Stage, string ErrorClass, string Message, int Attempt, string Status,
    DateTimeOffset CreatedAt, int Bytes);

/// <summary>The same with the record itself.</summary>
/// <param name="Value">The record as it came, as text or as base64.</param>
/// <param name="ValueEncoding">utf-8 or base64.</param>
public sealed record DeadLetterDetails(
    long Id, string Origin, string? Key, string Stage, string ErrorClass, string Message, int Attempt, string Status,
    DateTimeOffset CreatedAt,
    IReadOnlyDictionary<string, string> Headers, string Value, string ValueEncoding);

/// <param name="Items">Newest first.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetterSummary> Items, string? NextCursor);

/// <summary>GET /dead-letters…: what was put aside, and why.</summary>
static class DeadLetterEndpoints
{
    const string Columns = "id, origin, key, stage, error_class, message, attempt, status, created_at";

    public static void Map(RouteGroupBuilder api)
    {
        var letters = api.MapGroup("/dead-letters").Answers("application/json");
        letters.MapGet("/", ListAsync).WithName("listDeadLetters").WithSummary("Records that were put aside, newest first")
            .ProducesProblem(400);
        letters.MapGet("/{id}", ShowAsync).WithName("getDeadLetter").WithSummary("One record that was put aside, whole")
            .ProducesProblem(400).ProducesProblem(404);
    }

    static async Task<Results<Ok<DeadLetterPage>, ProblemHttpResult>> ListAsync(
        string? cursor, string? limit, string? stage, string? status, NpgsqlDataSource dataSource, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var check = new RequestCheck(time);
        var page = check.Limit(limit, 50, 1_000);
        check.OneOf("stage", stage, "normalise", "decode", "score", "store");
        check.OneOf("status", status, "open", "replayed", "discarded");
        var before = long.MaxValue;
        if (check.Cursor(cursor, "d", 1) is [var id] && !long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            check.Fail("cursor", cursor, "is not the next_cursor of an answer to this request");
        if (check.Failed) return check.Problem();

        await using var command = dataSource.CreateCommand($"""
            SELECT {Columns}, length(value) FROM ops.dead_letters
            WHERE id < $1 AND ($2::text IS NULL OR stage = $2) AND ($3::text IS NULL OR status = $3) ORDER BY id DESC LIMIT $4
            """);
        command.Parameters.Add(new() { Value = before });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = stage });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = status });
        command.Parameters.Add(new() { Value = page + 1 });
        var found = new List<DeadLetterSummary>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add(new(
                row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3), row.GetString(4),
                row.GetString(5), row.GetInt32(6),
                row.GetString(7), row.GetFieldValue<DateTimeOffset>(8), row.GetInt32(9)));
        var more = found.Count > page;
        if (more) found.RemoveAt(page);
        return TypedResults.Ok(new DeadLetterPage(found,
            more ? RequestCheck.CursorOf("d", found[^1].Id.ToString(CultureInfo.InvariantCulture)) : null));
    }

    static async Task<Results<Ok<DeadLetterDetails>, ProblemHttpResult>> ShowAsync(
        [FromRoute] string id, NpgsqlDataSource dataSource, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            var check = new RequestCheck(time);
            check.Fail("id", id, "must be a whole number");
            return check.Problem();
        }
        await using var command = dataSource.CreateCommand($"SELECT {Columns}, headers, value FROM ops.dead_letters WHERE id = $1");
        command.Parameters.Add(new() { Value = number });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return Problems.NotFound($"There is no dead letter {number}.");
        var value = row.GetFieldValue<byte[]>(10);
        var isText = Utf8.IsValid(value);
        return TypedResults.Ok(new DeadLetterDetails(
            row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3), row.GetString(4),
            row.GetString(5), row.GetInt32(6),
            row.GetString(7), row.GetFieldValue<DateTimeOffset>(8),
            JsonSerializer.Deserialize(row.GetString(9), ApiJson.Default.DictionaryStringString)!,
            isText ? Encoding.UTF8.GetString(value) : Convert.ToBase64String(value), isText ? "utf-8" : "base64"));
    }
}
