using System.CommandLine;
using Bellwether.Sentiment;

namespace Bellwether.App.Commands;

/// <summary>Stories of a ticker, biggest first, as <c>sentiment chains TICKER --json</c> answers.</summary>
sealed record ChainsAnswer(string Ticker, DateTimeOffset From, DateTimeOffset To, DateTimeOffset AsOf, IReadOnlyList<StoryChain> Chains);

static partial class SentimentCommand
{
    static Verb Chains(Screen screen, GlobalOptions globals)
    {
        var ticker = Ticker();
        var from = Moments.Option("--from", "Start, included [default: 7 days before the end]", screen.Time);
        var to = Moments.Option("--to", "End, excluded [default: just after the newest result]", screen.Time);
        var least = Whole("--least", "Only stories that at least so many results tell", 2, 1_000_000);
        var limit = Whole("--limit", "Most stories to show", 20, 10_000);
        var asOf = AsOf(screen);
        return new Verb("chains", "List the stories that were told again, biggest first", "sentiment chains AAPL", "sentiment chains AAPL --from 2026-03-02 --to 2026-03-03 --json")
            { ticker, from, to, least, limit, asOf }
            .Runs(screen, globals, (session, cancellationToken) => ChainsAsync(session, Tickers([session.Get(ticker)!])[0], session.Get(from), session.Get(to),
                session.Get(least), session.Get(limit), session.Get(asOf), cancellationToken));
    }

    static Option<int> Whole(string name, string description, int usual, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (result.GetValueOrDefault<int>() is var given && (given < 1 || given > most))) result.AddError($"{name} is outside 1..{most}.");
        });
        return option;
    }

    static async Task<int> ChainsAsync(
        Session session, string ticker, DateTimeOffset? from, DateTimeOffset? to, int least, int limit, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        if (to is null)
        {
            var latest = asOf is { } then ? await desk.Reader.AsOfAsync(ticker, then, cancellationToken) : (await desk.Reader.LatestAsync([ticker], cancellationToken))[0];
            to = (latest ?? throw Unknown([ticker], asOf)).LatestTimestamp + TimeSpan.FromMicroseconds(1);
        }
        var start = from ?? to.Value - DefaultSpan;
        if (start >= to) throw CommandException.Usage($"--from {Moments.Text(start)} is not before --to {Moments.Text(to.Value)}.");
        var chains = await desk.Reader.ChainsAsync(ticker, start, to.Value, asOf, least, limit, cancellationToken);
        if (session.Json)
        {
            session.WriteJson(new(ticker, start, to.Value, asOf ?? session.Time.GetUtcNow(), chains), CommandJson.Relaxed.ChainsAnswer);
            return ExitCode.Ok;
        }
        if (chains.Count == 0)
        {
            session.Screen.Out.WriteLine($"No story was told {(least > 2 ? $"{least} times" : "again")} from {Moments.Text(start)} to {Moments.Text(to.Value)}.");
            return ExitCode.Ok;
        }
        var table = new TextTable(new("size", Right: true), new("weight", Right: true), new("first"), new("last"), new("score", Right: true), new("sources", Width: 32), new("title", Width: 64));
        foreach (var c in chains)
            table.Add($"{c.Size:n0}", $"{c.Weight:0.##}", Moments.Text(c.First), Moments.Text(c.Last), $"{c.Sentiment:+0.000;-0.000; 0.000}", string.Join(", ", c.Sources), c.Title);
        table.Write(session.Screen);
        return ExitCode.Ok;
    }
}
