using System.CommandLine;
using System.Globalization;
using System.Text;
using Bellwether.Market;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;

namespace Bellwether.App.Commands;

/// <param name="Hidden">Of the accepted, bars of which a version that is known since later says something else.</param>
/// <param name="Problems">The first rows that were not taken.</param>
/// <param name="MissingSessions">The first sessions between the first bar and the last that have none.</param>
sealed record MarketImportAnswer(
    string Symbol, string Interval, long Read, long Accepted, long Duplicates, long Rejected, long Restated, long Hidden, int Actions,
    int Gaps, int OffSession,
    string? From, string? To, string Source, IReadOnlyList<MarketRejectionAnswer> Problems, IReadOnlyList<DateOnly> MissingSessions,
    double Seconds);

sealed record MarketRejectionAnswer(long Line, string Reason);

static partial class MarketCommand
{
    const int MostProblems = 100, MostNotes = 10;

    static Verb Import(Screen screen, GlobalOptions globals)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "CSV (Yahoo, Stooq, Alpha Vantage or any that names its columns; also gzip) or Parquet; - for standard input",
        };
        var symbol = new Option<string>("--symbol") { Description = "Ticker of the bars", HelpName = "SYM", Required = true };
        var interval = Interval();
        var zone = new Option<string>("--timezone")
        {
            Description = "Zone of times without an offset",
            HelpName = "IANA name",
            DefaultValueFactory = _ => UnitedStatesCalendar.TimeZoneName,
        };
        var known = new Option<string?>("--known-at")
        {
            Description = "Since when the bars are known: a time, or bar-end for the end of each bar [default: now]",
            HelpName = "TIME|bar-end",
        };
        var source = new Option<string?>("--source")
        {
            Description = "Name of where they are from [default: the layout's]",
            HelpName = "NAME",
        };
        var (always, hours) = (new Option<bool>("--every-day") { Description = "The same as --hours every-day" }, Hours());
        var splits = new Option<bool?>("--split-adjusted")
        {
            Description = "Whether the prices are adjusted for the splits up to the import, or the time of --known-at "
                + "[default: of Yahoo's and Stooq's layouts]",
            HelpName = "true|false",
        };
        var dates = GivenFile.DateFormat();
        var spacing = new Option<bool>("--any-spacing")
        {
            Description = "Take the file though its times are those of bars of another length",
        };
        var rejects = new Option<string?>("--rejects")
        {
            Description = "Write every row that was not taken to this file, with line and reason",
            HelpName = "FILE",
        };
        return new Verb("import", "Read a file of bars; what is there already adds nothing, what differs is a new version",
                "market import AAPL.csv --symbol AAPL --json",
                "market import SPY_1min.csv --symbol SPY --interval 1m --rejects rejected.csv",
                "market import btc.parquet --symbol BTC-USD --every-day --timezone UTC",
                "market import - --symbol ^VIX --date-format mdy < vix.csv")
            { file, symbol, interval, zone, dates, known, source, always, hours, splits, spacing, rejects }
            .Runs(screen, globals, (session, cancellationToken) =>
            {
                var (knowledge, at) = Knowledge(session.Get(known), screen.Time);
                if (session.Get(always) && session.Get(hours) is { } other && other != TradingHours.EveryDay)
                    throw CommandException.Usage($"--every-day and --hours {BarEnd.NameOf(other)} say two things.", "Give one of them.");
                return ImportAsync(session, session.Get(file)!, new(Ticker(session.Get(symbol)!, "--symbol"), session.Get(interval))
                {
                    TimeZone = session.Get(zone)!,
                    Knowledge = knowledge,
                    KnownAt = at,
                    Source = session.Get(source),
                    Hours = session.Get(always) ? TradingHours.EveryDay : session.Get(hours),
                    SplitsInPrices = session.Get(splits),
                    Dates = session.Get(dates),
                    AnySpacing = session.Get(spacing),
                }, session.Get(rejects), cancellationToken);
            });
    }

    static (BarKnowledge Knowledge, DateTimeOffset? At) Knowledge(string? text, TimeProvider time)
    {
        if (text is null) return (BarKnowledge.Import, null);
        if (text.Equals("bar-end", StringComparison.OrdinalIgnoreCase)) return (BarKnowledge.BarEnd, null);
        var parser = new Feeds.TimestampParser("UTC", null, time, TimeSpan.Zero);
        return parser.TryParse(text, out var at, out var problem) ? (BarKnowledge.Stated, at)
            : throw CommandException.Usage($"--known-at: {problem}.", "Write a time such as 2026-03-02T14:30:00Z, or bar-end.");
    }

    static async Task<int> ImportAsync(Session session, string file, BarImportOptions options, string? rejects,
        CancellationToken cancellationToken)
    {
        if (rejects is not null) OutputPlace.Require("--rejects", rejects);
        await using var input = await GivenFile.OpenAsync(file, cancellationToken);
        await using var desk = await session.OpenAsync(cancellationToken);
        var started = session.Time.GetTimestamp();
        await StateHoursAsync(desk, options.Ticker, null, cancellationToken);
        var result = await input.ReadAsync(path => new BarImporter(desk.DataSource, desk.Time, ParquetInput.Of(desk, session.Progress))
            .ImportAsync(path, options, cancellationToken));
        var seconds = session.Time.GetElapsedTime(started).TotalSeconds;
        if (rejects is not null) await WriteRejectsAsync(rejects, result.Problems, cancellationToken);
        var answer = new MarketImportAnswer(options.Ticker, options.Interval.Name, result.Read, result.Accepted, result.Duplicates,
            result.Rejected, result.Restated, result.Hidden,
            result.Actions, result.Gaps, result.OffSession, Time(result.From, options.Interval), Time(result.To, options.Interval),
            result.Source,
            [.. result.Problems.OrderBy(p => p.IsDuplicate).Take(MostProblems).Select(p => new MarketRejectionAnswer(p.Line, p.Reason))],
            [.. result.Missing.Take(MostProblems)], Math.Round(seconds, 3));
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.MarketImportAnswer);
            return result.IsUseless ? throw NothingTaken(file, result.Read) : ExitCode.Ok;
        }
        foreach (var problem in answer.Problems.Take(MostNotes)) session.Note($"{file}, line {problem.Line}: {problem.Reason}");
        if (result.Problems.Count > MostNotes)
            session.Note($"… and {result.Problems.Count - MostNotes:n0} more rows; --rejects FILE writes them all");
        session.Screen.Out.WriteLine(
            $"read     {answer.Read:n0} = accepted {answer.Accepted:n0} + duplicates {answer.Duplicates:n0}"
            + $" + rejected {answer.Rejected:n0}");
        if (answer.Restated > 0) session.Screen.Out.WriteLine($"restated {answer.Restated:n0} bars that were known with other values");
        if (answer.Hidden > 0)
            session.Note($"{file}: {answer.Hidden:n0} bars are hidden now by versions that are known since later; "
                + "reads as of moments before show them.");
        if (answer.Actions > 0) session.Screen.Out.WriteLine($"actions  {answer.Actions:n0} splits and dividends");
        if (answer.From is not null) session.Screen.Out.WriteLine($"range    {answer.From} to {answer.To}");
        if (answer.Gaps > 0)
        {
            var first = result.Missing.Take(MostNotes).Select(d => d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            session.Note($"{file}: no bar for the sessions {string.Join(", ", first)}{(answer.Gaps > MostNotes ? " …" : "")}");
        }
        if (answer.Gaps + answer.OffSession > 0)
            session.Screen.Out.WriteLine($"sessions {answer.Gaps:n0} without a bar, {answer.OffSession:n0} bars on days without a session");
        return result.IsUseless ? throw NothingTaken(file, result.Read) : ExitCode.Ok;
    }

    static CommandException NothingTaken(string file, long rows) => new(ExitCode.BadInput, "bad_input",
        $"{file}: {(rows == 1 ? "its only row was" : $"all {rows:n0} rows were")} rejected.",
        "The answer tells the reasons of the first; --rejects FILE writes them all.");

    static string? Time(DateTime? time, BarInterval interval) =>
        time is not { } at ? null : at.ToString(interval.IsDaily ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static async Task WriteRejectsAsync(string path, IReadOnlyList<BarRejection> problems, CancellationToken cancellationToken)
    {
        await using var output = new StreamWriter(path, append: false, new UTF8Encoding(false));
        await output.WriteLineAsync("line,kind,reason,row");
        foreach (var problem in problems)
        {
            var kind = problem.IsDuplicate ? "duplicate" : "rejected";
            var line = $"{problem.Line},{kind},{Quoted(problem.Reason)},{Quoted(problem.Row)}";
            await output.WriteLineAsync(line.AsMemory(), cancellationToken);
        }

        static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
