using System.CommandLine;
using System.Text.Json;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bellwether.App.Commands;

/// <param name="Missed">Rules before the one that decided, and why the event does not meet them.</param>
/// <param name="Steps">What each model that was asked said.</param>
/// <param name="InsteadOf">The model that should have scored and could not.</param>
sealed record RouteAnswer(
    string Rule, IReadOnlyList<RouteMiss> Missed, IReadOnlyList<string> Models, double DeferBelow, IReadOnlyList<string> Steps,
    string Model, string ModelVersion, string? InsteadOf, double Score, double Confidence, string Level);

sealed record RouteMiss(string Rule, string Why);

static partial class ModelCommand
{
    static Verb Route(Screen screen, GlobalOptions globals)
    {
        var explain = new Option<string?>("--explain")
        {
            Description = "An event as JSON: text, and what rules ask for: priority, premium_tier, type, article_title; - for standard input",
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

    static async Task ExplainAsync(Session session, EventEnvelope envelope, CancellationToken cancellationToken)
    {
        var options = session.LoadOptions().Scoring;
        using var router = new ModelRouter(options, name => SentimentModels.Load(name, options), session.Time, NullLogger.Instance);
        foreach (var problem in options.Routing.Missing(SentimentModels.NamesOf(options))) session.Note($"Scoring:Routing: {problem}.");
        var (rule, missed) = router.RuleOf(envelope);
        var steps = new List<string>();
        var routed = (await router.ScoreAsync([envelope], cancellationToken, steps.Add))[0];
        var answer = new RouteAnswer(
            rule.Name, [.. missed.Select(m => new RouteMiss(m.Rule, m.Why))], rule.Models, rule.DeferBelow, steps, routed.By.Name,
            routed.Version, routed.InsteadOf, Math.Round(routed.Score.Score, 6), Math.Round(routed.Score.Confidence, 6), SentimentLevel.Of(routed.Score.Score));
        if (session.Json)
        {
            session.WriteJson(answer, CommandJson.Relaxed.RouteAnswer);
            return;
        }
        var output = session.Screen.Out;
        foreach (var (name, why) in answer.Missed) output.WriteLine($"not by {name}: {why}");
        output.WriteLine($"by {answer.Rule}: {string.Join(", then ", answer.Models)}{(rule.DeferBelow > 0 ? $" below a confidence of {rule.DeferBelow:0.###}" : "")}");
        foreach (var step in steps) output.WriteLine($"  {step}");
        output.WriteLine($"score {answer.Score:0.000} ({answer.Level}) by {answer.Model} {answer.ModelVersion}");
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
        })];
        if (session.Json)
        {
            session.WriteJson(points, CommandJson.Relaxed.IReadOnlyListCascadePoint);
            return;
        }
        var table = new TextTable([new("defer below", Right: true),
            .. points[0].Asked.Keys.Select(m => new TextColumn($"asks {m}", Right: true)),
            new("accuracy", Right: true), new("macro F1", Right: true), new("µs a text", Right: true), new("tokens a text", Right: true)]);
        foreach (var p in points)
            table.Add([$"{p.DeferBelow:0.00}", .. p.Asked.Values.Select(a => $"{a:p1}"), $"{p.Accuracy:0.0000}", $"{p.MacroF1:0.0000}",
                $"{p.MicrosecondsPerText:0.00}", $"{p.TokensPerText:0.#}"]);
        table.Write(session.Screen);
        if (points.Max(p => p.Fallback) is > 0 and var most)
            session.Screen.Out.WriteLine($"Up to {most:p1} of the texts have no score by any of these models; there the lexicon's counts, as it does in the pipeline.");
    }

    /// <summary>An event of the log or of a request: what is not given is as an ordinary one has it.</summary>
    static async Task<EventEnvelope> ReadEventAsync(Session session, string file, CancellationToken cancellationToken)
    {
        var json = file == "-" ? await new StreamReader(new StandardInput()).ReadToEndAsync(cancellationToken)
            : await File.ReadAllTextAsync(file, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new FeedException(file, "this is no event", "An event is a JSON object with a text.");
            string? Of(string name) =>
                root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            var title = Of("article_title") ?? Of("title");
            return (Of("text") ?? title) is { Length: > 0 } text ? new()
            {
                EventId = "",
                ArticleId = "",
                Source = "",
                Tickers = TickerExtractor.Default.Extract(title, text),
                Timestamp = session.Time.GetUtcNow(),
                FetchedAt = session.Time.GetUtcNow(),
                Text = text,
                ArticleTitle = title,
                PremiumTier = Of("premium_tier") ?? "standard",
                Type = Named<EventType>(Of("type"), "type"),
                Priority = Named<Priority>(Of("priority"), "priority"),
            }
            : throw new FeedException(file, "the event has no text", "Give it the field text, or a title.");
        }
        catch (JsonException error)
        {
            throw new FeedException(file, "this is not JSON", error.Message, error.LineNumber + 1, error);
        }

        T Named<T>(string? name, string field) where T : struct, Enum => name is null ? default
            : Enum.TryParse<T>(name, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
            : throw new FeedException(file, $"'{name}' is no {field}",
                $"There are {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");
    }
}
