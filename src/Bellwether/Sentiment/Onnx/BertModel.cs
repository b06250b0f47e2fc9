using Bellwether.Engines;
using Bellwether.Engines.Onnx;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <summary>FinBERT or another BERT that was trained to tell sentiment, run by ONNX Runtime. Thread-safe; milliseconds a text.</summary>
/// <remarks>
/// A text that is longer than the model reads at once is read in pieces; their probabilities are averaged, the first with weight 1, the
/// next two 0.6, the others 0.3, and a piece the less the more certainly it is neutral, as the built-in classifier weighs sentences.
/// </remarks>
public sealed class BertModel : ISentimentModel, IDisposable
{
    // A certainly neutral piece still counts for this much of one that is certainly not.
    const double NeutralShare = 0.15;

    // As much as may be lost when a run is stopped, and may make high priority wait.
    const int BatchesAtOnce = 4;

    readonly BertNetwork _network;
    readonly BertLabels _labels;
    readonly TextWindows _windows;
    readonly int _batchTexts, _batchTokens, _mostAtOnce;

    BertModel(StoredModel stored, BertSettings settings, WordPieceTokenizer tokenizer, BertNetwork network, OnnxOptions options)
    {
        (_network, _labels) = (network, settings.Labels);
        (Stored, Name, Settings, Tokenizer, Version) = (stored, stored.Name, settings, tokenizer, stored.VersionFor(options));
        var most = Math.Min(settings.MaxTokens, network.FixedTokens ?? int.MaxValue);
        _windows = new(tokenizer, most, options.LongText == LongText.Truncate ? 1 : options.MaxWindows);
        // Alone also where the graph has room for several: the room is filled up with copies.
        (_batchTexts, _batchTokens) = (stored.Alone ? 1 : network.FixedTexts ?? options.BatchTexts, options.BatchTokens);
        if (network.FixedTexts is not null) _batchTokens = int.MaxValue;
        _mostAtOnce = options.BatchTexts * BatchesAtOnce;
    }

    public string Name { get; }

    /// <summary>Hash of the model's files and of the settings that scores depend on.</summary>
    public string Version { get; }

    public BertSettings Settings { get; }

    public int MostAtOnce => _mostAtOnce;

    public StoredModel Stored { get; }

    public WordPieceRules Rules => Tokenizer.Rules;

    public int VocabularyCount => Tokenizer.Vocabulary.Count;

    public IReadOnlyList<OnnxTensorInfo> Inputs => _network.Inputs;

    public IReadOnlyList<OnnxTensorInfo> Outputs => _network.Outputs;

    internal WordPieceTokenizer Tokenizer { get; }

    /// <exception cref="ModelFileException">A file is missing, cut off, altered or of another kind, or ONNX Runtime is not
    /// there.</exception>
    public static BertModel Load(StoredModel stored, OnnxOptions options)
    {
        stored.Verify();
        var settings = BertSettings.Load(stored.Folder, stored.Labels);
        var vocabulary = WordPieceVocabulary.Load(Path.Combine(stored.Folder, BertSettings.VocabularyFile), settings.Special);
        if (settings.VocabularySize is { } rows && vocabulary.Count > rows)
            throw new ModelFileException(Path.Combine(stored.Folder, BertSettings.VocabularyFile),
                $"it has {vocabulary.Count:n0} pieces, the model knows {rows:n0}",
                "It must be the vocab.txt that belongs to the model.");
        LoadLibrary(options);
        var network = new BertNetwork(stored.ModelPath, options.ThreadsInUse, settings.Labels.Count, vocabulary.Pad,
            stored.Labels is null ? BertSettings.ConfigFile : BertSettings.LabelsOption);
        return new(stored, settings, new(vocabulary, settings.RulesFor(vocabulary)), network, options);
    }

    static void LoadLibrary(OnnxOptions options)
    {
        try
        {
            OnnxLibrary.Load(new EngineCache().LocateOnnxLibrary(options.Library)
                ?? throw new EngineException(EngineCache.Onnx, "the library of ONNX Runtime is not on this machine.",
                    $"`bellwether model add` fetches it, or name one in ${EngineCache.OnnxVariable}."));
        }
        catch (EngineException error)
        {
            throw new ModelFileException("ONNX Runtime", error.Problem.TrimEnd('.'), error.Mend, error);
        }
    }

