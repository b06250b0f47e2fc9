using System.CommandLine;
using System.Globalization;
using Bellwether.Sentiment.Aggregation;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether aggregate</c>, also <c>bellwether sentiment aggregate</c>: sentiment of symbols across their sources.</summary>
static class AggregateCommand
{
    public static Command Create(Screen screen, GlobalOptions globals) => Create(screen, globals, "aggregate");

    /// <param name="path">How the command is called.</param>
    public static Verb Create(Screen screen, GlobalOptions globals, string path)
    {
        var (symbols, all, at) = (SymbolOptions.Symbols(), SymbolOptions.All(), SymbolOptions.At(screen));
        var (asOf, save, history) = (SymbolOptions.AsOf(screen), SymbolOptions.Save(), new HistoryOptions(screen));
        var verb = new Verb("aggregate", "Take the sources of a symbol together: Twitter, Reddit, news and options",
            $"{path} AAPL", $"{path} AAPL --as-of 2026-03-02T14:30:00Z --json", $"{path} --all --save", $"{path} AAPL --history --from 2026-03-01")
        { symbols, all, at, asOf, save };
        SymbolOptions.Require(verb, symbols, all);
        history.AddTo(verb, symbols, save, at);
        return verb.Runs(screen, globals, async (session, cancellationToken) =>
        {
            var (wanted, moment) = (SymbolOptions.Of(session, symbols, all), SymbolOptions.Moment(session, at, asOf));
            if (session.Get(history.History)) return await HistoryAsync(session, wanted![0], moment.KnownBy, history, path, cancellationToken);
            await using var desk = await session.OpenAsync(cancellationToken);
            var moved = session.Get(at) is not null;
            return await RunAsync(session, desk, wanted, moment, SymbolOptions.IsPast(session, asOf), session.Get(save), moved, cancellationToken);
        });
    }

    static async Task<int> HistoryAsync(
        Session session, string symbol, DateTimeOffset knownBy, HistoryOptions options, string path, CancellationToken cancellationToken)
    {
        var (from, to, limit) = options.Of(session, knownBy);
        await using var desk = await session.OpenAsync(cancellationToken);
        var found = await new AggregateStore(desk.DataSource).ReadAsync(symbol, from, to, knownBy, cancellationToken, limit);
        if (session.Json) session.WriteJson(new(symbol, knownBy, found), CommandJson.Relaxed.AggregateHistory);
        else if (found.Count == 0) session.Note(HistoryOptions.Empty(symbol, path));
        else WriteTable(session.Screen, found, moments: true);
        return ExitCode.Ok;
    }

    static async Task<int> RunAsync(Session session, Desk desk, string[]? symbols, (DateTimeOffset At, DateTimeOffset KnownBy) moment, bool past,
        bool save, bool moved, CancellationToken cancellationToken)
    {
        var wanted = symbols ?? await desk.Aggregates.SymbolsAsync(moment.At, cancellationToken);
        var (found, silent) = (new List<AggregatedSentiment>(), new List<SilentSymbol>());
        var store = new AggregateStore(desk.DataSource);
        foreach (var symbol in wanted)
        {
            if (past && await desk.Aggregates.AsOfAsync(symbol, moment.At, moment.KnownBy, cancellationToken) is { Recomputed: false } stored)
            {
                found.Add(stored);
                continue;
            }
            var evidence = await desk.Aggregates.LoadAsync(symbol, moment.At, moment.At, moment.KnownBy, cancellationToken);
            if (evidence.IsEmpty)
            {
                silent.Add(await SilentSymbol.ReadAsync(desk, symbol, moment.At, moment.KnownBy, bars: false, cancellationToken));
                continue;
            }
            found.Add(evidence.At(moment.At, moment.KnownBy));
            if (save)
                await store.AppendAsync([found[^1]], evidence.BySource(moment.At, moment.KnownBy, AggregateStore.Windows), cancellationToken);
        }
        if (session.Json && symbols?.Length != 1) session.WriteJson(found, CommandJson.Relaxed.IReadOnlyListAggregatedSentiment);
        else if (session.Json && found.Count == 1) session.WriteJson(found[0], CommandJson.Relaxed.AggregatedSentiment);
        else if (!session.Json && symbols?.Length == 1 && found.Count == 1) WriteOne(session.Screen, found[0]);
        else if (!session.Json && found.Count > 0) WriteTable(session.Screen, found, moments: false);
        if (!session.Json && symbols is null && found.Count == 0)
            session.Note("No symbol was mentioned lately: `bellwether ingest FILE --wait` reads some in.");
        if (save && !session.Json) session.Note($"{found.Count:n0} saved.");
        return symbols is null || silent.Count == 0 ? ExitCode.Ok : throw SilentSymbol.Error(silent, moved);
    }

