using System.CommandLine;
using Bellwether.App.Commands;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Novelty;

namespace Bellwether.App.Bench;

/// <param name="BytesPerText">Managed memory allocated for one text, the list of scores included.</param>
/// <param name="WithNoveltyPerSecond">Texts a second where each is also made ready for finding what it repeats.</param>
/// <param name="LoadMilliseconds">From nothing to the first score.</param>
sealed record ClassifyBenchAnswer(
    string Model, string ModelVersion, int Texts, double TextsPerSecond, double WithNoveltyPerSecond, double BytesPerText, double LoadMilliseconds);

/// <summary>How fast a model scores headlines on one thread, and what it allocates; no database takes part.</summary>
static class ClassifyBench
{
    const int Batch = 1_000;

    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var model = new Option<string?>("--model")
        {
            Description = $"{string.Join(" or ", SentimentModels.Names)}, or a classifier file [default: as in the settings]",
            HelpName = "NAME",
        };
        var texts = BenchDesk.Number("--texts", "Headlines to score in each round", 200_000);
        return new Verb("classify", "Headlines a second that a model scores on one core, and bytes that it allocates",
                "bench classify", "bench classify --model lexicon --json")
            { model, texts }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var answer = await RunAsync(session, session.Get(model), session.Get(texts), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.ClassifyBenchAnswer);
                else session.Screen.Out.WriteLine(
                    $"{answer.Model} {answer.ModelVersion}: {answer.TextsPerSecond:n0} texts/s on one core, {answer.WithNoveltyPerSecond:n0} with novelty, {answer.BytesPerText:0} bytes a text, loaded in {answer.LoadMilliseconds:0} ms");
                return ExitCode.Ok;
            });
    }

    static async Task<ClassifyBenchAnswer> RunAsync(Session session, string? name, int count, CancellationToken cancellationToken)
    {
        var started = session.Time.GetTimestamp();
        var model = SentimentCommand.ModelNamed(session, name);
        // One core and a hundred thousand texts: for a model behind an endpoint that would be a bill, for one on several cores no figure.
        if (model.MostAtOnce != int.MaxValue)
        {
            (model as IDisposable)?.Dispose();
            throw CommandException.Usage(
                $"The model {model.Name} takes {model.MostAtOnce:n0} texts at a time, and this measures models of one core.",
                "Measure it with `bellwether sentiment eval FILE`, one of ONNX with `bellwether bench onnx`, or name another --model.");
        }
        await model.ScoreAsync([BenchDesk.Headline(0)], cancellationToken);
        var load = session.Time.GetElapsedTime(started).TotalMilliseconds;
        var batches = Enumerable.Range(0, (count + Batch - 1) / Batch)
            .Select(b => Enumerable.Range(b * Batch, Math.Min(Batch, count - b * Batch)).Select(BenchDesk.Headline).ToArray()).ToArray();
        // The first round is for the compiler; of the others the best counts, since others may use the machine.
        var (best, bytes) = await MeasureAsync(false);
        var (withNovelty, _) = await MeasureAsync(true);
        return new(model.Name, model.Version, count, Math.Round(count / best), Math.Round(count / withNovelty), Math.Round(bytes / (double)count, 1), Math.Round(load, 1));

        async Task<(double Seconds, long Bytes)> MeasureAsync(bool sketches)
        {
            var (least, allocated) = (double.PositiveInfinity, 0L);
            for (var round = 0; round < 4; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                started = session.Time.GetTimestamp();
                foreach (var batch in batches)
                {
                    var pending = model.ScoreAsync(batch, cancellationToken);
                    if (!pending.IsCompletedSuccessfully) await pending;
                    if (sketches)
                        foreach (var text in batch) TextSketch.Of(null, text);
                }
                if (round > 0) least = Math.Min(least, session.Time.GetElapsedTime(started).TotalSeconds);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }
            return (least, allocated);
        }
    }
}
