using Bellwether.Sentiment;

namespace Bellwether.App.Commands;

sealed record RebuildAnswer(int Tickers, long Results, double HalfLifeSeconds);

static partial class SentimentCommand
{
    static Verb Rebuild(Screen screen, GlobalOptions globals) =>
        new Verb("rebuild", "Compute the live state of all tickers anew from the stored results, for example after a change of the half-life",
                "sentiment rebuild", "sentiment rebuild --json")
            .Runs(screen, globals, RebuildAsync);

    static async Task<int> RebuildAsync(Session session, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var (tickers, results) = await new TickerRebuild(desk.DataSource, desk.Options.Scoring, desk.ColdRows).RunAsync(cancellationToken);
        var halfLife = desk.Options.Scoring.HalfLifeSeconds;
        if (session.Json) session.WriteJson(new(tickers, results, halfLife), CommandJson.Relaxed.RebuildAnswer);
        else session.Screen.Out.WriteLine($"rebuilt {tickers:n0} tickers from {results:n0} results, half-life {halfLife:n0} s");
        return ExitCode.Ok;
    }
}