    static void WriteOne(Screen screen, AggregatedSentiment a)
    {
        var output = screen.Out;
        output.WriteLine($"{a.Symbol}  {Text(a.UnifiedSentiment)}  {(a.UnifiedSentiment is { } score ? ScoreBar.Of(score) : "")}  {a.SentimentLevel ?? "too thin for a level"}");
        output.WriteLine($"confidence  {Text(a.Confidence, "0.000")}, standard error {Text(a.StandardError, "0.000")}, {a.TotalMentionCount:n0} mentions{Traded(a)} worth {a.EffectiveMentions.ToString("0.0", CultureInfo.InvariantCulture)} fresh ones");
        if (a.DivergenceScore is { } divergence)
            output.WriteLine($"divergence  {Text(divergence, "0.000")}, {(a.DivergenceDetected == true ? "the sources disagree" : "no more than chance or too small to matter")} (p = {Text(a.DivergencePValue, "0.####")})");
        output.WriteLine($"volume      {(a.VolumeTrend is null ? "too little is known of what is usual" : $"{a.VolumeTrend} (z = {Text(a.VolumeZ, "0.00")})")}");
        output.WriteLine($"as of       {Moments.Text(a.Timestamp)}{(a.KnownAt > a.Timestamp ? $" from what was known at {Moments.Text(a.KnownAt)}" : "")}, formula {a.Formula}");
        if (!a.Recomputed) output.WriteLine("stored      what it was computed from is not all there any more; this is how it was saved");
        output.WriteLine();
        var table = new TextTable(new("source"), new("score", Right: true), new("bearish bullish"), new("weight %", Right: true), new("mentions", Right: true), new("worth", Right: true), new("newest"));
        foreach (var source in a.Inputs.Sources)
            table.Add(source.Source, Text(source.Sentiment), source.Sentiment is { } own ? ScoreBar.Of(own) : "", a.SourceBreakdown.TryGetValue(source.Source, out var share) ? Text(share, "0.0") : "",
                $"{source.Mentions:n0}", source.Effective.ToString("0.0", CultureInfo.InvariantCulture), source.Newest is { } newest ? Moments.Text(newest) : "silent");
        table.Write(screen);
    }

    /// <param name="moments">Rows are of one symbol at several moments, not of several symbols.</param>
    static void WriteTable(Screen screen, IReadOnlyList<AggregatedSentiment> all, bool moments)
    {
        var table = new TextTable(new(moments ? "timestamp" : "symbol"), new("score", Right: true), new("bearish bullish"), new("level"),
            new("confidence", Right: true), new("mentions", Right: true), new("sources", Right: true), new("diverge"), new("volume"));
        foreach (var a in all)
            table.Add(moments ? Moments.Text(a.Timestamp) : a.Symbol, Text(a.UnifiedSentiment),
                a.UnifiedSentiment is { } score ? ScoreBar.Of(score) : "", a.SentimentLevel ?? "", Text(a.Confidence, "0.00"),
                $"{a.TotalMentionCount:n0}", $"{a.SourceCount}", a.DivergenceDetected == true ? "yes" : "", a.VolumeTrend ?? "");
        table.Write(screen);
    }

    static string Traded(AggregatedSentiment a) =>
        a.Inputs.Sources.FirstOrDefault(s => s.Source == SentimentSource.Options) is { Mentions: > 0 } options ? $" and {options.Mentions:n0} traded options" : "";

    internal static string Text(double? value, string format = "+0.000;-0.000; 0.000") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "unknown";
}
