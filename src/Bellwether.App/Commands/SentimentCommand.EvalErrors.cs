using System.Globalization;
using Bellwether.Analytics.Text;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Evaluation;
using CsvHelper;

namespace Bellwether.App.Commands;

static partial class SentimentCommand
{
    static readonly string[] ErrorColumns =
        ["line", "text", "entity", "label", "predicted", "negative", "neutral", "positive", "reason", "detail"];

    static void RequireErrors(string path, string input, bool replace)
    {
        OutputPlace.Require("--errors", path);
        if (Path.GetFullPath(path) == Path.GetFullPath(input))
            throw CommandException.Usage($"--errors: '{path}' is the file that is measured on.");
        // One of an earlier measurement gives way, also of a time with fewer columns.
        if (!replace && File.Exists(path)
            && File.ReadLines(path).FirstOrDefault()?.StartsWith(string.Join(',', ErrorColumns[..8]), StringComparison.Ordinal) != true)
            throw OutputPlace.Taken("--errors", path, "holds no rows that a model got wrong");
    }

    /// <summary>The rows that were missed: of classes those with another one, of scores those clear ones with another sign.</summary>
    static async Task WriteErrorsAsync(
        Session session, string path, LabelledSet set, EvaluationResult result, CancellationToken cancellationToken)
    {
        var wrong = Enumerable.Range(0, set.Rows.Count).Where(i => IsWrong(set.Rows[i], result.Predicted[i]))
            .OrderByDescending(i => double.IsFinite(result.Predicted[i].Score) ? result.Predicted[i].Confidence : 0).ToArray();
        var draft = $"{path}.{Guid.NewGuid():N}.partial";
        await using (var writer = new StreamWriter(draft))
        await using (var csv = new CsvWriter(writer, CultureInfo.InvariantCulture))
        {
            foreach (var name in ErrorColumns) csv.WriteField(name);
            await csv.NextRecordAsync();
            foreach (var i in wrong)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (row, score) = (set.Rows[i], result.Predicted[i]);
                csv.WriteField(row.Line);
                csv.WriteField(row.Text);
                csv.WriteField(row.Entity is { Target: [var at, ..] } ? row.Text.Substring(at.Start, at.Length) : "");
                csv.WriteField(row.Label is { } label ? LabelledSet.ClassNames[label] : Number(row.Score!.Value));
                csv.WriteField(!double.IsFinite(score.Score) ? ""
                    : row.Label is null ? Number(score.Score) : LabelledSet.ClassNames[ClassOf(score)]);
                foreach (var p in (double[])[score.Negative, score.Neutral, score.Positive])
                    csv.WriteField(double.IsFinite(p) ? Number(p) : "");
                var fault = result.Faults.GetValueOrDefault(i);
                csv.WriteField(fault.Fault ?? (double.IsFinite(score.Score) ? "" : EvaluationResult.NoReason));
                csv.WriteField(fault.Detail ?? "");
                await csv.NextRecordAsync();
            }
        }
        File.Move(draft, path, overwrite: true);
        session.Note($"{wrong.Length:n0} of {set.Rows.Count:n0} rows are wrong: {path}");

        static string Number(double value) => Math.Round(value, 6).ToString(CultureInfo.InvariantCulture);
    }

    static bool IsWrong(LabelledRow row, SentimentScore score) =>
        row.Label is { } label ? !double.IsFinite(score.Score) || ClassOf(score) != label
        : Math.Abs(row.Score!.Value) >= ScoreReport.Clear
            && (!double.IsFinite(score.Score) || Math.Sign(score.Score) != Math.Sign(row.Score.Value));

    // The first of the greatest, as the report takes it.
    static int ClassOf(SentimentScore score)
    {
        double[] classes = [score.Negative, score.Neutral, score.Positive];
        return Array.IndexOf(classes, classes.Max());
    }
}
