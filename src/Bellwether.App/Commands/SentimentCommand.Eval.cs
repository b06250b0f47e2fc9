using System.CommandLine;
using Bellwether.Analytics.Text;
using Bellwether.Feeds;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Evaluation;
using Bellwether.Sentiment.Llm;

namespace Bellwether.App.Commands;

/// <summary>What <c>sentiment eval --json</c> answers for a set of classes; the first eight fields are stable.</summary>
/// <param name="Confusion">Rows by true class (outer) and predicted class (inner), in the order of <paramref name="Labels"/>.</param>
/// <param name="ByEntities">For a set of entities: texts that name one, and texts that name several.</param>
/// <param name="AccuracyInterval">In which the accuracy on all texts of this kind lies, with 95 % (Wilson).</param>
/// <param name="TrainedOn">Whether the model's card names this very file; null where the model has no such card.</param>
/// <param name="Unscored">Texts without an answer: they count as wrong, and are missing in <paramref name="Confusion"/>.</param>
/// <param name="UnscoredBy">The same by class of reason.</param>
sealed record ClassEvalAnswer(
    int Rows, double Accuracy, double MacroF1, double WeightedF1, IReadOnlyDictionary<string, ClassFigures> PerClass,
    IReadOnlyList<IReadOnlyList<int>> Confusion, double Ece, double TextsPerSecond, IReadOnlyList<string> Labels, string Model,
    string ModelVersion, int? Folds,
    IReadOnlyDictionary<string, PartFigures>? ByEntities, int Unscored, IReadOnlyList<double> AccuracyInterval, bool? TrainedOn,
    IReadOnlyDictionary<string, int> UnscoredBy);

sealed record PartFigures(int Rows, double Accuracy, double MacroF1);

/// <summary>The same for a set of scores from −1 to 1. A sign counts where the true score is 0.1 or more from 0.</summary>
/// <param name="Unscored">Texts without an answer: they count as a score of 0.</param>
/// <param name="UnscoredBy">The same by class of reason.</param>
sealed record ScoreEvalAnswer(
    int Rows, double Mae, double Rmse, double? Correlation, double? SignAgreement, int SignRows, double TextsPerSecond, string Model,
    string ModelVersion, int Unscored, bool? TrainedOn, IReadOnlyDictionary<string, int> UnscoredBy);

