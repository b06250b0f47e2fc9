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
        return new Verb("train", "Train a classifier on labelled texts, with a card that says what it is worth",
                "model train --data headlines.csv tweets.csv --labels negative=0,positive=1,neutral=2 --out my.bin", "model train --data headlines.csv --seed 7 --json")
            { data, outFile, text, label, labels, licence, seed }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var options = new LabelledOptions { Text = session.Get(text), Label = session.Get(label), Labels = SentimentCommand.LabelsOf(session.Get(labels)) };
                var sets = session.Get(data)!.Select(path => (LabelledFile.Read(path, options), session.Get(licence)!)).ToArray();
                var answer = await TrainAsync(session, sets, session.Get(outFile)!, session.Get(seed), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ModelTrainAnswer);
                else
                {
                    Write(session.Screen, ClassifierModel.Load(answer.File).Card);
                    session.Screen.Out.WriteLine($"wrote {answer.File} ({answer.Bytes:n0} bytes) in {answer.Seconds:0.0} s; use it with Scoring:ClassifierFile");
                }
                return ExitCode.Ok;
            });
    }

    static async Task<ModelTrainAnswer> TrainAsync(Session session, (LabelledSet Set, string Licence)[] sets, string path, ulong seed, CancellationToken cancellationToken)
    {
        var started = session.Time.GetTimestamp();
        byte[] bytes;
        try
        {
            bytes = await Task.Run(() => ClassifierTraining.Train(sets, new() { Seed = seed }, session.Progress, cancellationToken), cancellationToken);
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
