using System.CommandLine;
using Bellwether.Feeds;
using Bellwether.Sentiment.HotStore;

namespace Bellwether.App.Commands;

/// <summary>The sentiment of a ticker, as <c>sentiment TICKER --json</c> answers. The first ten fields are stable, in this order.</summary>
/// <param name="AsOf">The moment whose knowledge this is.</param>
sealed record SentimentAnswer(
    string Ticker, double Score, double Weight, long Count, string? ArticleTitle, string? SourceUrl, DateTimeOffset LastUpdated,
    IReadOnlyDictionary<string, long> ModelCounts, DateTimeOffset AsOf, long Revision, string Level, string? TextPreview, DateTimeOffset LatestTimestamp)
{
    public static SentimentAnswer Of(TickerSnapshot s, DateTimeOffset asOf) => new(
        s.Ticker, s.Score, s.Weight, s.Count, s.ArticleTitle, s.SourceUrl, s.LastUpdated, s.ModelCounts, asOf, s.Revision,
        Sentiment.SentimentLevel.Of(s.Score), s.TextPreview, s.LatestTimestamp);
}

/// <summary><c>bellwether sentiment</c>: the live sentiment of tickers, and as of any past moment.</summary>
static partial class SentimentCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var tickers = new Argument<string[]>("TICKER") { Description = "Tickers; none for all of them", Arity = ArgumentArity.ZeroOrMore };
        var asOf = AsOf(screen);
        var verb = new Verb("sentiment", "Show the sentiment of tickers, now or as it stood at a past moment",
            "sentiment", "sentiment AAPL --json", "sentiment AAPL TSLA --as-of 2026-03-02T14:30:00Z",
            "sentiment history AAPL --interval 1h", "sentiment articles AAPL --limit 5 --text") { tickers, asOf };
        verb.Add(History(screen, globals));
        verb.Add(Articles(screen, globals));
        verb.Add(Chains(screen, globals));
        verb.Add(AggregateCommand.Create(screen, globals, "sentiment aggregate"));
        verb.Add(Influencers(screen, globals));
        verb.Add(Rebuild(screen, globals));
        verb.Add(Eval(screen, globals));
        return verb.Runs(screen, globals, (session, cancellationToken) => ShowAsync(session, Tickers(session.Get(tickers)!), session.Get(asOf), cancellationToken));
    }

    static Option<DateTimeOffset?> AsOf(Screen screen) =>
        Moments.Option("--as-of", "Answer with what was known at that moment, and nothing later", screen.Time);

    /// <exception cref="CommandException">One of them cannot be a ticker.</exception>
    static string[] Tickers(IReadOnlyList<string> given) =>
        [.. given.SelectMany(text => TickerList.TryParse(text, out var found, out var problem) ? found : throw CommandException.Usage($"{problem}.")).Distinct()];

    static async Task<int> ShowAsync(Session session, string[] tickers, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var moment = asOf ?? session.Time.GetUtcNow();
        var snapshots = asOf is null ? await LiveAsync(desk, tickers, cancellationToken) : await PastAsync(desk, tickers, moment, cancellationToken);
        var answers = snapshots.OfType<TickerSnapshot>().Select(s => SentimentAnswer.Of(s, moment)).ToArray();

        if (session.Json && tickers.Length != 1) session.WriteJson(answers, CommandJson.Relaxed.IReadOnlyListSentimentAnswer);
        else if (session.Json && answers.Length == 1) session.WriteJson(answers[0], CommandJson.Relaxed.SentimentAnswer);
        else if (!session.Json && tickers.Length == 1 && answers.Length == 1) WriteOne(session.Screen.Out, answers[0]);
        else if (!session.Json && answers.Length > 0) WriteTable(session.Screen, answers);
        else if (!session.Json && tickers.Length == 0) session.Screen.Out.WriteLine("Nothing is known yet: `bellwether ingest FILE --wait` or `bellwether demo`.");

        var unknown = tickers.Except(answers.Select(a => a.Ticker)).ToArray();
        return unknown.Length == 0 ? ExitCode.Ok : throw Unknown(unknown, asOf);
    }

    static CommandException Unknown(string[] tickers, DateTimeOffset? asOf) => new(
        ExitCode.BadInput, "unknown_ticker",
        $"Nothing {(asOf is { } moment ? $"was known at {Moments.Text(moment)}" : "is known")} about {string.Join(", ", tickers)}.",
        "`bellwether sentiment` lists the tickers that have results.");

    static async Task<IReadOnlyList<TickerSnapshot?>> LiveAsync(Desk desk, string[] tickers, CancellationToken cancellationToken) => tickers.Length > 0
        ? await desk.Reader.LatestAsync(tickers, cancellationToken)
        : Heaviest(await desk.Reader.StoredAsync(null, cancellationToken));

    static async Task<IReadOnlyList<TickerSnapshot?>> PastAsync(Desk desk, string[] tickers, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        var wanted = tickers.Length > 0 ? tickers : [.. (await desk.Reader.StoredAsync(null, cancellationToken)).Select(s => s.Ticker)];
        var found = new List<TickerSnapshot?>();
        foreach (var ticker in wanted) found.Add(await desk.Reader.AsOfAsync(ticker, asOf, cancellationToken));
        return tickers.Length > 0 ? found : Heaviest(found);
    }

    static TickerSnapshot[] Heaviest(IEnumerable<TickerSnapshot?> snapshots) =>
        [.. snapshots.OfType<TickerSnapshot>().OrderByDescending(s => s.Weight).ThenByDescending(s => s.Count).ThenBy(s => s.Ticker, StringComparer.Ordinal)];

    internal static void WriteTable(Screen screen, IEnumerable<SentimentAnswer> answers)
    {
        var table = new TextTable(new("ticker"), new("score", Right: true), new("bearish bullish"), new("level"), new("weight", Right: true),
            new("count", Right: true), new("latest", Width: 64));
        foreach (var a in answers)
            table.Add(a.Ticker, $"{a.Score:+0.000;-0.000; 0.000}", ScoreBar.Of(a.Score), a.Level, $"{a.Weight:n1}", $"{a.Count:n0}", a.ArticleTitle ?? a.TextPreview);
        table.Write(screen);
    }

    static void WriteOne(TextWriter output, SentimentAnswer a)
    {
        output.WriteLine($"{a.Ticker}  {a.Score:+0.0000;-0.0000; 0.0000}  {ScoreBar.Of(a.Score)}  {a.Level}");
        output.WriteLine($"weight   {a.Weight:n3} from {a.Count:n0} results ({string.Join(", ", a.ModelCounts.Select(m => $"{m.Key} {m.Value:n0}"))})");
        output.WriteLine($"newest   {Moments.Text(a.LatestTimestamp)}  {a.ArticleTitle ?? a.TextPreview}");
        if (a.SourceUrl is not null) output.WriteLine($"         {a.SourceUrl}");
        output.WriteLine($"as of    {Moments.Text(a.AsOf)}, revision {a.Revision:n0}, updated {Moments.Text(a.LastUpdated)}");
    }
}