static partial class SentimentCommand
{
    static Verb Eval(Screen screen, GlobalOptions globals)
    {
        var file = new Argument<string>("FILE") { Description = "Labelled texts: CSV, JSON, or lines of the form sentence@label" };
        var text = new Option<string?>("--text")
        {
            Description = "Column or field of the text, with dots for fields within [default: looked for]",
            HelpName = "COL",
        };
        var label = new Option<string?>("--label")
        {
            Description = "Column or field of the class, of the score, or of the entities [default: looked for]",
            HelpName = "COL",
        };
        var labels = new Option<string?>("--labels")
        {
            Description = "What the file's labels mean: negative=0,positive=1,neutral=2",
            HelpName = "MAP",
        };
        var model = new Option<string?>("--model")
        {
            Description = $"{string.Join(" or ", SentimentModels.Names)}, a classifier file, or vader:LEXICON [default: as in the settings]",
            HelpName = "NAME",
        };
        var folds = new Option<int?>("--folds")
        {
            Description = "Train on the file itself and measure each part by a classifier that has not seen it",
            HelpName = "K",
        };
        folds.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int?>() is < 2 or > 50) given.AddError("--folds must be 2 to 50");
        });
        var errors = new Option<string?>("--errors")
        {
            Description = "CSV file for the rows that the model gets wrong, the surest mistakes first",
            HelpName = "FILE.csv",
        };
        var replace = new Option<bool>("--replace") { Description = "Write over a file at --errors that no such command has written" };
        return new Verb("eval", "Measure how good a model is on labelled texts",
                "sentiment eval headlines.csv --text title --label sentiment --json",
                "sentiment eval tweets.csv --labels negative=0,positive=1,neutral=2",
                "sentiment eval headlines.csv --folds 5",
                "sentiment eval headlines.csv --errors wrong.csv",
                "sentiment eval posts.json --text sentence --label info.sentiment_score --model lexicon")
            { file, text, label, labels, model, folds, errors, replace }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                if (session.Get(errors) is { } place) RequireErrors(place, session.Get(file)!, session.Get(replace));
                var set = LabelledFile.Read(session.Get(file)!,
                    new() { Text = session.Get(text), Label = session.Get(label), Labels = LabelsOf(session.Get(labels)) });
                var (result, trainedOn) = session.Get(folds) is { } k
                    ? (await CrossValidateAsync(session, set, session.Get(model), k, cancellationToken), null)
                    : await MeasureAsync(session, set, session.Get(model), cancellationToken);
                if (session.Get(errors) is { } wrong) await WriteErrorsAsync(session, wrong, set, result, cancellationToken);
                WriteEvaluation(session, result, session.Get(folds), session.Get(folds) is null ? trainedOn : null);
                return ExitCode.Ok;
            });
    }

    internal static IReadOnlyDictionary<string, byte> LabelsOf(string? given)
    {
        try
        {
            return LabelledOptions.ParseLabels(given ?? "");
        }
        catch (FormatException error)
        {
            throw CommandException.Usage($"--labels: {error.Message}.");
        }
    }

    static async Task<(EvaluationResult Result, bool? TrainedOn)> MeasureAsync(
        Session session, LabelledSet set, string? name, CancellationToken cancellationToken)
    {
        var model = ModelNamed(session, name);
        using var owned = model as IDisposable;
        if (set.HasEntities && model is not IEntitySentimentModel)
            throw CommandException.Usage(
                $"The rows of {set.Path} are about single entities, which the model {model.Name} does not tell apart.");
        bool? trainedOn = model is ClassifierModel classifier ? classifier.Card.Data.Any(d => d.Sha256 == set.Sha256) : null;
        if (trainedOn == true)
            session.Note($"{model.Name} was trained on this very file: these figures say how well it remembers, not what it is worth. "
                + "Measure it on texts that it has not seen, or by --folds.");
        var result = await SentimentEvaluation.RunAsync(model, set, session.Time, cancellationToken);
        if (result.Unscored == set.Rows.Count)
            throw new CommandException(ExitCode.Unavailable, "model",
                $"{model.Name} found a score for none of the {set.Rows.Count:n0} texts.",
                model is LlmModel ? $"Look at the server, and at Scoring:Llm:{model.Name}:Format." : null);
        return (result, trainedOn);
    }

    static async Task<EvaluationResult> CrossValidateAsync(Session session, LabelledSet set, string? name, int folds,
        CancellationToken cancellationToken)
    {
        if (name is not (null or SentimentModels.Classifier))
            throw CommandException.Usage($"--folds trains classifiers; the model {name} cannot be trained here.");
        if (set.HasScores) throw CommandException.Usage("--folds needs classes; this file has scores.");
        try
        {
            var held = await Task.Run(() => ClassifierTraining.CrossValidate(set, new() { Folds = folds }, session.Time, session.Progress,
                cancellationToken), cancellationToken);
            return SentimentEvaluation.Of(SentimentModels.Classifier, $"trained on {folds - 1} of {folds} parts", set, held.Scores,
                held.TextsPerSecond);
        }
        catch (ArgumentException error)
        {
            throw new FeedException(set.Path, error.Message, "Each class needs rows.", inner: error);
        }
    }

    /// <exception cref="CommandException">There is no such model, or it cannot be used.</exception>
    internal static ISentimentModel ModelNamed(Session session, string? name)
    {
        const string Vader = "vader:";
        var options = session.LoadOptions().Scoring;
        name ??= options.Model;
        if (name.StartsWith(Vader, StringComparison.Ordinal)) return VaderModel.Load(name[Vader.Length..]);
        if (SentimentModels.NamesOf(options).Contains(name)) return SentimentModels.Load(name, options, session.Time);
        if (File.Exists(name)) return ClassifierModel.Load(name);
        throw CommandException.Usage($"There is no model '{name}', and no such file. There are {string.Join(", ", SentimentModels.NamesOf(options))} and {Vader}LEXICON.");
    }

    static void WriteEvaluation(Session session, EvaluationResult result, int? folds, bool? trainedOn)
    {
        var speed = Math.Round(result.TextsPerSecond);
        if (result.Unscored > 0) session.Note($"{result.Model} found no score for {result.Unscored:n0} of the texts; they count as wrong"
            + $" ({string.Join(", ", result.UnscoredBy.Select(r => $"{r.Key} {r.Value:n0}"))}).");
        if (result.Scores is { } s)
        {
            var answer = new ScoreEvalAnswer(s.Rows, R(s.Mae), R(s.Rmse), s.Correlation is { } r ? R(r) : null,
                s.SignAgreement is { } a ? R(a) : null, s.SignRows, speed, result.Model, result.ModelVersion, result.Unscored,
                trainedOn, result.UnscoredBy);
            if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ScoreEvalAnswer);
            else session.Screen.Out.WriteLine($"{answer.Rows:n0} rows, model {answer.Model} {answer.ModelVersion}: mean absolute error {answer.Mae:0.000}, correlation {answer.Correlation:0.000}, "
                + $"same sign {answer.SignAgreement:p1} of {answer.SignRows:n0} clear ones, {speed:n0} texts/s");
            return;
        }
        var c = result.Classes!;
        var named = c.PerClass.Select(
            (f, i) => (Name: LabelledSet.ClassNames[i], Figures: f with { Precision = R(f.Precision), Recall = R(f.Recall), F1 = R(f.F1) }))
            .ToDictionary(f => f.Name, f => f.Figures);
        if (session.Json)
        {
            session.WriteJson(new(
                c.Rows, R(c.Accuracy), R(c.MacroF1), R(c.WeightedF1), named, c.Confusion, R(c.Ece), speed, LabelledSet.ClassNames,
                result.Model, result.ModelVersion, folds,
                PartsOf(result), result.Unscored, [R(c.Interval.Low), R(c.Interval.High)], trainedOn, result.UnscoredBy), CommandJson.Relaxed.ClassEvalAnswer);
            return;
        }
        session.Screen.Out.WriteLine(
            $"{c.Rows:n0} rows, model {result.Model} {result.ModelVersion}: accuracy {c.Accuracy:p1} (95 % interval {c.Interval.Low:p1} to {c.Interval.High:p1}), "
            + $"macro F1 {c.MacroF1:0.000}, weighted F1 {c.WeightedF1:0.000}, "
            + $"calibration error {c.Ece:0.000}, {speed:n0} texts/s");
        var table = new TextTable([new("class"), new("precision", Right: true), new("recall", Right: true), new("F1", Right: true),
            new("rows", Right: true),
            .. LabelledSet.ClassNames.Select(n => new TextColumn($"said {n}", Right: true))]);
        for (var i = 0; i < c.PerClass.Count; i++)
            table.Add([LabelledSet.ClassNames[i], $"{c.PerClass[i].Precision:0.000}", $"{c.PerClass[i].Recall:0.000}",
                $"{c.PerClass[i].F1:0.000}", $"{c.PerClass[i].Support:n0}",
                .. c.Confusion[i].Select(n => $"{n:n0}")]);
        table.Write(session.Screen);
        foreach (var (part, f) in PartsOf(result) ?? new Dictionary<string, PartFigures>())
            session.Screen.Out.WriteLine($"texts that name {part}: {f.Rows:n0} rows, accuracy {f.Accuracy:p1}, macro F1 {f.MacroF1:0.000}");
    }

    static Dictionary<string, PartFigures>? PartsOf(EvaluationResult result) =>
        result.ByEntities?.ToDictionary(p => p.Key, p => new PartFigures(p.Value.Rows, R(p.Value.Accuracy), R(p.Value.MacroF1)));

    static double R(double value) => Math.Round(value, 4);
}
