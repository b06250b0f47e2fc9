using System.Security.Cryptography;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <param name="Link">Leave the files where they are.</param>
/// <param name="Labels">Classes in place of those that config.json names.</param>
/// <param name="Replace">Take the place of a model of that name.</param>
public sealed record ModelAddOptions(string Name, string Source, bool Link = false, string? Labels = null, bool Replace = false);

/// <summary>What was found when a model was tried.</summary>
/// <param name="Drift">The most that a probability of the sentence changed beside a longer text; 0 where texts are computed one at a
/// time.</param>
public sealed record ModelTrial(string Sentence, SentimentScore Score, double Drift);

public sealed partial class ModelStore
{
    /// <summary>Every model of sentiment should know what to say of this one.</summary>
    public const string TrialSentence = "Operating profit rose to EUR 13.1 million from EUR 8.7 million a year earlier.";

    // Padding that leaks into other texts shows in the first digits.
    const double MostDrift = 0.02;

    /// <summary>
    /// Copies or refers to an exported model, loads it, and lets it score a sentence. Nothing is changed unless all of that works.
    /// </summary>
    /// <exception cref="ModelFileException">The name is taken, or the export is incomplete or unsound.</exception>
    public async Task<(StoredModel Model, BertModel Loaded, ModelTrial Trial)> AddAsync(
        ModelAddOptions wanted, OnnxOptions options, TimeProvider time, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (Has(wanted.Name) && !wanted.Replace)
            throw new ModelFileException(wanted.Name, $"a model of that name was added before, from {Get(wanted.Name).Source}",
                "Take another --name, or --replace it.");
        var source = Path.GetFullPath(wanted.Source);
        if (!System.IO.Directory.Exists(source))
            throw new ModelFileException(source, "there is no such folder", "Name the folder with model.onnx, vocab.txt and config.json.");
        var graph = FindGraph(source);
        var described = OnnxFile.Read(Path.Combine(source, graph));

        Sweep(time);
        var draft = Path.Combine(Directory, $"{Draft}{Guid.NewGuid():N}");
        System.IO.Directory.CreateDirectory(draft);
        try
        {
            var files = new List<StoredFile>();
            foreach (var (from, to) in FilesOf(source, graph, described, wanted.Link))
                files.Add(await TakeAsync(source, from, wanted.Link ? null : draft, to, progress, cancellationToken));
            var stored = new StoredModel
            {
                Name = wanted.Name,
                Source = source,
                Linked = wanted.Link,
                Model = wanted.Link ? graph : BertSettings.ModelFile,
                Files = files,
                Labels = wanted.Labels,
                Alone = described.ScalesByBatch,
                Precision = described.Precision,
                Parameters = described.ParameterCount,
                Producer = described.Producer,
                Added = time.GetUtcNow(),
                Folder = wanted.Link ? source : draft,
            };
            var loaded = BertModel.Load(stored, options);
            try
            {
                if (await GivesProbabilitiesAsync(loaded, graph, cancellationToken))
                {
                    loaded.Dispose();
                    stored = stored with { Probabilities = true };
                    loaded = BertModel.Load(stored, options);
                }
                var trial = await TryAsync(loaded, graph, cancellationToken);
                await File.WriteAllBytesAsync(Path.Combine(draft, StoredModel.FileName), stored.ToJson(), cancellationToken);
                Publish(draft, wanted.Name);
                return (Get(wanted.Name), loaded, trial);
            }
            catch
            {
                loaded.Dispose();
                throw;
            }
        }
        catch (ModelFileException error)
        {
            throw AtSource(error, draft, source, graph);
        }
        finally
        {
            if (System.IO.Directory.Exists(draft)) System.IO.Directory.Delete(draft, recursive: true);
        }
    }

    // The draft is gone when the error is read: what is told are the files that the user gave.
    static ModelFileException AtSource(ModelFileException error, string draft, string source, string graph)
    {
        string Given(string text) => text
            .Replace(Path.Combine(draft, BertSettings.ModelFile), Path.Combine(source, graph), StringComparison.Ordinal)
            .Replace(draft, source, StringComparison.Ordinal);
        return new(error.File == graph ? Path.Combine(source, graph) : Given(error.File), Given(error.Problem), Given(error.Mend), error);
    }

    static string FindGraph(string source)
    {
        foreach (var usual in (string[])[BertSettings.ModelFile, $"onnx/{BertSettings.ModelFile}"])
            if (File.Exists(Path.Combine(source, usual))) return usual;
        var all = System.IO.Directory.GetFiles(source, "*.onnx");
        return all.Length == 1 ? Path.GetFileName(all[0]) : throw new ModelFileException(Path.Combine(source, BertSettings.ModelFile),
            all.Length == 0 ? "there is no such file"
                : $"there is no such file, but several others: {string.Join(", ", all.Select(Path.GetFileName).Order())}",
            all.Length == 0 ? "docs/models-onnx.md has the command that exports one." : "Name the one that is meant model.onnx.");
    }

