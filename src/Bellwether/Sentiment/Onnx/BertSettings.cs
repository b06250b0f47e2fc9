using System.Globalization;
using System.Text.Json;
using Bellwether.Feeds;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <summary>Which number of a model's output stands for which class.</summary>
/// <param name="Neutral">Null for a model that only knows the other two.</param>
public sealed record BertLabels(int Positive, int Negative, int? Neutral, int Count)
{
    public override string ToString() =>
        string.Join(", ", new[] { (Negative, "negative"), (Positive, "positive"), (Neutral ?? int.MaxValue, "neutral") }
        .Where(l => l.Item1 < Count).OrderBy(l => l.Item1).Select(l => $"{l.Item1} {l.Item2}"));
}

/// <summary>What the files beside a model tell of it: <c>config.json</c>, and <c>tokenizer_config.json</c> where there is one.</summary>
/// <param name="MaxTokens">Most tokens of one input, the first and the last special one included.</param>
/// <param name="VocabularySize">Rows of the model's table of pieces; null where it is not told.</param>
/// <param name="Rules">Casing is null where no file tells it: then the vocabulary does.</param>
public sealed record BertSettings(
    BertLabels Labels, int MaxTokens, int? VocabularySize, bool? LowerCase, bool? StripAccents, bool SplitCjk, SpecialTokens Special)
{
    public const string ConfigFile = "config.json", TokenizerFile = "tokenizer_config.json", VocabularyFile = "vocab.txt",
        ModelFile = "model.onnx", LabelsOption = "--labels";

    const int UsualMaxTokens = 512;

    const string Mend = "It must be the config.json that was exported with the model.";

    public WordPieceRules RulesFor(WordPieceVocabulary vocabulary)
    {
        var lower = LowerCase ?? !vocabulary.HasCapitals;
        return new(lower, StripAccents ?? lower, SplitCjk);
    }

    /// <param name="labels">Names of the model's classes in place of those in the file, in the form
    /// <c>negative=0,positive=1,neutral=2</c>.</param>
    /// <exception cref="ModelFileException">A file is missing or tells something that cannot be.</exception>
    public static BertSettings Load(string folder, string? labels)
    {
        var path = Path.Combine(folder, ConfigFile);
        using var config = Read(path) ?? throw new ModelFileException(path, "there is no such file", Mend);
        var tokenizerPath = Path.Combine(folder, TokenizerFile);
        using var tokenizer = Read(tokenizerPath);
        var (c, t) = (config.RootElement, tokenizer?.RootElement ?? default);
        if (Text(t, "tokenizer_class") is { } kind
            && (kind.Contains("Roberta", StringComparison.OrdinalIgnoreCase) || kind.Contains("GPT", StringComparison.OrdinalIgnoreCase)))
            throw new ModelFileException(
                tokenizerPath, $"its tokenizer is {kind}, and only WordPiece is known here",
                "Take a model of the BERT family: BERT, FinBERT, DistilBERT, ELECTRA.");
        var positions = Number(c, "max_position_embeddings", path) ?? UsualMaxTokens;
        // Written as a huge number where nobody set it.
        var most = Number(t, "model_max_length", tokenizerPath) is { } told && told < positions ? told : positions;
        if (most is < 3 or > 1 << 16) throw new ModelFileException(path, $"inputs of {most} tokens cannot be", Mend);
        return new(LabelsOf(path, c, labels), most, Number(c, "vocab_size", path), Flag(t, "do_lower_case"), Flag(t, "strip_accents"),
            Flag(t, "tokenize_chinese_chars") ?? true,
            new(Token(t, "cls_token") ?? "[CLS]", Token(t, "sep_token") ?? "[SEP]", Token(t, "pad_token") ?? "[PAD]",
                Token(t, "unk_token") ?? "[UNK]"));
    }

    static BertLabels LabelsOf(string path, JsonElement config, string? given)
    {
        var names = given is not null ? Given(given) : Named(path, config);
        var (positive, negative, neutral) =
            (Find("positive", "pos", "bullish"), Find("negative", "neg", "bearish"), Find("neutral", "neu"));
        if (names.Count is < 2 or > 3 || positive is null || negative is null || names.Count == 3 && neutral is null)
            throw new ModelFileException(given is null ? path : LabelsOption,
                $"{(given is null ? "its" : "the")} classes are "
                + $"{string.Join(", ", names.OrderBy(n => n.Key).Select(n => $"{n.Key} {n.Value}"))}; "
                + "positive, negative and neutral, or the first two, are needed",
                "Where the names say nothing, tell which is which: --labels negative=0,positive=1,neutral=2");
        return new(positive.Value, negative.Value, neutral, names.Count);

        int? Find(params string[] words)
        {
            var found = names.Where(n => words.Contains(n.Value.Trim().ToLowerInvariant())).Select(n => n.Key).ToArray();
            return found.Length == 1 ? found[0] : null;
        }
    }

    static Dictionary<int, string> Named(string path, JsonElement config)
    {
        if (!config.TryGetProperty("id2label", out var labels) || labels.ValueKind != JsonValueKind.Object)
            throw new ModelFileException(
                path, "it has no id2label, the names of the model's classes",
                "It must be the config.json of a model that was trained to classify.");
        var names = new Dictionary<int, string>();
        foreach (var label in labels.EnumerateObject())
            if (!int.TryParse(label.Name, CultureInfo.InvariantCulture, out var number) || label.Value.ValueKind != JsonValueKind.String
                || !names.TryAdd(number, label.Value.GetString()!))
                throw new ModelFileException(
                    path, $"id2label has '{label.Name}': {label.Value.GetRawText()}, and a number with a name was expected", Mend);
        return InOrder(path, names);
    }

    static Dictionary<int, string> Given(string labels)
    {
        var names = new Dictionary<int, string>();
        foreach (var part in labels.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            if (part.Split('=', StringSplitOptions.TrimEntries) is not [var name, var text]
                || !int.TryParse(text, CultureInfo.InvariantCulture, out var number) || !names.TryAdd(number, name))
                throw new ModelFileException(
                    LabelsOption, $"'{part}' is no class with a number of its own", "Write it as negative=0,positive=1,neutral=2.");
        return InOrder(LabelsOption, names);
    }

    static Dictionary<int, string> InOrder(string path, Dictionary<int, string> names) =>
        names.Keys.Order().SequenceEqual(Enumerable.Range(0, names.Count)) ? names
        : throw new ModelFileException(
            path, $"the classes are numbered {string.Join(", ", names.Keys.Order())}, and 0 to {names.Count - 1} was expected",
            path == LabelsOption ? "Write it as negative=0,positive=1,neutral=2, in the order of the model's output." : Mend);

    static JsonDocument? Read(string path)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new JsonException("it is no object");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            var reason = error is JsonException json ? JsonProblem.ReasonOf(json) : error.Message.TrimEnd('.');
            if (error is JsonException { LineNumber: { } line }) reason = $"line {line + 1}: {reason}";
            throw new ModelFileException(path, $"it cannot be read: {reason}", Mend, error);
        }
    }

    static int? Number(JsonElement json, string name, string path)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var value)
            || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Number || !(value.GetDouble() >= 0))
            throw new ModelFileException(path, $"{name} is {value.GetRawText()}, and a number was expected", Mend);
        return (int)Math.Min(value.GetDouble(), int.MaxValue);
    }

    static bool? Flag(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value)
        ? value.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null } : null;

    static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    // As a string, or as an object with its settings.
    static string? Token(JsonElement json, string name) => Text(json, name)
        ?? (json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? Text(value, "content") : null);
}
