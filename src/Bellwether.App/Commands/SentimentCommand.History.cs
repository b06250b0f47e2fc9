using System.CommandLine;
using Bellwether.Sentiment;

namespace Bellwether.App.Commands;

sealed record HistoryAnswer(string Ticker, DateTimeOffset From, DateTimeOffset To, string Interval, DateTimeOffset AsOf, IReadOnlyList<SentimentInterval> Intervals);

sealed record ArticlesAnswer(string Ticker, DateTimeOffset AsOf, IReadOnlyList<Article> Articles);

static partial class SentimentCommand
{
    const int MaxIntervals = 100_000;
    static readonly TimeSpan DefaultSpan = TimeSpan.FromDays(7);

    static Verb History(Screen screen, GlobalOptions globals)
    {
        var ticker = Ticker();
        var from = Moments.Option("--from", "Start, included [default: 7 days before the end]", screen.Time);
        var to = Moments.Option("--to", "End, excluded [default: just after the newest result]", screen.Time);
        var interval = Moments.Interval("--interval", "Length of one interval [default: 1h]");
        var asOf = AsOf(screen);
        return new Verb("history", "Show mean sentiment by interval",
                "sentiment history AAPL", "sentiment history AAPL --from 2026-03-02 --to 2026-03-03 --interval 15m --json") { ticker, from, to, interval, asOf }
            .Runs(screen, globals, (session, cancellationToken) => HistoryAsync(session, Tickers([session.Get(ticker)!])[0],
                session.Get(from), session.Get(to), session.Get(interval) ?? TimeSpan.FromHours(1), session.Get(asOf), cancellationToken));
    }

    static Verb Articles(Screen screen, GlobalOptions globals)
    {
        var ticker = Ticker();
        var limit = new Option<int>("--limit") { Description = "Most articles to show", DefaultValueFactory = _ => 20, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is < 1 or > 10_000) result.AddError("--limit is outside 1..10000.");
        });
        var text = new Option<bool>("--text") { Description = "With the full text" };
        var asOf = AsOf(screen);
        return new Verb("articles", "List the scored articles of a ticker, newest first", "sentiment articles AAPL", "sentiment articles AAPL --limit 5 --text --json")
            { ticker, limit, text, asOf }
            .Runs(screen, globals, (session, cancellationToken) => ArticlesAsync(
                session, Tickers([session.Get(ticker)!])[0], session.Get(limit), session.Get(text), session.Get(asOf), cancellationToken));
    }

    static Argument<string> Ticker() => new("TICKER") { Description = "The ticker" };

    static async Task<int> HistoryAsync(
        Session session, string ticker, DateTimeOffset? from, DateTimeOffset? to, TimeSpan interval, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        if (to is null)
        {
            var latest = asOf is { } then ? await desk.Reader.AsOfAsync(ticker, then, cancellationToken) : (await desk.Reader.LatestAsync([ticker], cancellationToken))[0];
            to = (latest ?? throw Unknown([ticker], asOf)).LatestTimestamp + TimeSpan.FromMicroseconds(1);
        }
        var start = from ?? to.Value - DefaultSpan;
        if (start >= to) throw CommandException.Usage($"--from {Moments.Text(start)} is not before --to {Moments.Text(to.Value)}.");
        if ((to.Value - start) / interval > MaxIntervals) throw CommandException.Usage($"That is more than {MaxIntervals:n0} intervals.", "Choose a longer --interval or a shorter time.");
        var intervals = await desk.Reader.HistoryAsync(ticker, start, to.Value, interval, asOf, cancellationToken);
        if (session.Json)
        {
            session.WriteJson(new(ticker, start, to.Value, System.Xml.XmlConvert.ToString(interval), asOf ?? session.Time.GetUtcNow(), intervals), CommandJson.Relaxed.HistoryAnswer);
            return ExitCode.Ok;
        }
        var table = new TextTable(new("start"), new("score", Right: true), new("bearish bullish"), new("count", Right: true), new("weight", Right: true), new("low", Right: true), new("high", Right: true));
        foreach (var i in intervals)
            table.Add(Moments.Text(i.Start), $"{i.Score:+0.000;-0.000; 0.000}", ScoreBar.Of(i.Score), $"{i.Count:n0}", $"{i.Weight:n1}", $"{i.Low:+0.000;-0.000; 0.000}", $"{i.High:+0.000;-0.000; 0.000}");
        table.Write(session.Screen);
        return ExitCode.Ok;
    }

    static async Task<int> ArticlesAsync(Session session, string ticker, int limit, bool text, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var articles = await desk.Reader.ArticlesAsync(ticker, null, limit, text, asOf, cancellationToken);
        if (articles.Count == 0) throw Unknown([ticker], asOf);
        if (session.Json)
        {
            session.WriteJson(new(ticker, asOf ?? session.Time.GetUtcNow(), articles), CommandJson.Relaxed.ArticlesAnswer);
            return ExitCode.Ok;
        }
        foreach (var article in articles)
        {
            session.Screen.Out.WriteLine($"{Moments.Text(article.Timestamp)}  {article.Sentiment:+0.000;-0.000; 0.000}  {ScoreBar.Of(article.Sentiment)}  {article.Source}: {article.Title ?? article.TextPreview}{(article.NoveltyWeight < 1 ? "  (told before)" : "")}");
            if (text) session.Screen.Out.WriteLine($"{article.Text}\n");
        }
        return ExitCode.Ok;
    }
}