    /// <summary>Computes on threads of its own. A null text throws <see cref="ArgumentNullException"/>.</summary>
    public async ValueTask<IReadOnlyList<SentimentScore>> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        foreach (var text in texts) ArgumentNullException.ThrowIfNull(text, nameof(texts));
        return texts.Count == 0 ? [] : await Task.Run(() => Score(texts, cancellationToken), cancellationToken);
    }

    /// <summary>The batches of these texts, ready for the runtime's own calls; for measuring what comes on top of them.</summary>
    public BertWork Prepare(IReadOnlyList<string> texts)
    {
        var (windows, scratch) = (new List<TextWindow>(texts.Count), new List<int>());
        for (var i = 0; i < texts.Count; i++) _windows.Add(i, texts[i], scratch, windows);
        var batches = BertBatches.Plan(windows, _batchTexts, _batchTokens).ToArray();
        return new(windows.Sum(w => w.Tokens.Length), batches.Sum(b => b.Length * b.Max(i => windows[i].Tokens.Length)),
            [.. batches.Select(b => _network.Prepare([.. b.Select(i => windows[i].Tokens)]))]);
    }

    /// <summary>As <see cref="ScoreAsync"/>, on the calling thread.</summary>
    public IReadOnlyList<SentimentScore> Score(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var (windows, scratch) = (new List<TextWindow>(texts.Count), new List<int>());
        for (var i = 0; i < texts.Count; i++) _windows.Add(i, texts[i], scratch, windows);
        var scores = new SentimentScore[windows.Count];
        foreach (var batch in BertBatches.Plan(windows, _batchTexts, _batchTokens))
        {
            var logits = _network.Run([.. batch.Select(i => windows[i].Tokens)], cancellationToken);
            for (var row = 0; row < batch.Length; row++) scores[batch[row]] = Softmax(logits.AsSpan(row * _labels.Count, _labels.Count));
        }
        return Combine(texts.Count, windows, scores);
    }

    /// <summary>
    /// The most that a probability of a text changes beside one twice as long: next to nothing, unless the model looks at what only fills
    /// up.
    /// </summary>
    internal double DriftByPadding(string text, CancellationToken cancellationToken)
    {
        if (_batchTexts == 1 || _network.FixedTokens is not null) return 0;
        var pieces = new List<int>();
        // Room for the other one.
        Tokenizer.Encode(text, (Settings.MaxTokens - 2) / 2, pieces);
        int[] own = [Tokenizer.Vocabulary.Begin, .. pieces, Tokenizer.Vocabulary.End];
        int[] other = [.. own, .. pieces];
        var alone = Softmax(_network.Run([own], cancellationToken).AsSpan(0, _labels.Count));
        var beside = Softmax(_network.Run([own, other], cancellationToken).AsSpan(0, _labels.Count));
        return Math.Max(Math.Abs(alone.Positive - beside.Positive), Math.Abs(alone.Negative - beside.Negative));
    }

    /// <summary>Whether the graph itself makes probabilities of its numbers: they are so for texts of different length.</summary>
    internal bool GivesProbabilities(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var (windows, scratch) = (new List<TextWindow>(texts.Count), new List<int>());
        for (var i = 0; i < texts.Count; i++) _windows.Add(i, texts[i], scratch, windows);
        return windows.TrueForAll(w =>
        {
            var numbers = _network.Run([w.Tokens], cancellationToken).AsSpan(0, _labels.Count);
            var sum = 0.0;
            foreach (var number in numbers)
                if (number is >= 0 and <= 1) sum += number;
                else return false;
            return Math.Abs(sum - 1) < 1e-3;
        });
    }

    /// <summary>Scores one text that is as long as the model reads at once.</summary>
    internal void ScoreLongest(string sentence, CancellationToken cancellationToken)
    {
        var most = Math.Min(Settings.MaxTokens, _network.FixedTokens ?? int.MaxValue) - 2;
        var pieces = new List<int>();
        Tokenizer.Encode(sentence, most, pieces);
        // What a sentence has too few of is said again.
        for (var i = 0; pieces.Count > 0 && pieces.Count < most; i++) pieces.Add(pieces[i]);
        _network.Run([[Tokenizer.Vocabulary.Begin, .. pieces, Tokenizer.Vocabulary.End]], cancellationToken);
    }

    SentimentScore Softmax(ReadOnlySpan<float> logits)
    {
        if (Stored.Probabilities) return Normalised(logits);
        double highest = logits[0], sum = 0;
        foreach (var logit in logits) highest = Math.Max(highest, logit);
        foreach (var logit in logits) sum += Math.Exp(logit - highest);
        return new(Math.Exp(logits[_labels.Positive] - highest) / sum, Math.Exp(logits[_labels.Negative] - highest) / sum);
    }

    // They sum to one but for rounding.
    SentimentScore Normalised(ReadOnlySpan<float> probabilities)
    {
        var sum = 0.0;
        foreach (var p in probabilities) sum += p;
        return new(probabilities[_labels.Positive] / sum, probabilities[_labels.Negative] / sum);
    }

    // Pieces of a text follow each other.
    static SentimentScore[] Combine(int texts, List<TextWindow> windows, SentimentScore[] scores)
    {
        if (windows.Count == texts) return scores;
        var combined = new SentimentScore[texts];
        for (var i = 0; i < windows.Count;)
        {
            var (text, first) = (windows[i].Text, i);
            double positive = 0, negative = 0, weights = 0;
            for (; i < windows.Count && windows[i].Text == text; i++)
            {
                var place = windows[i].Order == 0 ? 1 : windows[i].Order < 3 ? 0.6 : 0.3;
                var weight = place * (NeutralShare + (1 - NeutralShare) * (1 - scores[i].Neutral));
                (positive, negative) = (positive + weight * scores[i].Positive, negative + weight * scores[i].Negative);
                weights += weight;
            }
            combined[text] = i - first == 1 ? scores[first] : new(positive / weights, negative / weights);
        }
        return combined;
    }

    public void Dispose() => _network.Dispose();
}

/// <summary>Batches that are ready to be computed.</summary>
/// <param name="Tokens">Of the texts.</param>
/// <param name="PaddedTokens">With what fills up the shorter ones.</param>
public sealed record BertWork(int Tokens, int PaddedTokens, IReadOnlyList<OnnxPrepared> Batches) : IDisposable
{
    public void Dispose()
    {
        foreach (var batch in Batches) batch.Dispose();
    }
}
