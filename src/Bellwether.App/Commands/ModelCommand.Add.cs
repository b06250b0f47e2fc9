using System.CommandLine;
using Bellwether.Engines.Onnx;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Llm;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.App.Commands;

/// <param name="Labels">Which number of the output is which class.</param>
/// <param name="OneAtATime">Whether texts are computed one by one, because others would change their scores.</param>
/// <param name="Drift">The most that a probability of the sentence changed beside a longer text.</param>
sealed record ModelAddAnswer(
    string Name, string Version, string Folder, bool Linked, long Bytes, string Precision, long Parameters, string? Producer, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs,
    string Labels, int MaxTokens, int Vocabulary, bool LowerCase, bool StripAccents, bool OneAtATime, string Sentence, double Positive, double Neutral, double Negative, double Drift, string Runtime);

sealed record ModelRemoveAnswer(string Name, bool Removed);

static partial class ModelCommand
{
    static Verb Add(Screen screen, GlobalOptions globals)
    {
        var kind = new Argument<string>("KIND") { Description = "finbert, or bert for any other BERT that was trained to tell sentiment" };
        kind.AcceptOnlyFromAmong("finbert", "bert");
        var path = new Option<string>("--path") { Description = "Folder of the export: model.onnx, vocab.txt, config.json, and tokenizer_config.json if there is one", Required = true, HelpName = "DIR" };
        var name = new Option<string?>("--name") { Description = "Name under which it scores [default: KIND]", HelpName = "NAME" };
        name.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string?>() is { } text && (!ModelStore.IsName(text) || SentimentModels.Names.Contains(text)))
                given.AddError($"--name {text}: lower-case letters, digits, dots, hyphens and underscores, and not {string.Join(" or ", SentimentModels.Names)}");
        });
        var link = new Option<bool>("--link") { Description = "Leave the files where they are, and refer to them" };
        var labels = new Option<string?>("--labels") { Description = "Which number of the output is which class, where config.json does not tell: negative=0,positive=1,neutral=2", HelpName = "MAP" };
        var replace = new Option<bool>("--replace") { Description = "Take the place of a model of that name" };
        return new Verb("add", "Add a BERT model that was exported to ONNX: check it, try it, and keep it under a name",
                "model add finbert --path finbert-onnx", "model add bert --path tone-onnx --name finbert-tone --labels neutral=0,positive=1,negative=2", "model add finbert --path /srv/finbert --link --json")
            { kind, path, name, link, labels, replace }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var options = session.LoadOptions().Scoring;
                var wanted = new ModelAddOptions(session.Get(name) ?? session.Get(kind)!, session.Get(path)!, session.Get(link), session.Get(labels), session.Get(replace));
                if (options.Llm.Keys.Contains(wanted.Name, StringComparer.OrdinalIgnoreCase))
                    throw CommandException.Usage($"Scoring:Llm has a model '{wanted.Name}'.", "Take another --name.");
                await new Bellwether.Engines.EngineCache().FindOnnxLibraryAsync(options.Onnx.Library, session.Progress, cancellationToken);
                var (stored, loaded, trial) = await SentimentModels.Store(options)!.AddAsync(wanted, options.Onnx, session.Time, session.Progress, cancellationToken);
                using (loaded)
                {
                    var answer = AnswerOf(stored, loaded, trial);
                    if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ModelAddAnswer);
                    else Write(session.Screen, answer, options.Model);
                }
                return ExitCode.Ok;
            });
    }

    static ModelAddAnswer AnswerOf(StoredModel stored, BertModel loaded, ModelTrial trial) => new(
        stored.Name, loaded.Version, stored.Folder, stored.Linked, stored.Bytes, stored.Precision, stored.Parameters, stored.Producer,
        [.. loaded.Inputs.Select(i => i.ToString())], [.. loaded.Outputs.Select(o => o.ToString())], loaded.Settings.Labels.ToString(), loaded.Settings.MaxTokens, loaded.VocabularyCount,
        loaded.Rules.LowerCase, loaded.Rules.StripAccents, stored.Alone, trial.Sentence, Rounded(trial.Score.Positive), Rounded(trial.Score.Neutral), Rounded(trial.Score.Negative), trial.Drift,
        OnnxLibrary.Version ?? "");

    static double Rounded(double value) => Math.Round(value, 6);

    static void Write(Screen screen, ModelAddAnswer answer, string used)
    {
        var output = screen.Out;
        output.WriteLine($"{answer.Name} {answer.Version}: {answer.Precision}, {answer.Parameters:n0} parameters, {answer.Bytes / 1e6:n1} MB {(answer.Linked ? "left in" : "copied to")} {answer.Folder}");
        output.WriteLine($"inputs {string.Join(", ", answer.Inputs)}; outputs {string.Join(", ", answer.Outputs)}; ONNX Runtime {answer.Runtime}");
        output.WriteLine($"classes {answer.Labels}; up to {answer.MaxTokens:n0} tokens; {answer.Vocabulary:n0} pieces of words, {(answer.LowerCase ? "small letters" : "as written")}{(answer.StripAccents ? ", without accents" : "")}");
        if (answer.OneAtATime) output.WriteLine("its numbers are scaled by the batch, so texts are computed one at a time");
        output.WriteLine($"\"{answer.Sentence}\": positive {answer.Positive:0.000}, neutral {answer.Neutral:0.000}, negative {answer.Negative:0.000}");
        output.WriteLine(used == answer.Name ? "It is the model that scores." : $"Let it score with \"Scoring\": {{ \"Model\": \"{answer.Name}\" }} in bellwether.json; measure it with `bellwether sentiment eval FILE --model {answer.Name}`.");
    }

    static Verb Remove(Screen screen, GlobalOptions globals)
    {
        var name = new Argument<string>("MODEL") { Description = "Name of a model that was added" };
        var force = new Option<bool>("--force") { Description = "Remove it although the settings or a rule ask for it; others score in its place" };
        return new Verb("remove", "Take out a model that was added; files that it only referred to stay", "model remove finbert", "model remove finbert --force --json") { name, force }
            .Runs(screen, globals, (session, _) =>
            {
                var options = session.LoadOptions().Scoring;
                var (store, wanted) = (SentimentModels.Store(options)!, session.Get(name)!);
                if (!store.Has(wanted))
                    throw CommandException.Usage($"No model '{wanted}' was added{(SentimentModels.Names.Contains(wanted) ? "; it is built in" : "")}.", store.Names.Count == 0 ? null : $"There are {string.Join(", ", store.Names)}.");
                if (options.Model == wanted && !session.Get(force))
                    throw CommandException.Usage($"{wanted} is the model that scores.", "Set Scoring:Model to another first, or --force it: then the classifier scores in its place.");
                if (options.Routing.Rules.FirstOrDefault(r => r.Models.Contains(wanted)) is { } rule && !session.Get(force))
                    throw CommandException.Usage($"The rule {rule.Name} of Scoring:Routing sends texts to {wanted}.",
                        "Take it out of the rule first, or --force it: then others score in its place.");
                store.Remove(wanted);
                if (session.Json) session.WriteJson(new(wanted, true), CommandJson.Relaxed.ModelRemoveAnswer);
                else session.Screen.Out.WriteLine($"removed {wanted}");
                return Task.FromResult(ExitCode.Ok);
            });
    }

    static string DescribedStored(string name, ScoringOptions options)
    {
        try
        {
            var stored = SentimentModels.Store(options)!.Get(name);
            return $"BERT classifier by ONNX Runtime, {stored.Precision}, {stored.Parameters / 1e6:0.0} M parameters, {(stored.Linked ? "in" : "copied from")} {stored.Source}";
        }
        catch (ModelFileException)
        {
            return "BERT classifier by ONNX Runtime";
        }
    }

    static ModelCard CardOf(BertModel model) => new()
    {
        Name = model.Name,
        Description = "BERT sequence classifier, run by ONNX Runtime.",
        Seed = 0,
        InputHash = model.Version,
        Data = [],
        Settings = new Dictionary<string, string>
        {
            ["classes"] = model.Settings.Labels.ToString(),
            ["max_tokens"] = $"{model.Settings.MaxTokens}",
            ["vocabulary"] = $"{model.VocabularyCount} pieces, lower_case {model.Rules.LowerCase}, strip_accents {model.Rules.StripAccents}".ToLowerInvariant(),
            ["precision"] = model.Stored.Precision,
            ["parameters"] = $"{model.Stored.Parameters}",
            ["source"] = model.Stored.Source,
            ["inputs"] = string.Join(", ", model.Inputs),
        },
        Metrics = [],
        Licence = "that of the weights: see where they came from",
        Limits = ["What it was trained on is not known here; measure it: `bellwether sentiment eval`.", "One score a text: what it says of single tickers is not told apart."],
    };

    static ModelCard CardOf(LlmModel model) => new()
    {
        Name = model.Name,
        Description = "Language model behind an endpoint that speaks OpenAI's chat completions.",
        Seed = 0,
        InputHash = model.Version,
        Data = [],
        Settings = model.Describe(),
        Metrics = [],
        Licence = "that of the weights: see where they came from",
        Limits = ["Texts leave this machine for the endpoint.", "Its confidence is what it says of itself, and is not calibrated.", "The same text gives the same score only as far as the server sees to that."],
    };
}
