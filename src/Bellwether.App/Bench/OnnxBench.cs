using System.CommandLine;
using System.Text;
using Bellwether.App.Commands;
using Bellwether.Engines;
using Bellwether.Engines.Onnx;
using Bellwether.Sentiment;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.App.Bench;

/// <param name="RawSeconds">Of the runtime's own calls for the same padded batches.</param>
/// <param name="Seconds">From texts to scores.</param>
/// <param name="Ratio">The one to the other: what tokens, batches and probabilities cost on top.</param>
/// <param name="CpuRatio">The same in processor time over all rounds, which other work on the machine disturbs less.</param>
sealed record OnnxBenchAnswer(
    string Model, string ModelVersion, string Runtime, int Threads, int Texts, int Batches, int Tokens, int PaddedTokens, int Rounds, double RawSeconds, double Seconds, double Ratio, double CpuRatio, double TextsPerSecond);

/// <summary>What a BERT model costs here, and how much of that is not the runtime's own.</summary>
static class OnnxBench
{
    public static Verb Create(Screen screen, GlobalOptions globals)
    {
        var model = new Option<string?>("--model") { Description = "Name of a model that was added [default: one of random weights, made for this]", HelpName = "NAME" };
        var texts = BenchDesk.Number("--texts", "Headlines in each round", 128);
        var rounds = BenchDesk.Number("--rounds", "Rounds, of which the fastest counts", 7);
        return new Verb("onnx", "Texts a second of a BERT model, beside ONNX Runtime's own calls for the same batches", "bench onnx", "bench onnx --model finbert --texts 64 --json") { model, texts, rounds }
            .Runs(screen, globals, async (session, cancellationToken) =>
            {
                var options = session.LoadOptions().Scoring;
                await new EngineCache().FindOnnxLibraryAsync(options.Onnx.Library, session.Progress, cancellationToken);
                using var folder = new BenchFolder();
                using var loaded = session.Get(model) is { } name ? Named(session, name, options) : await MadeAsync(session, folder, options.Onnx, cancellationToken);
                var answer = Measure(session, loaded, options.Onnx, session.Get(texts), session.Get(rounds), cancellationToken);
                if (session.Json) session.WriteJson(answer, CommandJson.Relaxed.OnnxBenchAnswer);
                else session.Screen.Out.WriteLine($"{answer.Model} {answer.ModelVersion} on {answer.Threads} threads of ONNX Runtime {answer.Runtime}: {answer.TextsPerSecond:n0} texts/s; {answer.Texts:n0} texts "
                    + $"({answer.Tokens:n0} tokens, padded to {answer.PaddedTokens:n0}, {answer.Batches:n0} batches) take {answer.Seconds * 1000:n1} ms, the runtime's own calls {answer.RawSeconds * 1000:n1} ms: {answer.Ratio:0.000} times, {answer.CpuRatio:0.000} times in processor time");
                return ExitCode.Ok;
            });
    }

    static BertModel Named(Session session, string name, ScoringOptions options)
    {
        if (SentimentModels.Store(options)?.Has(name) != true) throw CommandException.Usage($"No model '{name}' was added.", "`bellwether model list` shows what there is.");
        return BertModel.Load(SentimentModels.Store(options)!.Get(name), options.Onnx);
    }

    static async Task<BertModel> MadeAsync(Session session, BenchFolder folder, OnnxOptions options, CancellationToken cancellationToken)
    {
        var (plan, export) = (new BertBlueprint(), Path.Combine(folder.Path, "export"));
        Directory.CreateDirectory(export);
        await File.WriteAllBytesAsync(Path.Combine(export, BertSettings.ModelFile), plan.Build(), cancellationToken);
        await File.WriteAllLinesAsync(Path.Combine(export, BertSettings.VocabularyFile), Pieces(plan.Vocabulary), new UTF8Encoding(false), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(export, BertSettings.ConfigFile),
            $$"""{"max_position_embeddings": {{plan.Positions}}, "vocab_size": {{plan.Vocabulary}}, "id2label": {"0": "positive", "1": "negative", "2": "neutral"} }""", cancellationToken);
        return (await new ModelStore(Path.Combine(folder.Path, "models")).AddAsync(new("random-bert", export), options, session.Time, null, cancellationToken)).Loaded;
    }

    // Letters and digits, so that every text has pieces, and the words of the headlines, so that they have about as many as with a trained vocabulary.
    static IEnumerable<string> Pieces(int count)
    {
        var characters = Enumerable.Range('!', '~' - '!' + 1).Select(c => $"{(char)c}".ToLowerInvariant()).Distinct().ToArray();
        var words = Enumerable.Range(0, 80).SelectMany(i => BenchDesk.Headline(i).ToLowerInvariant().Split(' ')).Where(w => w.All(char.IsAsciiLetter)).Distinct();
        string[] pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. characters, .. characters.Select(c => $"##{c}"), .. words];
        return pieces.Distinct().Concat(Enumerable.Range(0, count).Select(i => $"[unused{i}]")).Take(count);
    }

    static OnnxBenchAnswer Measure(Session session, BertModel model, OnnxOptions options, int count, int rounds, CancellationToken cancellationToken)
    {
        var texts = Enumerable.Range(0, count).Select(BenchDesk.Headline).ToArray();
        using var work = model.Prepare(texts);
        double raw = double.PositiveInfinity, ours = double.PositiveInfinity;
        TimeSpan rawCpu = default, ourCpu = default;
        // One after the other in every round, so that whatever else the machine does meets both; the first round only warms up.
        for (var round = 0; round <= rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (first, firstCpu) = Timed(session.Time, () =>
            {
                foreach (var batch in work.Batches) batch.Run();
            });
            var (second, secondCpu) = Timed(session.Time, () => model.Score(texts, cancellationToken));
            if (round == 0) continue;
            (raw, ours) = (Math.Min(raw, first), Math.Min(ours, second));
            (rawCpu, ourCpu) = (rawCpu + firstCpu, ourCpu + secondCpu);
        }
        return new(model.Name, model.Version, OnnxLibrary.Version!, options.ThreadsInUse, count, work.Batches.Count, work.Tokens, work.PaddedTokens, rounds, Math.Round(raw, 6), Math.Round(ours, 6), Math.Round(ours / raw, 4),
            Math.Round(ourCpu / rawCpu, 4), Math.Round(count / ours, 1));
    }

    static (double Seconds, TimeSpan Cpu) Timed(TimeProvider time, Action work)
    {
        var (started, before) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        work();
        return (time.GetElapsedTime(started).TotalSeconds, Environment.CpuUsage.TotalTime - before);
    }
}
