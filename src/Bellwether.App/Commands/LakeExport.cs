using System.CommandLine;
using System.Globalization;
using Bellwether.Feeds;
using Bellwether.Lake;

namespace Bellwether.App.Commands;

/// <summary><c>lake export</c>: rows of any range of days, from the lake and from what is not there yet.</summary>
static class LakeExport
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var from = Moments.Option("--from", "First moment, inclusive", screen.Time);
        var to = Moments.Option("--to", "Last moment, exclusive", screen.Time);
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        var tickers = new Option<string[]>("--ticker") { Description = "Only these tickers, several by commas", HelpName = "TICKER,…" };
        var sources = new Option<string[]>("--source") { Description = "Only these publishers; may be given several times", HelpName = "NAME" };
        var least = new Option<double?>("--min-sentiment") { Description = "Least score, -1 to 1", HelpName = "SCORE" };
        var most = new Option<double?>("--max-sentiment") { Description = "Greatest score, -1 to 1", HelpName = "SCORE" };
        var text = new Option<bool>("--text") { Description = "With the whole text of the articles" };
        var format = new Option<string?>("--format") { Description = "How to write [default: csv; json with --json; by the ending of --out]" };
        format.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "csv", "json", "parquet", "table");
        var file = LakeOutput.Place("Write to a file, which is replaced when all rows are there");
        return new Verb("export", "Write rows of any range of days, hot ones and those of the lake, each once",
                "lake export --from 2026-03-01 --to 2026-04-01 --ticker AAPL,MSFT --out march.parquet",
                "lake export --source reuters --min-sentiment 0.5 --text --format json", "lake export --from 2026-03-02 --as-of 2026-03-03T00:00:00Z")
            { from, to, asOf, tickers, sources, least, most, text, format, file }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var output = LakeOutput.Of(session, session.Get(format) ?? (session.Get(file) is null && !session.Json ? "csv" : null), session.Get(file));
                var filter = new LakeFilter
                {
                    From = session.Get(from),
                    To = session.Get(to),
                    AsOf = session.Get(asOf),
                    Tickers = Tickers(session.Get(tickers) ?? []),
                    Sources = session.Get(sources) ?? [],
                    MinSentiment = session.Get(least),
                    MaxSentiment = session.Get(most),
                    WithText = session.Get(text),
                };
                await RunAsync(session, filter, output, cancellationToken);
                return ExitCode.Ok;
            });
    }

    static async Task RunAsync(Session session, LakeFilter filter, LakeOutput output, CancellationToken cancellationToken)
    {
        await using var desk = await session.OpenAsync(cancellationToken);
        var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
        LakeQuery query;
        try
        {
            query = await new LakeReader(new LakeSql(desk.DataSource, lake), desk.DataSource, desk.Time).OpenAsync(filter, cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw CommandException.Usage($"{char.ToUpper(error.Message[0], CultureInfo.InvariantCulture)}{error.Message[1..]}.");
        }
        await using (query)
        {
            await output.WriteAsync(session, query, lake, cancellationToken);
            if (session.Verbose) session.Note($"read from {query.FilesOpened:n0} files of the lake");
        }
    }

    static IReadOnlyList<string> Tickers(string[] given)
    {
        var names = given.SelectMany(g => g.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToArray();
        if (names.Length == 0) return [];
        return TickerList.TryParse(string.Join(',', names), out var tickers, out var problem) ? tickers : throw CommandException.Usage($"--ticker: {problem}.");
    }
}
