using System.CommandLine;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Routing;

namespace Bellwether.App.Commands;

static partial class ModelCommand
{
    static Verb Route(Screen screen, GlobalOptions globals)
    {
        var explain = new Option<string?>("--explain")
        {
            Description = "An event as `ingest` takes it, as JSON: text or title, and tickers, type, priority, premium_tier; - for standard input",
            HelpName = "EVENT.json",
        };
        var report = new Option<string?>("--report")
        {
            Description = "Labelled texts: accuracy against cost along the threshold below which a model defers",
            HelpName = "FILE",
        };
        var models = new Option<string?>("--models")
        {
            Description = "With --report: the cascade, from cheap to costly [default: lexicon,classifier]",
            HelpName = "A,B",
        };
        var text = new Option<string?>("--text") { Description = "Column or field of the text [default: looked for]", HelpName = "COL" };
        var label = new Option<string?>("--label") { Description = "Column or field of the class [default: looked for]", HelpName = "COL" };
        var labels = new Option<string?>("--labels")
        {
            Description = "What the file's labels mean: negative=0,positive=1,neutral=2",
            HelpName = "MAP",
        };
        return new Verb("route", "Show by which rule an event goes to which model, or what a cascade is worth",
                "model route --explain event.json", "model route --report headlines.csv --models lexicon,classifier --json")
            { explain, report, models, text, label, labels }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                switch (session.Get(explain), session.Get(report))
                {
                    case ({ } file, null):
                        await ExplainAsync(session, await ReadEventAsync(session, file, cancellationToken), cancellationToken);
                        break;
                    case (null, { } file):
                        var meaning = SentimentCommand.LabelsOf(session.Get(labels));
                        var set = LabelledFile.Read(file, new() { Text = session.Get(text), Label = session.Get(label), Labels = meaning });
                        var cascade = (session.Get(models) ?? "lexicon,classifier").Split(',', StringSplitOptions.TrimEntries);
                        await ReportAsync(session, set, cascade, cancellationToken);
                        break;
                    default:
                        throw CommandException.Usage("Give one of --explain and --report.");
                }
                return ExitCode.Ok;
            });
    }

    static async Task ReportAsync(Session session, LabelledSet set, string[] names, CancellationToken cancellationToken)
    {
        IReadOnlyList<CascadePoint> points;
        ISentimentModel[] models = [.. names.Select(n => SentimentCommand.ModelNamed(session, n))];
        try
        {
            points = await CascadeReport.RunAsync(models, set, session.Time, cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw CommandException.Usage($"--report: {error.Message}.");
        }
        finally
        {
            foreach (var model in models) (model as IDisposable)?.Dispose();
        }
        points = [.. points.Select(p => p with
        {
            Accuracy = Math.Round(p.Accuracy, 4),
            MacroF1 = Math.Round(p.MacroF1, 4),
            MicrosecondsPerText = Math.Round(p.MicrosecondsPerText, 3),
            TokensPerText = Math.Round(p.TokensPerText, 2), Fallback = Math.Round(p.Fallback, 4),
            Asked = p.Asked.ToDictionary(a => a.Key, a => Math.Round(a.Value, 4)),
            Unscored = p.Unscored.ToDictionary(u => u.Key, u => Math.Round(u.Value, 4)),
        })];
        if (session.Json)
        {
            session.WriteJson(points, CommandJson.Relaxed.IReadOnlyListCascadePoint);
            return;
        }
        // What a model was asked for in vain it has not earned: such models have a column of their own.
        string[] mute = [.. points[0].Unscored.Keys.Where(m => points.Any(p => p.Unscored[m] > 0))];
        var table = new TextTable([new("defer below", Right: true),
            .. points[0].Asked.Keys.Select(m => new TextColumn($"asks {m}", Right: true)),
            .. mute.Select(m => new TextColumn($"no score by {m}", Right: true)),
            new("accuracy", Right: true), new("macro F1", Right: true), new("µs a text", Right: true), new("tokens a text", Right: true)]);
        foreach (var p in points)
            table.Add([$"{p.DeferBelow:0.00}", .. p.Asked.Values.Select(a => $"{a:p1}"),
                .. mute.Select(m => $"{p.Unscored[m]:p1}"), $"{p.Accuracy:0.0000}", $"{p.MacroF1:0.0000}",
                $"{p.MicrosecondsPerText:0.00}", $"{p.TokensPerText:0.#}"]);
        table.Write(session.Screen);
        foreach (var m in mute)
            session.Screen.Out.WriteLine($"{m} was asked for up to {points.Max(p => p.Unscored[m]):p1} of the texts and gave no score; the next model's counts there, or the one before.");
        if (points.Max(p => p.Fallback) is > 0 and var most)
            session.Screen.Out.WriteLine($"Up to {most:p1} of the texts have no score by any of these models; there the lexicon's counts, as it does in the pipeline.");
    }
}
