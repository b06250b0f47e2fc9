using System.Text;
using Bellwether.App.Bench;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.Tests.Sentiment.Onnx;

/// <summary>A folder with a small BERT as an export leaves it, and a store that it can be added to; both go at the end.</summary>
sealed class BertExport : IDisposable
{
    public static readonly string[] Pieces =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "profit", "rose", "fell", "to", "from", "a", "year", "earlier", "shares", "eur", "mn", "sales", "net", "up", "down", ".", ",", "-",
        .. Enumerable.Range('a', 26).Select(c => $"{(char)c}").Where(c => c != "a"), .. Enumerable.Range('0', 10).Select(c => $"{(char)c}"),
        .. Enumerable.Range('a', 26).Concat(Enumerable.Range('0', 10)).Select(c => $"##{(char)c}"),
    ];

    public static readonly BertBlueprint Small = new() { Vocabulary = Pieces.Length, Hidden = 16, Layers = 2, Heads = 2, Intermediate = 32, Positions = 32, Spread = 0.6f };

    public BertExport(BertBlueprint? plan = null, string labels = """{"0": "positive", "1": "negative", "2": "neutral"}""")
    {
        Plan = plan ?? Small;
        Directory.CreateDirectory(Folder);
        File.WriteAllBytes(this["model.onnx"], Plan.Build(out var weights));
        if (Plan.WeightsFile is { } file) File.WriteAllBytes(Path.Combine(Folder, file), weights);
        File.WriteAllLines(this["vocab.txt"], Pieces, new UTF8Encoding(false));
        File.WriteAllText(this["config.json"], $$"""{"model_type": "bert", "max_position_embeddings": {{Plan.Positions}}, "vocab_size": {{Plan.Vocabulary}}, "id2label": {{labels}} }""");
        File.WriteAllText(this["tokenizer_config.json"], """{"do_lower_case": true, "strip_accents": null, "tokenizer_class": "BertTokenizer", "model_max_length": 1000000000000000019884624838656}""");
    }

    public BertBlueprint Plan { get; }

    public string Root { get; } = Directory.CreateTempSubdirectory("bellwether-bert-").FullName;

    public string Folder => Path.Combine(Root, "export");

    public string this[string file] => Path.Combine(Folder, file);

    public ModelStore Store => new(Path.Combine(Root, "models"));

    public static OnnxOptions Options => new() { Threads = 1 };

    public async Task<BertModel> AddAsync(OnnxOptions? options = null, string name = "finbert", bool link = false, string? labels = null, bool replace = false)
    {
        await OnnxTestLibrary.RequireAsync();
        var (_, loaded, _) = await Store.AddAsync(new(name, Folder, link, labels, replace), options ?? Options, TimeProvider.System, null, TestContext.Current.CancellationToken);
        return loaded;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
