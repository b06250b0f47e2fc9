using System.CommandLine;
using System.Globalization;
using Bellwether.Confluence;
using Bellwether.Plots;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether confluence</c>: how far prices, sentiment and options of symbols point the same way.</summary>
static class ConfluenceCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var (symbols, all, at) = (SymbolOptions.Symbols(), SymbolOptions.All(), SymbolOptions.At(screen));
        var (asOf, save) = (SymbolOptions.AsOf(screen), SymbolOptions.Save());
        var plot = new Option<string?>("--plot")
        { Description = "Draw price, components and confluence of one symbol into an SVG file, or a PNG by its name", HelpName = "FILE.svg" };
        OutputPlace.Guard(plot, PlotFile.Endings);
        var history = new HistoryOptions(screen, plot);
        var verb = new Verb("confluence", "Show how far prices, sentiment and options point the same way, now or as of a past moment",
            "confluence AAPL", "confluence AAPL --as-of 2026-03-02T14:30:00Z --json", "confluence AAPL --plot aapl.svg --from 2025-06-01",
            "confluence --all --save", "confluence AAPL --history --from 2026-03-01") { symbols, all, at, asOf, save, plot };
        SymbolOptions.Require(verb, symbols, all);
        history.AddTo(verb, symbols, save, at);
        verb.Validators.Add(result =>
        {
            if (result.GetResult(plot) is not null && result.GetValue(symbols)?.Length != 1) result.AddError("--plot draws one symbol; name it.");
            if (result.GetResult(plot) is not null && result.GetValue(history.History)) result.AddError("--plot and --history exclude each other.");
        });
        return verb.Runs(screen, globals, async (session, cancellationToken) =>
        {
            var (moment, wanted) = (SymbolOptions.Moment(session, at, asOf), SymbolOptions.Of(session, symbols, all));
            if (session.Get(history.History)) return await HistoryAsync(session, wanted![0], moment.KnownBy, history, cancellationToken);
            await using var desk = await session.OpenAsync(cancellationToken);
            var moved = session.Get(at) is not null;
            var code = await ShowAsync(
                session, desk, wanted, moment, SymbolOptions.IsPast(session, asOf), session.Get(save), moved, cancellationToken);
            if (session.Get(plot) is { } file)
                await PlotAsync(session, desk, wanted![0], session.Get(history.From), moment, file, cancellationToken);
            return code;
        });
    }

    static async Task<int> HistoryAsync(
        Session session, string symbol, DateTimeOffset knownBy, HistoryOptions options, CancellationToken cancellationToken)
    {
        var (from, to, limit) = options.Of(session, knownBy);
        await using var desk = await session.OpenAsync(cancellationToken);
        var found = await new ConfluenceStore(desk.DataSource).ReadAsync(symbol, from, to, knownBy, cancellationToken, limit);
        if (session.Json) session.WriteJson(new(symbol, knownBy, found), CommandJson.Relaxed.ConfluenceHistory);
        else if (found.Count == 0) session.Note(HistoryOptions.Empty(symbol, "confluence"));
        else WriteTable(session.Screen, found, moments: true);
        return ExitCode.Ok;
    }

    static async Task<int> ShowAsync(Session session, Desk desk, string[]? symbols, (DateTimeOffset At, DateTimeOffset KnownBy) moment, bool past,
        bool save, bool moved, CancellationToken cancellationToken)
    {
        var (found, silent) = (new List<ConfluenceScore>(), new List<SilentSymbol>());
        foreach (var symbol in symbols ?? await desk.Aggregates.SymbolsAsync(moment.At, cancellationToken))
            if (await (past ? desk.Confluence.AsOfAsync(symbol, moment.At, moment.KnownBy, cancellationToken)
                : desk.Confluence.ReadAsync(symbol, moment.At, moment.KnownBy, cancellationToken)) is { } score) found.Add(score);
            else silent.Add(await SilentSymbol.ReadAsync(desk, symbol, moment.At, moment.KnownBy, bars: true, cancellationToken));
        var saved = save ? await new ConfluenceStore(desk.DataSource).AppendAsync(found, cancellationToken) : 0;
        if (session.Json && symbols?.Length != 1) session.WriteJson(found, CommandJson.Relaxed.IReadOnlyListConfluenceScore);
        else if (session.Json && found.Count == 1) session.WriteJson(found[0], CommandJson.Relaxed.ConfluenceScore);
        else if (!session.Json && symbols?.Length == 1 && found.Count == 1) WriteOne(session.Screen, found[0]);
        else if (!session.Json && found.Count > 0) WriteTable(session.Screen, found, moments: false);
        if (save && !session.Json) session.Note($"{saved:n0} saved.");
        return symbols is null || silent.Count == 0 ? ExitCode.Ok : throw SilentSymbol.Error(silent, moved);
    }

    static async Task PlotAsync(Session session, Desk desk, string symbol, DateTimeOffset? from,
        (DateTimeOffset At, DateTimeOffset KnownBy) moment, string file, CancellationToken cancellationToken)
    {
        var to = moment.At;
        var start = from ?? to - TimeSpan.FromDays(ConfluenceChart.Days);
        if (start >= to) throw CommandException.Usage($"--from {Moments.Text(start)} is not before the end of the chart, {Moments.Text(to)}.");
        var evidence = await desk.Confluence.LoadAsync(symbol, start, to, moment.KnownBy, cancellationToken);
        var series = ConfluenceChart.Series(evidence, start, to, moment.KnownBy);
        if (series.Count == 0)
            throw CommandException.Usage($"There is no session between {Moments.Text(start)} and {Moments.Text(to)}.", "Choose an earlier --from.");
        await PlotFile.WriteAsync(file, ConfluenceChart.Svg(symbol, moment.KnownBy, series), cancellationToken);
        session.Note($"{file}: {series.Count:n0} sessions.");
    }

    static void WriteOne(Screen screen, ConfluenceScore s)
    {
        var output = screen.Out;
        output.WriteLine($"{s.Symbol}  {Text(s.DirectionalBias)}  {(s.DirectionalBias is { } bias ? ScoreBar.Of(bias) : "")}  confluence {Text(s.Score, "0.000")}, {s.ConfluenceLevel ?? "no component is known"}");
        output.WriteLine($"confidence  {Text(s.Confidence, "0.000")}; {(s.MeetsHighThreshold ? "meets the high threshold" : s.MeetsMinimumThreshold ? "meets the minimum threshold" : "meets no threshold")}");
        output.WriteLine($"volume      {s.VolumeTrend ?? "too little is known of what is usual"}");
        output.WriteLine($"as of       {Moments.Text(s.Timestamp)}{(s.KnownAt > s.Timestamp ? $" from what was known at {Moments.Text(s.KnownAt)}" : "")}, formula {s.Formula}");
        if (!s.Recomputed) output.WriteLine("stored      what it was computed from is not all there any more; this is how it was saved");
        output.WriteLine();
        var table = new TextTable(new("component"), new("score", Right: true), new("bearish bullish"), new("weight", Right: true), new("confidence", Right: true), new("contribution", Right: true));
        foreach (var c in s.Components)
            table.Add(c.Name, Text(c.Score), c.Score is { } score ? ScoreBar.Of(score) : "", Text(c.Weight, "0.00"), Text(c.Confidence, "0.000"), c.Contribution is { } share ? Text(share, "0.000") : "");
        table.Write(screen);
        if (s.Inputs.Technical.LastBar is not { } last) return;
        output.WriteLine();
        var technical = new TextTable(new("indicator"), new("value", Right: true), new("score", Right: true), new("bearish bullish"), new("weight", Right: true));
        foreach (var r in s.TechnicalBreakdown) technical.Add(r.Name, Text(r.Value, "0.####"), Text(r.Score), r.Score is { } own ? ScoreBar.Of(own) : "", Text(r.Weight, "0.00"));
        technical.Write(screen);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{s.Inputs.Technical.Bars} daily bars, the last of {last.UtcDateTime:yyyy-MM-dd}"));
    }

    /// <param name="moments">Rows are of one symbol at several moments, not of several symbols.</param>
    static void WriteTable(Screen screen, IReadOnlyList<ConfluenceScore> all, bool moments)
    {
        var table = new TextTable(new(moments ? "timestamp" : "symbol"), new("bias", Right: true), new("bearish bullish"),
            new("confluence", Right: true), new("level"), new("confidence", Right: true), new("technical", Right: true),
            new("sentiment", Right: true), new("options", Right: true), new("threshold"));
        foreach (var s in all)
            table.Add(moments ? Moments.Text(s.Timestamp) : s.Symbol, Text(s.DirectionalBias),
                s.DirectionalBias is { } bias ? ScoreBar.Of(bias) : "", Text(s.Score, "0.000"), s.ConfluenceLevel ?? "",
                Text(s.Confidence, "0.00"), Text(s.TechnicalScore), Text(s.SentimentScore), Text(s.OptionsFlowScore),
                s.MeetsHighThreshold ? "high" : s.MeetsMinimumThreshold ? "minimum" : "");
        table.Write(screen);
    }

    static string Text(double? value, string format = "+0.000;-0.000; 0.000") => AggregateCommand.Text(value, format);
}