    static IEnumerable<(string From, string To)> FilesOf(string source, string graph, OnnxFile described, bool link)
    {
        yield return (graph, link ? graph : BertSettings.ModelFile);
        foreach (var weights in described.ExternalFiles.Order(StringComparer.Ordinal))
        {
            // The runtime looks beside the graph; nothing outside of the folder is to be read in a model's name.
            if (Path.GetFileName(weights) != weights || weights is "" or "." or "..")
                throw new ModelFileException(Path.Combine(source, graph), $"its weights lie in '{weights}', which is not beside it",
                    "Export it again into one folder.");
            var beside = Path.Combine(Path.GetDirectoryName(graph) ?? "", weights);
            yield return (beside, link ? beside : weights);
        }
        yield return (BertSettings.VocabularyFile, BertSettings.VocabularyFile);
        yield return (BertSettings.ConfigFile, BertSettings.ConfigFile);
        if (File.Exists(Path.Combine(source, BertSettings.TokenizerFile)))
            yield return (BertSettings.TokenizerFile, BertSettings.TokenizerFile);
    }

    static async Task<StoredFile> TakeAsync(
        string source, string from, string? folder, string to, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var (path, taken) = (Path.Combine(source, from), folder is null ? Path.Combine(source, from) : Path.Combine(folder, to));
        if (!File.Exists(path))
            throw new ModelFileException(path, "there is no such file", from == BertSettings.VocabularyFile && HasOtherTokenizer(source)
                ? "The model has another kind of tokenizer; those of the BERT family with a vocab.txt are known here."
                : "It is written by the same export as the model: docs/models-onnx.md.");
        if (folder is not null)
        {
            progress?.Report($"copying {from} ({new FileInfo(path).Length / 1e6:n1} MB) …");
            await using var input = File.OpenRead(path);
            await using var output = File.Create(taken);
            await input.CopyToAsync(output, 1 << 20, cancellationToken);
            output.Flush(flushToDisk: true);
        }
        await using var stream = File.OpenRead(taken);
        return new(to, stream.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)));
    }

    static bool HasOtherTokenizer(string source) => System.IO.Directory.EnumerateFiles(source)
        .Any(f => Path.GetFileName(f) is "merges.txt" or "vocab.json" or "spiece.model" or "sentencepiece.bpe.model");

    static async Task<ModelTrial> TryAsync(BertModel model, string graph, CancellationToken cancellationToken)
    {
        try
        {
            var alone = (await model.ScoreAsync([TrialSentence], cancellationToken))[0];
            if (!double.IsFinite(alone.Score))
                throw new ModelFileException(graph, $"it gave P(positive) {alone.Positive} and P(negative) {alone.Negative} for a sentence",
                    "Export the model again.");
            await LongestAsync(model, graph, cancellationToken);
            var drift = model.DriftByPadding(TrialSentence, cancellationToken);
            return drift <= MostDrift ? new(TrialSentence, alone, drift)
                : throw new ModelFileException(graph,
                    $"the score of a sentence changes by {drift:0.000} beside a longer text: the model does not heed attention_mask",
                    "Export it again with attention_mask as an input.");
        }
        catch (Engines.Onnx.OnnxException error)
        {
            throw Unfit(graph, "it cannot score a sentence", error);
        }
    }

    // A config.json that promises more than the model has would be found out by the first long text.
    static async Task LongestAsync(BertModel model, string graph, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => model.ScoreLongest(TrialSentence, cancellationToken), cancellationToken);
        }
        catch (Engines.Onnx.OnnxException error)
        {
            throw new ModelFileException(graph,
                $"it cannot score a text of {model.Settings.MaxTokens:n0} tokens: {error.Message.TrimEnd('.')}",
                "Set max_position_embeddings in config.json, or model_max_length in tokenizer_config.json, to what the model was made for.",
                    error);
        }
    }

    static async Task<bool> GivesProbabilitiesAsync(BertModel model, string graph, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => model.GivesProbabilities([TrialSentence, "Shares fell.", ""], cancellationToken),
                cancellationToken);
        }
        catch (Engines.Onnx.OnnxException error)
        {
            throw Unfit(graph, "it cannot score a sentence", error);
        }
    }

    static ModelFileException Unfit(string graph, string problem, Engines.Onnx.OnnxException error) =>
        new(graph, $"{problem}: {error.Message.TrimEnd('.')}", "Export the model again as a sequence classifier: docs/models-onnx.md.",
            error);
}
