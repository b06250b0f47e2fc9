using System.CommandLine;
using System.Globalization;
using Bellwether.Analytics.Options;
using Bellwether.App.Api.Options;
using Bellwether.Market.Calendars;
using Bellwether.Market.Import;
using Bellwether.Market.OptionChains;

namespace Bellwether.App.Commands;

/// <param name="Read">= accepted + duplicates + rejected.</param>
/// <param name="Findings">Of the accepted rows, how many for each kind of finding.</param>
sealed record OptionImportAnswer(
    long Read, long Accepted, long Duplicates, long Rejected, long Solved, long Flagged, IReadOnlyDictionary<string, int> Findings,
    IReadOnlyList<MarketRejectionAnswer> Problems, double Seconds);

static partial class OptionsCommand
{
    const int MostProblems = 100, MostNotes = 10;

    static Verb Import(Screen screen, GlobalOptions globals)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "CSV (also gzip) or Parquet of quotes, or - for standard input: date, ticker, expiry, strike, type, bid, ask, last, "
                + "volume, open_interest, and the vendor's volatility and Greeks",
        };
        var symbol = new Option<string?>("--symbol") { Description = "Underlying, where the rows name none", HelpName = "SYM" };
        var rate = new Option<double>("--rate")
        { Description = "Risk-free rate a year, continuously compounded: 0.05 is 5 % [default: 0]", HelpName = "RATE" };
        var yield = new Option<double>("--yield")
        { Description = "Dividend yield a year, continuously compounded [default: 0]", HelpName = "RATE" };
        var spot = new Option<double?>("--spot")
        { Description = "Price of the underlying, where the rows state none [default: the last close that is known]", HelpName = "PRICE" };
        var at = new Option<string?>("--at")
        { Description = "When the rows were quoted, where they do not say; a date is the end of its session", HelpName = "TIME" };
        var zone = new Option<string>("--timezone")
        {
            Description = "Zone of times without an offset",
            HelpName = "IANA name",
            DefaultValueFactory = _ => UnitedStatesCalendar.TimeZoneName,
        };
        var dates = GivenFile.DateFormat();
        var known = Moments.Option("--known-at", "Since when the quotes are known [default: now]", screen.Time);
        var american = new Option<bool>("--american") { Description = "Exercise at any time; European otherwise" };
        var source = new Option<string>("--source")
        { Description = "Name of where they are from", HelpName = "NAME", DefaultValueFactory = _ => "csv" };
        return new Verb(
            "import", "Read a file of option quotes, compute volatilities and Greeks beside the vendor's, and report what cannot be",
                "options import chain.csv --rate 0.004 --json", "options import spx.csv --symbol SPX --at 2026-03-02 --spot 5100")
            { file, symbol, rate, yield, spot, at, zone, dates, known, american, source }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var path = session.Get(file)!;
                if (session.Get(spot) is <= 0) throw CommandException.Usage("--spot is a price above 0.");
                var quoted = Quoted(session.Get(at), session.Get(zone)!, session.Get(dates), session.Time);
                await using var input = await GivenFile.OpenAsync(path, cancellationToken);
                await using var desk = await session.OpenAsync(cancellationToken);
                var started = session.Time.GetTimestamp();
                var result = await input.ReadAsync(file => new OptionImporter(desk.DataSource, desk.Time,
                    ParquetInput.Of(desk, session.Progress)).ImportAsync(file,
                        new(session.Get(symbol) is { } named ? MarketCommand.Ticker(named, "--symbol") : null, session.Get(rate),
                            session.Get(yield))
                        {
                            Quoted = quoted,
                            TimeZone = session.Get(zone)!,
                            Spot = session.Get(spot),
                            KnownAt = session.Get(known),
                            American = session.Get(american),
                            Source = session.Get(source)!,
                            Dates = session.Get(dates),
                        }, cancellationToken));
                var answer = new OptionImportAnswer(result.Read, result.Accepted, result.Duplicates, result.Rejected, result.Solved,
                    result.Flagged, result.Findings,
                    [.. result.Problems.OrderBy(p => p.IsDuplicate).Take(MostProblems)
                        .Select(p => new MarketRejectionAnswer(p.Line, p.Reason))],
                    Math.Round(session.Time.GetElapsedTime(started).TotalSeconds, 3));
                if (session.Json)
                {
                    session.WriteJson(answer, CommandJson.Relaxed.OptionImportAnswer);
                    return result.IsUseless ? throw NothingTaken(path, result.Read) : ExitCode.Ok;
                }
                foreach (var problem in answer.Problems.Take(MostNotes)) session.Note($"{path}, line {problem.Line}: {problem.Reason}");
                if (result.Problems.Count > MostNotes)
                    session.Note($"… and {result.Problems.Count - MostNotes:n0} more rows; --json tells a hundred");
                session.Screen.Out.WriteLine(
                    $"read     {answer.Read:n0} = accepted {answer.Accepted:n0} + duplicates {answer.Duplicates:n0}"
                    + $" + rejected {answer.Rejected:n0}");
                session.Screen.Out.WriteLine($"solved   {answer.Solved:n0} rows imply a volatility");
                foreach (var (kind, count) in answer.Findings) session.Screen.Out.WriteLine($"found    {count:n0} × {kind}");
                if (answer.Findings.TryGetValue(OptionFindings.NoSpot, out var without))
                    session.Note($"{without:n0} rows have no volatility: no price of the underlying was known. "
                        + "Give --spot, or import its daily bars first.");
                return result.IsUseless ? throw NothingTaken(path, result.Read) : ExitCode.Ok;
            });
    }

    static CommandException NothingTaken(string path, long rows) => new(ExitCode.BadInput, "bad_input",
        $"{path}: {(rows == 1 ? "its only row was" : $"all {rows:n0} rows were")} rejected.", "The answer tells the reasons of the first.");

    static DateTimeOffset? Quoted(string? text, string zone, DateOrder? dates, TimeProvider time)
    {
        if (text is null) return null;
        if (text.Equals("now", StringComparison.OrdinalIgnoreCase)) return time.GetUtcNow();
        return new QuoteTime(zone, time, dates ?? DateOrder.YearFirst).TryParse(text, out var moment, out var problem) ? moment
            : throw CommandException.Usage($"--at: {problem}.",
            "Write for example 2026-03-02T15:45:00, 2026-03-02T20:45:00Z, 2026-03-02 for the end of that session, or now.");
    }

    static Verb Chain(Screen screen, GlobalOptions globals)
    {
        var symbol = new Argument<string>("SYMBOL") { Description = "The underlying" };
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        return new Verb(
            "chain", "Sum up the latest chain: put/call ratios, skew, term structure, max pain, unusual volume, gamma exposure, flow",
            "options chain AAPL", "options chain AAPL --as-of 2026-03-01 --json") { symbol, asOf }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var ticker = MarketCommand.Ticker(session.Get(symbol)!, "SYMBOL");
                await using var desk = await session.OpenAsync(cancellationToken);
                var chain = await new OptionStore(desk.DataSource, desk.Time).ChainAsync(ticker, session.Get(asOf), cancellationToken)
                    ?? throw new CommandException(ExitCode.BadInput, "unknown_symbol", session.Get(asOf) is { } then
                    ? $"No options of {ticker} were known at {Moments.Text(then)}." : $"No options of {ticker} are known.",
                    "Read some in: bellwether options import FILE");
                var answer = ChainAnswer.Of(chain);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ChainAnswer);
                else Write(session, answer);
                return ExitCode.Ok;
            });
    }

    static void Write(Session session, ChainAnswer a)
    {
        var output = session.Screen.Out;
        string Text(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";
        output.WriteLine(
            $"{a.Symbol} at {a.Quoted:yyyy-MM-dd HH:mm} UTC, underlying {Text(a.Spot, "0.##")}: "
            + $"{a.Rows:n0} options, {a.LeftOut:n0} left out");
        output.WriteLine($"put/call  volume {Text(a.PutCallVolume, "0.00")}, open interest {Text(a.PutCallOpenInterest, "0.00")}");
        output.WriteLine(
            $"flow      {Text(a.FlowSentiment, "0.00")} (−1 to 1), premium {Text(a.Premium, "n0")}; "
            + $"gamma exposure {Text(a.GammaExposure, "n0")} per 1 %; slope of the term structure {Text(a.TermSlope, "0.000")}");
        var table = new TextTable([new("days", Right: true), new("at the money", Right: true), new("skew", Right: true),
            new("max pain", Right: true), new("put/call", Right: true)]);
        foreach (var e in a.Expiries)
            table.Add([Text(e.Days, "0"), Text(e.AtTheMoney, "0.0000"), Text(e.Skew, "0.0000"), Text(e.MaxPain, "0.##"),
                Text(e.PutCallVolume, "0.00")]);
        table.Write(session.Screen);
        foreach (var u in a.Unusual)
            output.WriteLine(
                $"unusual   {u.Type} {Text(u.Strike, "0.##")}, {Text(u.Days, "0")} days: "
                + $"volume {Text(u.Volume, "n0")} on open interest {Text(u.OpenInterest, "n0")}");
    }
}
