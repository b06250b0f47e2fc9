using System.CommandLine;
using Bellwether.Confluence;
using Bellwether.Market;
using Bellwether.Market.Features;

namespace Bellwether.App.Commands;

/// <param name="Bars">The file that was read.</param>
sealed record FactorsAnswer(string Bars, string Out, long Rows, int Symbols, double Seconds);

sealed record MatrixAnswer(string Out, long Rows, double Seconds);

sealed record PublishAnswer(string Out, long Rows, double Seconds);

static partial class MarketCommand
{
    static Verb Publish(Screen screen, GlobalOptions globals)
    {
        var (interval, file) = (Interval(), Place("File to write [default: market/bars_INTERVAL.parquet in the data folder]"));
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        var adjusted = new Option<bool>("--adjusted") { Description = "Adjusted for splits and dividends" };
        return new Verb("publish", "Write the bars of all tickers to a Parquet file, in order of ticker and time", "market publish", "market publish --as-of 2026-03-01 --adjusted --out bars.parquet") { interval, file, asOf, adjusted }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                await using var desk = await session.OpenAsync(cancellationToken);
                var started = session.Time.GetTimestamp();
                var path = session.Get(file) ?? LakeFile(desk, $"bars_{session.Get(interval)}");
                var rows = await PublishAsync(session, desk, path, session.Get(interval), session.Get(adjusted), session.Get(asOf), cancellationToken);
                var answer = new PublishAnswer(path, rows, Seconds(session, started));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.PublishAnswer);
                else session.Screen.Out.WriteLine($"{rows:n0} bars written to {path}");
                return ExitCode.Ok;
            });
    }

    static Verb Factors(Screen screen, GlobalOptions globals)
    {
        var bars = new Argument<string?>("BARS") { Description = "Parquet file of bars, or a folder of them [default: those of the desk, published first]", Arity = ArgumentArity.ZeroOrOne };
        var (interval, file) = (Interval(), Place("File to write [default: market/factors_INTERVAL.parquet in the data folder]"));
        var asOf = Moments.Option("--as-of", "Only what was known then", screen.Time);
        var adjusted = new Option<bool>("--adjusted") { Description = "Adjusted for splits and dividends" };
        return new Verb("factors", "Compute fourteen factors (returns, averages, volatilities, RSI, MACD, correlation with volume) of every bar, Parquet to Parquet",
                "market factors", "market factors bars.parquet --out factors.parquet", "market factors --as-of 2026-03-01 --adjusted") { bars, interval, file, asOf, adjusted }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                if (session.Get(bars) is not null && (session.Get(asOf) is not null || session.Get(adjusted))) throw CommandException.Usage("--as-of and --adjusted are for the desk's own bars; a file is taken as it is.");
                await using var desk = await session.OpenAsync(cancellationToken);
                var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
                var started = session.Time.GetTimestamp();
                var input = session.Get(bars) ?? LakeFile(desk, $"bars_{session.Get(interval)}");
                if (session.Get(bars) is null) await PublishAsync(session, desk, input, session.Get(interval), session.Get(adjusted), session.Get(asOf), cancellationToken);
                var output = session.Get(file) ?? LakeFile(desk, $"factors_{session.Get(interval)}");
                var done = await FactorJob.RunAsync(input, output, lake, cancellationToken);
                var answer = new FactorsAnswer(input, output, done.Rows, done.Symbols, Seconds(session, started));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.FactorsAnswer);
                else session.Screen.Out.WriteLine($"{answer.Rows:n0} rows of {answer.Symbols:n0} symbols written to {output}");
                return ExitCode.Ok;
            });
    }

    static Verb Matrix(Screen screen, GlobalOptions globals)
    {
        var symbols = new Argument<string[]>("SYMBOL") { Description = "Tickers", Arity = ArgumentArity.OneOrMore };
        var set = new Option<string>("--set") { HelpName = "rsi_14,…", Required = true, Description = "Indicators by name, several by commas" };
        var columns = new Option<string?>("--columns") { HelpName = "sentiment,…", Description = $"Columns beside the indicators, several by commas: {ConfluenceColumns.AllSentiment} and {ConfluenceColumns.AllConfluence} for all of a kind, or {string.Join(", ", ConfluenceColumns.Names)}" };
        var file = Place("Parquet file to write");
        file.Required = true;
        var from = Moments.Option("--from", "First moment, included", screen.Time);
        var to = Moments.Option("--to", "End, excluded", screen.Time);
        var delay = Moments.Interval("--delay", "Rows stand so long after the close of each session [default: 15m]");
        var horizon = new Option<int>("--label") { Description = "Sessions ahead that the label, a forward return, looks; 0 for none", HelpName = "N", DefaultValueFactory = _ => 5 };
        horizon.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() is < 0 or > 1_000) given.AddError("--label is 0 to 1000 sessions");
        });
        return new Verb("matrix", "Write a table for training: each row has what was known at its moment, computed from the versions of the bars that were known",
                "market matrix AAPL MSFT --set rsi_14,macd_line,volatility_20 --out matrix.parquet", "market matrix SPY --set rsi_14 --from 2020-01-01 --label 20 --out spy.parquet",
                "market matrix AAPL --set rsi_14 --columns unified_sentiment,confluence --out aapl.parquet")
            { symbols, set, columns, file, from, to, delay, horizon }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var range = Moments.Range(session, from, to);
                var request = new MatrixRequest([.. session.Get(symbols)!.Select(s => Ticker(s, "SYMBOL")).Distinct()],
                    Listed(session.Get(set)), range.From, range.To)
                { Delay = session.Get(delay) ?? TimeSpan.FromMinutes(15), Horizon = session.Get(horizon) };
                await using var desk = await session.OpenAsync(cancellationToken);
                var lake = await desk.LakeOptionsAsync(session.Progress, cancellationToken);
                var started = session.Time.GetTimestamp();
                long rows;
                try
                {
                    if (Listed(session.Get(columns)) is { Length: > 0 } named) request = request with { More = ConfluenceColumns.Of(desk.Confluence, named) };
                }
                catch (FormatException error)
                {
                    throw CommandException.Usage($"--columns: {error.Message}.");
                }
                try
                {
                    rows = await new FeatureMatrix(desk.DataSource, lake, desk.Time).WriteAsync(request, session.Get(file)!, cancellationToken);
                }
                catch (FormatException error)
                {
                    throw CommandException.Usage($"--set: {error.Message}.");
                }
                if (rows == 0) session.Note("No row: at none of these moments was anything known. Bars are known since their import; --known-at of `market import` says otherwise for files that were recorded as it happened.");
                var answer = new MatrixAnswer(session.Get(file)!, rows, Seconds(session, started));
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.MatrixAnswer);
                else session.Screen.Out.WriteLine($"{rows:n0} rows written to {answer.Out}");
                return ExitCode.Ok;
            });
    }

    static string[] Listed(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    static async Task<long> PublishAsync(Session session, Desk desk, string path, BarInterval interval, bool adjusted, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var rows = await new BarPublisher(desk.DataSource, await desk.LakeOptionsAsync(session.Progress, cancellationToken), desk.Time).RunAsync(path, interval, adjusted, asOf, cancellationToken);
        return rows > 0 ? rows : throw new CommandException(ExitCode.BadInput, "unknown_symbol", $"No bars with interval {interval} {(asOf is { } at ? $"were known at {Moments.Text(at)}" : "are known")}.",
            "Read some in: bellwether market import FILE --symbol SYM");
    }

    static Option<string?> Place(string description)
    {
        var file = new Option<string?>("--out") { Description = description, HelpName = "FILE.parquet" };
        OutputPlace.Guard(file, ".parquet");
        return file;
    }

    static string LakeFile(Desk desk, string name) => Path.Combine(desk.Options.DataDirectory, "market", $"{name}.parquet");

    static double Seconds(Session session, long started) => Math.Round(session.Time.GetElapsedTime(started).TotalSeconds, 3);
}
