using System.CommandLine;
using Bellwether.Market.Joins;

namespace Bellwether.App.Commands;

/// <param name="Matched">Left rows that found a right one.</param>
/// <param name="Unread">Times that could not be read: such a left row finds nothing, such a right one is never found.</param>
/// <param name="Columns">By which columns both met.</param>
sealed record AsOfJoinAnswer(long Left, long Right, long Matched, long Unread, string Columns, string File);

/// <summary><c>bellwether asof</c>: what was known at each row's time.</summary>
static class AsOfCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var left = new Argument<string>("LEFT")
        { Description = "Rows that ask: a file (CSV, JSON lines, Parquet), a table of the desk, or a SELECT over its tables" };
        var right = new Argument<string>("RIGHT") { Description = "Rows that answer, in the same ways" };
        var by = new Option<string?>("--by")
        { Description = "Columns that both have, several by commas [default: symbol or ticker]", HelpName = "COLUMN,…" };
        var leftTime = new Option<string?>("--left-time")
        { Description = "Time of a left row [default: timestamp, date, time …]", HelpName = "COLUMN" };
        var rightTime = new Option<string?>("--right-time")
        { Description = "When a right row happened [default: timestamp, date, time …]", HelpName = "COLUMN" };
        var known = new Option<string?>("--right-known")
        {
            Description = "Since when a right row is known; none for since it happened [default: known_at, where there is one]",
            HelpName = "COLUMN|none",
        };
        var version = new Option<string?>("--right-version")
        {
            Description = "Of equal rows the greatest counts [default: version or revision, where there is one]",
            HelpName = "COLUMN",
        };
        var age = Moments.Interval("--max-age", "A right row that happened longer ago is none");
        var format = new Option<string?>("--format")
        { Description = "How to write [default: csv; json with --json; by the ending of --out]" };
        format.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "csv", "json", "parquet", "table");
        var file = LakeOutput.Place("Write to a file, which is replaced when all rows are there");
        var join = new Verb("join", "Give each left row the right row that was the latest at its time, by what was known then",
                "asof join trades.csv market_conditions --left-time entry_time --out trades_with_conditions.parquet",
                "asof join decisions.parquet \"select symbol, timestamp, known_at, close from market_conditions where symbol = 'AAPL'\" --max-age 5d",
                "asof join quotes.csv news.csv --by symbol --right-time published_at --right-known none --format json")
            { left, right, by, leftTime, rightTime, known, version, age, format, file }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var named = session.Get(format) ?? (session.Get(file) is null && !session.Json ? "csv" : null);
                var output = LakeOutput.Of(session, named, session.Get(file));
                await using var desk = await session.OpenAsync(cancellationToken);
                var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
                string[] names = session.Get(by)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
                var columns = new JoinColumns(names, session.Get(leftTime), session.Get(rightTime), session.Get(known), session.Get(version));
                var (rows, result) = await new DatasetJoin(desk.DataSource, lake).RunAsync(
                    session.Get(left)!, session.Get(right)!, columns, session.Get(age), cancellationToken);
                await using (rows) await output.WriteAsync(session, rows, lake, cancellationToken);
                if (session.Json && session.Get(file) is { } written)
                    session.WriteJson(
                        new(result.Left, result.Right, result.Matched, result.Unread, result.Columns, written),
                        CommandJson.Relaxed.AsOfJoinAnswer);
                foreach (var unread in result.FirstUnread) session.Note($"{unread}");
                if (result.Unread > 0)
                    session.Note($"{result.Unread:n0} times could not be read; "
                        + "left rows with one found nothing, right ones were not found");
                session.Note($"{result.Matched:n0} of {result.Left:n0} rows found one of {result.Right:n0}; {result.Columns}");
                return ExitCode.Ok;
            });
        var command = new Verb("asof", "Join datasets by what was known at each moment",
            "asof join trades.csv market_conditions --left-time entry_time");
        command.Add(join);
        return command;
    }
}
