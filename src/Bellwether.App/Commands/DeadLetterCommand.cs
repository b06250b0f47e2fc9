using System.CommandLine;
using System.Text;
using System.Text.Json;
using Bellwether.Events;

namespace Bellwether.App.Commands;

sealed record DeadLetterRow(
    long Id, DateTimeOffset CreatedAt, string Stage, string ErrorClass, string Origin, string? Topic, string? Key, string Message, int Attempt, string Status);

/// <param name="Value">The record as it stood; what is no UTF-8 is shown as replacement characters.</param>
sealed record DeadLetterDetail(
    long Id, DateTimeOffset CreatedAt, string Stage, string ErrorClass, string Origin, string Message, int Attempt, string Status, string? Topic,
    int? Partition, long? Offset, string? Key, IReadOnlyDictionary<string, string> Headers, int Bytes, string Value, IReadOnlyList<DeadLetterAttempt> Attempts);

/// <summary><c>bellwether dlq</c>: records that were put aside, with the reason.</summary>
static partial class DeadLetterCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("dlq", "Look at records that were put aside, put them back on their way, or remove them",
            "dlq list", "dlq count", "dlq show 17", "dlq replay --stage score", "dlq purge --status replayed --yes");
        var limit = new Option<int>("--limit") { Description = "Most letters to show, newest first", DefaultValueFactory = _ => 50, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 100_000) result.AddError("--limit is outside 1..100000.");
        });
        var filter = new DeadLetterFilterOptions(screen.Time);
        var list = new Verb("list", "List dead letters, newest first", "dlq list", "dlq list --stage normalise --limit 20 --json", "dlq list --status open --since 2026-03-01") { limit };
        command.Add(filter.AddTo(list)
            .Runs(screen, globals, (session, cancellationToken) => ListAsync(session, filter.Read(session), session.Get(limit), cancellationToken)));
        var counts = new DeadLetterFilterOptions(screen.Time);
        command.Add(counts.AddTo(new Verb("count", "Count dead letters by topic, stage, kind of error and status", "dlq count", "dlq count --status open --json"))
            .Runs(screen, globals, (session, cancellationToken) => CountAsync(session, counts.Read(session), cancellationToken)));
        var id = new Argument<long>("ID") { Description = "Number of the letter" };
        command.Add(new Verb("show", "Show one dead letter whole, with what became of it so far", "dlq show 17", "dlq show 17 --json") { id }
            .Runs(screen, globals, (session, cancellationToken) => ShowAsync(session, session.Get(id), cancellationToken)));
        command.Add(Replay(screen, globals));
        command.Add(Purge(screen, globals));
        return command;
    }

    static async Task<int> ListAsync(Session session, DeadLetterFilter filter, int limit, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var letters = new DeadLetterTable(desk.DataSource);
        var rows = (await letters.ListAsync(filter, limit, null, cancellationToken))
            .Select(l => new DeadLetterRow(l.Id, l.CreatedAt, l.Stage, l.ErrorClass, l.Origin, l.Topic, l.Key, l.Message, l.Attempt, l.Status)).ToArray();
        if (session.Json)
        {
            session.WriteJson(rows, CommandJson.Relaxed.IReadOnlyListDeadLetterRow);
            return ExitCode.Ok;
        }
        var total = await letters.CountAsync(filter, cancellationToken);
        var table = new TextTable(
            new("id", Right: true), new("when"), new("stage"), new("status"), new("tries", Right: true), new("from", Width: 48), new("reason", Width: 90));
        foreach (var row in rows) table.Add($"{row.Id}", Moments.Text(row.CreatedAt), row.Stage, row.Status, $"{row.Attempt}", Tail(row.Origin, 48), row.Message);
        if (rows.Length > 0) table.Write(session.Screen);
        session.Screen.Out.WriteLine($"{rows.Length:n0} of {total:n0} dead letters{(rows.Length > 0 ? "; whole: bellwether dlq show ID" : "")}");
        return ExitCode.Ok;
    }

    static async Task<int> CountAsync(Session session, DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var counts = await new DeadLetterTable(desk.DataSource).CountsAsync(filter, cancellationToken);
        if (session.Json)
        {
            session.WriteJson(counts, CommandJson.Relaxed.IReadOnlyListDeadLetterCount);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("topic"), new("stage"), new("error"), new("status"), new("letters", Right: true), new("oldest"));
        foreach (var c in counts) table.Add(c.Topic ?? "–", c.Stage, c.ErrorClass, c.Status, $"{c.Letters:n0}", Moments.Text(c.Oldest));
        if (counts.Count > 0) table.Write(session.Screen);
        else session.Screen.Out.WriteLine("no dead letters");
        return ExitCode.Ok;
    }

    // Of a path, the end tells more than the beginning.
    static string Tail(string text, int width) => text.Length <= width ? text : "…" + text[^(width - 1)..];

    static async Task<int> ShowAsync(Session session, long id, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var content = await new DeadLetterTable(desk.DataSource).ShowAsync(id, cancellationToken) ?? throw Unknown(id);
        var l = content.Summary;
        var letter = new DeadLetterDetail(
            l.Id, l.CreatedAt, l.Stage, l.ErrorClass, l.Origin, l.Message, l.Attempt, l.Status, l.Topic, content.Partition, content.Offset, l.Key,
            content.Headers, l.Bytes, Encoding.UTF8.GetString(content.Value.Span), content.Attempts);
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
        foreach (var (name, value) in letter.Headers) output.WriteLine($"header   {name}: {value}");
        foreach (var attempt in letter.Attempts)
            output.WriteLine($"history  {Moments.Text(attempt.At)} {attempt.Outcome}{(attempt.Message is null ? "" : $": {attempt.Message}")}");
        output.WriteLine($"value    {letter.Bytes:n0} bytes");
        output.WriteLine(letter.Value);
        return ExitCode.Ok;
    }

    static CommandException Unknown(long id) =>
        new(ExitCode.BadInput, "unknown_dead_letter", $"There is no dead letter {id}.", "`bellwether dlq list` shows those there are.");
}

/// <summary>Options that say which letters are meant.</summary>
sealed class DeadLetterFilterOptions(TimeProvider time)
{
    readonly Option<string?> _topic = new("--topic") { Description = "Only letters of one topic", HelpName = "TOPIC" };
    readonly Option<string?> _stage = Among("--stage", "Only letters of one stage", DeadLetter.Stages);
    readonly Option<string?> _class = new("--class") { Description = "Only letters of one kind of error, as listed", HelpName = "NAME" };
    readonly Option<string?> _status = Among("--status", "Only letters of one status", DeadLetterFilter.Statuses);
    readonly Option<string?> _key = new("--key") { Description = "Only records of one key: the first ticker", HelpName = "TICKER" };
    readonly Option<DateTimeOffset?> _since = Moments.Option("--since", "Put aside at or after", time);
    readonly Option<DateTimeOffset?> _until = Moments.Option("--until", "Put aside before", time);

    public Verb AddTo(Verb verb)
    {
        foreach (var option in new Option[] { _topic, _stage, _class, _status, _key, _since, _until }) verb.Add(option);
        return verb;
    }

    public DeadLetterFilter Read(Session session, IReadOnlyList<long>? ids = null) => new(
        ids is { Count: > 0 } ? ids : null, session.Get(_topic), session.Get(_stage), session.Get(_class), session.Get(_status), session.Get(_key),
        session.Get(_since), session.Get(_until));

    static Option<string?> Among(string name, string description, string[] values)
    {
        var option = new Option<string?>(name) { Description = description };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
