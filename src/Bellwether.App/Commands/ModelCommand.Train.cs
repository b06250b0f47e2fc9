using System.CommandLine;
using Bellwether.Feeds;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Evaluation;

namespace Bellwether.App.Commands;

sealed record ModelTrainAnswer(string File, long Bytes, string Card, string Version, string InputHash, int Rows, double Seconds, IReadOnlyList<ModelMetric> Metrics);

static partial class ModelCommand
{
    static Verb Train(Screen screen, GlobalOptions globals)
    {
        var data = new Option<string[]>("--data") { Description = "Labelled files: CSV, JSON, or lines of the form sentence@label; entities as {'name': 'positive'}", Required = true, AllowMultipleArgumentsPerToken = true, HelpName = "FILE" };
        var outFile = new Option<string?>("--out") { Description = "File to write; its card goes beside it as FILE.json", HelpName = "FILE", DefaultValueFactory = _ => "classifier.bin" };
        OutputPlace.Guard(outFile);
        var text = new Option<string?>("--text") { Description = "Column or field of the text in every file [default: looked for]", HelpName = "COL" };
        var label = new Option<string?>("--label") { Description = "Column or field of the label in every file [default: looked for]", HelpName = "COL" };
        var labels = new Option<string?>("--labels") { Description = "What labels mean that are no names of classes: negative=0,positive=1,neutral=2", HelpName = "MAP" };
        var licence = new Option<string>("--licence") { Description = "Licence of the data, for the card", HelpName = "TEXT", DefaultValueFactory = _ => "not stated" };
        var seed = new Option<ulong>("--seed") { Description = "Another seed shuffles differently; the same one gives the same file", HelpName = "N", DefaultValueFactory = _ => new ClassifierTrainingOptions().Seed };
        var replace = new Option<bool>("--replace") { Description = "Write over a file at --out that is no classifier" };
        return new Verb("train", "Train a classifier on labelled texts, with a card that says what it is worth",
                "model train --data headlines.csv tweets.csv --labels negative=0,positive=1,neutral=2 --out my.bin", "model train --data headlines.csv --seed 7 --json")
            { data, outFile, text, label, labels, licence, seed, replace }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                RequirePlace(session.Get(outFile)!, session.Get(replace));
                var options = new LabelledOptions { Text = session.Get(text), Label = session.Get(label), Labels = SentimentCommand.LabelsOf(session.Get(labels)) };
                var sets = session.Get(data)!.Select(path => (LabelledFile.Read(path, options), session.Get(licence)!)).ToArray();
                RequireRows(session, [.. sets.Select(s => s.Item1)]);
                var answer = await TrainAsync(session, sets, session.Get(outFile)!, session.Get(seed), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ModelTrainAnswer);
                else
                {
                    // The card stands in the file whose hash is the version: it cannot hold it itself.
                    Write(session.Screen, ClassifierModel.Load(answer.File).Card with { Version = answer.Version });
                    session.Screen.Out.WriteLine($"wrote {answer.File} ({answer.Bytes:n0} bytes) in {answer.Seconds:0.0} s; use it with Scoring:ClassifierFile");
                }
                return ExitCode.Ok;
            });
    }

    /// <summary>Fewer rows of a class are not learned from, and measured on one or two.</summary>
    const int FewestOfAClass = 10;

    const int FewestForFigures = 1_000;

    static void RequirePlace(string path, bool replace)
    {
        OutputPlace.Require("--out", path);
        OutputPlace.Require("--out", path + ".json");
        if (replace) return;
        if (File.Exists(path) && !ClassifierModel.IsClassifierFile(path))
            throw OutputPlace.Taken("--out", path, "is no classifier");
        if (File.Exists(path + ".json") && !File.Exists(path))
            throw OutputPlace.Taken("--out", $"{path}.json", "the card of the model would take its place");
    }

    static void RequireRows(Session session, IReadOnlyList<LabelledSet> sets)
    {
        if (sets.FirstOrDefault(s => s.HasScores) is { } scored)
            throw new FeedException(scored.Path, "it has scores; a classifier is trained on classes", "Label texts with positive, neutral and negative.");
        var counts = new int[LabelledSet.ClassNames.Count];
        foreach (var row in sets.SelectMany(s => s.Rows))
            if (row.Label is { } label) counts[label]++;
        // That a class is missing altogether is told by the training.
        if (counts.Min() == 0) return;
        if (counts.Min() < FewestOfAClass)
            throw new FeedException(string.Join(", ", sets.Select(s => s.Path)),
                $"there are {string.Join(", ", counts.Select((n, i) => $"{n:n0} {LabelledSet.ClassNames[i]}"))} rows; "
                + $"a classifier needs {FewestOfAClass} of each class at least",
                $"Label more texts: figures mean something from {FewestForFigures:n0} on.");
        if (counts.Sum() < FewestForFigures)
            session.Note($"There are {counts.Sum():n0} rows: the figures of the card will be far from certain, "
                + "and texts of other words are hardly known.");
    }

    static async Task<ModelTrainAnswer> TrainAsync(Session session, (LabelledSet Set, string Licence)[] sets, string path, ulong seed, CancellationToken cancellationToken)
    {
        var started = session.Time.GetTimestamp();
        byte[] bytes;
        try
        {
            bytes = await Task.Run(() => ClassifierTraining.Train(sets, new() { Seed = seed }, session.Time, session.Progress, cancellationToken), cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw new FeedException(string.Join(", ", sets.Select(s => s.Set.Path)), error.Message, "A classifier needs texts of all three classes.", inner: error);
        }
        var (whole, card) = (Path.GetFullPath(path), Path.GetFullPath(path) + ".json");
        // A file that is read at this moment is replaced as a whole.
        var draft = $"{whole}.{Guid.NewGuid():N}";
        await File.WriteAllBytesAsync(draft, bytes, cancellationToken);
        File.Move(draft, whole, overwrite: true);
        var model = ClassifierModel.Load(whole);
        await File.WriteAllBytesAsync(card, [.. model.Card.ToJson(), (byte)'\n'], cancellationToken);
        return new(whole, bytes.Length, card, model.Version, model.Card.InputHash, model.Card.Data.Sum(d => d.Rows), Math.Round(session.Time.GetElapsedTime(started).TotalSeconds, 1), model.Card.Metrics);
    }
}
