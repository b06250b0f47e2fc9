using System.CommandLine;
using System.Globalization;
using Bellwether.Analytics.Signals;
using Bellwether.Market.Calendars;
using Bellwether.Plots;
using Bellwether.Signals;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether signal</c>: whether a signal predicts returns.</summary>
static class SignalCommand
{
    const int DefaultYears = 3;

    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var command = new Verb("signal", "Find out whether sentiment, confluence or a signal of your own predicts returns",
            "signal report --signal sentiment --html report.html", "signal report --file mine.csv --horizons 1,5,20");
        command.Add(Report(screen, globals));
        return command;
    }

    static Verb Report(Screen screen, GlobalOptions globals)
    {
        var kind = new Option<string?>("--signal")
        { HelpName = "NAME", Description = $"{string.Join(", ", SignalKind.All)} [default: sentiment]" };
        kind.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. SignalKind.All]);
        var file = new Option<string?>("--file")
        { HelpName = "FILE", Description = "Signals of your own: CSV with the columns timestamp, symbol and signal; - for standard input" };
        var symbols = new Option<string?>("--symbols")
        { HelpName = "A,B,…", Description = "Symbols [default: all that have daily bars and results, or that the file names]" };
        var from = Moments.Option("--from",
            $"First session [default: that of the first row of --file; else {DefaultYears} years before the last]", screen.Time);
        var to = Moments.Option("--to", "Last session [default: the last that has bars]", screen.Time);
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        var horizons = new Option<int[]?>("--horizons")
        {
            HelpName = "1,5,10,20",
            Description = "Sessions over which returns run [default: 1,5,10,20]",
            CustomParser = result =>
            {
                var parts = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                if (parts.Length is > 0 and <= 20 && parts.All(
                    p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 250))
                    return [.. parts.Select(p => int.Parse(p, CultureInfo.InvariantCulture)).Distinct().Order()];
                result.AddError($"--horizons: '{result.Tokens[0].Value}' is not a list of numbers from 1 to 250, such as 1,5,20.");
                return null;
            },
        };
        var quantiles = new Option<int>("--quantiles")
        { HelpName = "N", Description = "Parts that signals are split into for the spread", DefaultValueFactory = _ => 5 };
        quantiles.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 2 or > 20) result.AddError("--quantiles is outside 2..20.");
        });
        var hindsight = new Option<bool>("--hindsight")
        { Description = "Compute past signals from all that is known by now: for history that was loaded afterwards" };
        var html = new Option<string?>("--html") { HelpName = "FILE.html", Description = "Write the report as a page with charts" };
        OutputPlace.Guard(html, ".html", ".htm");
        var verb = new Verb("report", "Information coefficient, its decay, turnover and quantile spread of a signal, with intervals",
            "signal report", "signal report --signal confluence --symbols AAPL,TSLA,GME --from 2021-01-01 --html report.html",
            "signal report --file mine.csv --horizons 1,5,20 --json",
            "signal report --signal twitter --hindsight") { kind, file, symbols, from, to, asOf, horizons, quantiles, hindsight, html };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(file) is not null && result.GetValue(kind) is not null)
                result.AddError("--file and --signal each name a signal; give one of them.");
            if (result.GetValue(file) is not null && result.GetValue(hindsight))
                result.AddError("--hindsight is for signals that are computed here; those of a file are known since their timestamp.");
        });
        return verb.Runs(screen, globals, (session, cancellationToken) =>
        {
            var known = session.Get(asOf) ?? session.Time.GetUtcNow();
            DateOnly? last = session.Get(to) is { } end ? Moments.SessionOf(end) : null;
            DateOnly? first = session.Get(from) is { } start ? Moments.SessionOf(start) : null;
            var steps = session.Get(horizons) is { Length: > 0 } given ? given : [1, 5, 10, 20];
            var settings = new SignalSettings { Horizons = steps, Quantiles = session.Get(quantiles) };
            if (first >= last) throw CommandException.Usage($"--from {first:yyyy-MM-dd} is not before {last:yyyy-MM-dd}.");
            var name = session.Get(kind)?.ToLowerInvariant() ?? SignalKind.Sentiment;
            var request = new SignalRequest(name, Names(session.Get(symbols)), default, default, known, session.Get(hindsight), settings);
            return RunAsync(session, request, first, last, session.Get(file), session.Get(html), cancellationToken);
        });
    }

    static string[] Names(string? text) => text is null ? []
        : [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(s => MarketCommand.Ticker(s, "--symbols")).Distinct()];

    static async Task<int> RunAsync(
        Session session, SignalRequest request, DateOnly? from, DateOnly? to, string? file, string? html, CancellationToken cancellationToken)
    {
        var given = file is null ? null : await SignalFile.ReadAsync(session, file, cancellationToken);
        if (given is not null)
        {
            IReadOnlyList<string> named = [.. given.Select(g => g.Symbol).Distinct().Order(StringComparer.Ordinal)];
            var kind = file == "-" ? "signal" : Path.GetFileNameWithoutExtension(file)!;
            request = request with { Kind = kind, Symbols = request.Symbols.Count > 0 ? request.Symbols : named };
        }
        await using var desk = await session.OpenAsync(cancellationToken);
        if (request.Symbols.Count == 0)
            request = request with { Symbols = await SignalReporter.SymbolsAsync(desk.DataSource, cancellationToken) };
        if (request.Symbols.Count == 0)
            throw new CommandException(ExitCode.BadInput, "no_symbols", "No symbol has both results and daily bars.",
                "Read some in: `bellwether ingest FILE --wait` and `bellwether market import FILE --symbol SYMBOL`; "
                + "or name them with --symbols.");
        // Behind the last bar there is no return: the window goes by the data, not by the clock.
        var lastBar = await SignalReporter.LastSessionAsync(desk.DataSource, request.Symbols, request.KnownBy, cancellationToken)
            ?? throw NoBars(request);
        var last = to ?? lastBar;
        var first = given is null ? last.AddYears(-DefaultYears) : UnitedStatesCalendar.DateOf(given.Min(g => g.KnownAt).UtcDateTime);
        request = request with { From = from ?? first, To = last };
        if (request.From >= last)
            throw from is null && given is not null
                ? new CommandException(ExitCode.BadInput, "no_bars",
                    $"The first signal is of {request.From:yyyy-MM-dd}, the last daily bar of {last:yyyy-MM-dd}: "
                    + "no signal has a return.", "Import newer bars of these symbols.")
                : CommandException.Usage($"--from {request.From:yyyy-MM-dd} is not before {last:yyyy-MM-dd}"
                    + $"{(to is null ? ", the last session that has bars" : "")}.");
        var (done, reporter) = (0, new SignalReporter(desk.DataSource, desk.Confluence, desk.Time));
        void Progress(string symbol)
        {
            if (session.Screen.ErrorIsTerminal) session.Note($"{++done}/{request.Symbols.Count} {symbol}");
        }
        var report = given is null ? await reporter.RunAsync(request, Progress, cancellationToken)
            : await reporter.RunAsync(request, given, Progress, cancellationToken);
        if (html is not null) await PlotFile.WriteAsync(html, SignalPage.Html(report), cancellationToken);
        if (session.Json) session.WriteJson(SignalAnswer.Of(report), CommandJson.Relaxed.SignalAnswer);
        else Write(session.Screen, report);
        if (html is not null) session.Note($"{html}: the report with charts.");
        return ExitCode.Ok;
    }

    static CommandException NoBars(SignalRequest request) => new(ExitCode.BadInput, "unknown_symbol",
        $"No daily bars of {string.Join(", ", request.Symbols.Take(10))}"
            + $"{(request.Symbols.Count > 10 ? $" and {request.Symbols.Count - 10} more" : "")} "
            + $"were known at {Moments.Text(request.KnownBy)}.",
        "Read some in: bellwether market import FILE --symbol SYMBOL");

    static void Write(Screen screen, SignalReport report)
    {
        var output = screen.Out;
        output.WriteLine(SignalWords.Verdict(report));
        if (report.First is null && !report.Hindsight)
            output.WriteLine(
                "Results count since they were scored, bars since their import: for history that was loaded afterwards give --hindsight.");
        output.WriteLine();
        foreach (var (symbol, reason) in report.Without.Take(10)) output.WriteLine($"without {symbol}: {reason}");
        if (report.Without.Count > 10) output.WriteLine($"and without {report.Without.Count - 10} more");
        if (report.First is null) return;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Symbols.Count} {(report.Symbols.Count == 1 ? "symbol" : "symbols")}, "
            + $"sessions {report.First:yyyy-MM-dd} to {report.Last:yyyy-MM-dd}. {SignalWords.Mode(report)}"));
        output.WriteLine(SignalWords.Knowledge(report));
        output.WriteLine();
        var table = new TextTable(new("sessions", Right: true), new("IC", Right: true), new("from", Right: true), new("to", Right: true),
            new("p adjusted", Right: true), new("ICIR", Right: true), new("spread", Right: true),
            new("from", Right: true), new("to", Right: true), new("dates", Right: true), new("pairs", Right: true));
        foreach (var h in report.Result.Horizons)
            table.Add($"{h.Horizon}", SignalWords.Number(h.InformationCoefficient.Value), SignalWords.Number(h.InformationCoefficient.Low),
                SignalWords.Number(h.InformationCoefficient.High), SignalWords.Number(h.AdjustedProbability),
                SignalWords.Number(h.InformationRatio), SignalWords.Percent(h.Spread.Value), SignalWords.Percent(h.Spread.Low),
                SignalWords.Percent(h.Spread.High), $"{h.Dates:n0}", $"{h.Pairs:n0}");
        table.Write(screen);
        if (SignalWords.Parts(report) is { } parts) output.WriteLine(parts);
        output.WriteLine(
            $"turnover of the highest of {report.Result.Quantiles} parts {SignalWords.Percent(report.Result.Turnover)} a session; "
            + "rank correlation of the signal with that of the next session "
            + $"{SignalWords.Number(report.Result.Autocorrelation.FirstOrDefault(double.NaN))}");
    }
}
