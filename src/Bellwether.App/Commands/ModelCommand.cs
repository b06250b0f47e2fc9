using System.CommandLine;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.App.Commands;

/// <param name="Used">The model that the settings ask for, where no rule says otherwise.</param>
/// <param name="Problem">Why it cannot be used; null when it can.</param>
/// <param name="Rules">Rules that send events to it.</param>
sealed record ModelAnswer(
    string Name, string? Version, bool Used, bool Sound, string? Problem, string Description, IReadOnlyList<string> Rules);

/// <summary><c>bellwether model</c>: which models there are, what they are made of, and how one is trained.</summary>
static partial class ModelCommand
{
    public static Command Create(Screen screen, GlobalOptions globals) =>
        new Verb("model", "Models of sentiment: which there are, what they are made of, and how one is trained", "model list", "model show classifier", "model add finbert --path finbert-onnx", "model train --data headlines.csv --out my.bin", "model route --explain event.json")
        {
            List(screen, globals),
            Show(screen, globals),
            Add(screen, globals),
            Remove(screen, globals),
            Train(screen, globals),
            Route(screen, globals),
        };

    static Verb List(Screen screen, GlobalOptions globals) =>
        new Verb("list", "List the models and whether they can be used", "model list", "model list --json").Runs(screen, globals, (session, _) =>
        {
            var options = session.LoadOptions().Scoring;
            var names = SentimentModels.NamesOf(options).Append(options.Model).Concat(options.Routing.Rules.SelectMany(r => r.Models));
            var answers = names.Distinct().Select(name => Look(name, options)).ToArray();
            // Models that rules name have lines of their own.
            foreach (var problem in options.Routing.MissingOfLimits(SentimentModels.NamesOf(options)))
                session.Note($"Scoring:Routing:Limits: {problem}");
            if (session.Json)
            {
                session.WriteJson(answers, CommandJson.Relaxed.IReadOnlyListModelAnswer);
                return Task.FromResult(ExitCode.Ok);
            }
            var table = new TextTable(new("model"), new("version", Width: 36), new("used", Width: 24), new("state"),
                new("what it is", Width: 60));
            foreach (var a in answers) table.Add(a.Name, a.Version, UsedBy(a), a.Sound ? "sound" : "not usable", a.Description);
            table.Write(session.Screen);
            foreach (var a in answers.Where(a => !a.Sound))
                session.Screen.Out.WriteLine($"{a.Name} is not usable: {Printable.Text(a.Problem!)}");
            return Task.FromResult(ExitCode.Ok);
        });

    internal static ModelAnswer Look(string name, ScoringOptions options)
    {
        var used = options.Model == name;
        string[] rules = [.. options.Routing.Rules.Where(r => r.Models.Contains(name)).Select(r => r.Name)];
        try
        {
            var model = SentimentModels.Load(name, options);
            using var loaded = model as IDisposable;
            return new(name, model.Version, used, true, null, Described(name, options), rules);
        }
        catch (ModelFileException error)
        {
            return new(name, null, used, false, error.Message, Described(name, options), rules);
        }
    }

    static string UsedBy(ModelAnswer answer) => string.Join("; ",
        new[] { answer.Used ? "by default" : null, answer.Rules.Count > 0 ? $"by {string.Join(", ", answer.Rules)}" : null }.OfType<string>());

    static string Described(string name, ScoringOptions options) => name switch
    {
        SentimentModels.Lexicon => "Lexicon of finance terms with rules for movement, negation, emphasis and doubt",
        SentimentModels.Classifier => $"Trained linear classifier, {(options.ClassifierFile is { } file ? file : "built in")}",
        _ when SentimentModels.Store(options)?.Has(name) == true => DescribedStored(name, options),
        _ when SentimentModels.LlmNamed(options, name) is { } llm => $"Language model {llm.Model} behind an endpoint, asked when it scores",
        _ => "",
    };

    static Verb Show(Screen screen, GlobalOptions globals)
    {
        var name = new Argument<string?>("MODEL") { Description = "Name of a model, or a classifier file [default: as in the settings]", Arity = ArgumentArity.ZeroOrOne };
        return new Verb("show", "Print the card of a model: data, licence, figures, limits", "model show", "model show my.bin --json") { name }
            .Runs(screen, globals, (session, _) =>
            {
                var model = SentimentCommand.ModelNamed(session, session.Get(name));
                using var loaded = model as IDisposable;
                var card = CardOf(model) with { Version = model.Version };
                if (session.Json) session.WriteJson(card, CommandJson.Relaxed.ModelCard);
                else Write(session.Screen, card);
                return Task.FromResult(ExitCode.Ok);
            });
    }

    static ModelCard CardOf(ISentimentModel model) => model switch
    {
        ClassifierModel classifier => classifier.Card,
        BertModel bert => CardOf(bert),
        LlmModel llm => CardOf(llm),
        _ => new()
        {
            Name = model.Name,
            Description = "Lexicon of finance terms, message-board slang and general English with rules for movement, negation, emphasis, contrast and doubt.",
            Seed = 0,
            InputHash = model.Version,
            Data = [],
            Settings = new Dictionary<string, string>(),
            Metrics = [],
            Licence = "that of this program; the part of general English is selected from the VADER lexicon (MIT)",
            Limits = ["English only.", "It knows words, not sentences: about three in four headlines right."],
        },
    };

    static void Write(Screen screen, ModelCard card)
    {
        var output = screen.Out;
        output.WriteLine($"{card.Name} {card.Version}: {card.Description}");
        output.WriteLine($"seed {card.Seed}, inputs {card.InputHash}");
        output.WriteLine($"licence: {card.Licence}");
        if (card.Data.Count == 0)
            foreach (var (name, value) in card.Settings) output.WriteLine($"{name}: {value}");
        foreach (var data in card.Data) output.WriteLine($"data: {data.Name}, {data.Rows:n0} rows (trained on as {data.Texts:n0} texts, {data.Entities:n0} entities), {data.Licence}, sha256 {data.Sha256}");
        if (card.Metrics.Count > 0)
        {
            var table = new TextTable(new("measured on"), new("figure"), new("value", Right: true));
            foreach (var metric in card.Metrics) table.Add(metric.On, metric.Name, $"{metric.Value:0.0000}");
            table.Write(screen);
        }
        foreach (var limit in card.Limits) output.WriteLine($"limit: {limit}");
    }
}
