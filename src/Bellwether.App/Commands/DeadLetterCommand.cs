using System.CommandLine;
using System.Text;
using System.Text.Json;
using Dapper;

namespace Bellwether.App.Commands;

sealed record DeadLetterRow(
    long Id, DateTimeOffset CreatedAt, string Stage, string ErrorClass, string Origin, string Message, int Attempt, string Status);

/// <param name="Value">The record as it stood; what is no UTF-8 is shown as replacement characters.</param>
sealed record DeadLetterDetail(
    long Id, DateTimeOffset CreatedAt, string Stage, string ErrorClass, string Origin, string Message, int Attempt, string Status, string? Topic,
    int? Partition, long? Offset, string? Key, JsonElement Headers, int Bytes, string Value);

/// <summary><c>bellwether dlq</c>: records that were put aside, with the reason.</summary>
static class DeadLetterCommand
{
    const string Columns = "id, created_at, stage, error_class, origin, message, attempt, status";

    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("dlq", "Look at records that were put aside, with the reason", "dlq list", "dlq list --stage normalise --limit 20 --json", "dlq show 17");
        var limit = new Option<int>("--limit") { Description = "Most letters to show, newest first", DefaultValueFactory = _ => 50, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 100_000) result.AddError("--limit is outside 1..100000.");
        });
        var stage = new Option<string?>("--stage") { Description = "Only letters of one stage" };
        stage.AcceptOnlyFromAmong("normalise", "decode", "score", "store");
        command.Add(new Verb("list", "List dead letters, newest first", "dlq list", "dlq list --stage normalise --limit 20 --json") { limit, stage }
            .Runs(screen, globals, (session, cancellationToken) => ListAsync(session, session.Get(limit), session.Get(stage), cancellationToken)));
        var id = new Argument<long>("ID") { Description = "Number of the letter" };
        command.Add(new Verb("show", "Show one dead letter whole", "dlq show 17", "dlq show 17 --json") { id }
            .Runs(screen, globals, (session, cancellationToken) => ShowAsync(session, session.Get(id), cancellationToken)));
        return command;
    }

    static async Task<int> ListAsync(Session session, int limit, string? stage, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        await using var connection = await desk.DataSource.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(long, DateTime, string, string, string, string, int, string)>(new CommandDefinition(
                $"SELECT {Columns} FROM ops.dead_letters WHERE @stage::text IS NULL OR stage = @stage ORDER BY id DESC LIMIT @limit",
                new { stage, limit }, cancellationToken: cancellationToken)))
            .Select(r => new DeadLetterRow(r.Item1, r.Item2, r.Item3, r.Item4, r.Item5, r.Item6, r.Item7, r.Item8)).ToArray();
        if (session.Json)
        {
            session.WriteJson(rows, CommandJson.Relaxed.IReadOnlyListDeadLetterRow);
            return ExitCode.Ok;
        }
        var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM ops.dead_letters WHERE @stage::text IS NULL OR stage = @stage", new { stage }, cancellationToken: cancellationToken));
        var table = new TextTable(new("id", Right: true), new("when"), new("stage"), new("from", Width: 48), new("reason", Width: 90));
        foreach (var row in rows) table.Add($"{row.Id}", Moments.Text(row.CreatedAt), row.Stage, Tail(row.Origin, 48), row.Message);
        if (rows.Length > 0) table.Write(session.Screen);
        session.Screen.Out.WriteLine($"{rows.Length:n0} of {total:n0} dead letters{(rows.Length > 0 ? "; whole: bellwether dlq show ID" : "")}");
        return ExitCode.Ok;
    }

    // Of a path, the end tells more than the beginning.
    static string Tail(string text, int width) => text.Length <= width ? text : "…" + text[^(width - 1)..];

    static async Task<int> ShowAsync(Session session, long id, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        await using var read = desk.DataSource.CreateCommand(
            $"SELECT {Columns}, topic, partition, log_offset, key, headers::text, length(value), value FROM ops.dead_letters WHERE id = $1");
        read.Parameters.Add(new() { Value = id });
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            throw new CommandException(ExitCode.BadInput, "unknown_dead_letter", $"There is no dead letter {id}.", "`bellwether dlq list` shows those there are.");
        using var headers = JsonDocument.Parse(row.GetString(12));
        var letter = new DeadLetterDetail(
            row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetInt32(6),
            row.GetString(7), row.IsDBNull(8) ? null : row.GetString(8), row.IsDBNull(9) ? null : row.GetInt32(9), row.IsDBNull(10) ? null : row.GetInt64(10),
            row.IsDBNull(11) ? null : row.GetString(11), headers.RootElement, row.GetInt32(13), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(14)));
        if (session.Json)
        {
            session.WriteJson(letter, CommandJson.Relaxed.DeadLetterDetail);
            return ExitCode.Ok;
        }
        var output = session.Screen.Out;
        output.WriteLine($"dead letter {letter.Id}, {letter.Status}, {Moments.Text(letter.CreatedAt)}, attempt {letter.Attempt}");
        output.WriteLine($"from     {letter.Origin}");
        output.WriteLine($"stage    {letter.Stage} ({letter.ErrorClass})");
        output.WriteLine($"reason   {letter.Message}");
        if (letter.Key is not null) output.WriteLine($"key      {letter.Key}");
        foreach (var header in headers.RootElement.EnumerateObject()) output.WriteLine($"header   {header.Name}: {header.Value}");
        output.WriteLine($"value    {letter.Bytes:n0} bytes");
        output.WriteLine(letter.Value);
        return ExitCode.Ok;
    }
}
