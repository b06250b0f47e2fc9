using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.Tests.Sentiment.Onnx;

public sealed class BertSettingsTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    BertSettings Load(string config, string? tokenizer = null, string? labels = null)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), config);
        if (tokenizer is not null) File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), tokenizer);
        return BertSettings.Load(_folder, labels);
    }

    [Theory]
    [InlineData("""{"0": "positive", "1": "negative", "2": "neutral"}""", 0, 1, 2)]
    [InlineData("""{"2": "POSITIVE", "1": "Neutral", "0": "negative"}""", 2, 0, 1)]
    [InlineData("""{"0": "Neutral", "1": "Positive", "2": "Negative"}""", 1, 2, 0)]
    [InlineData("""{"0": "Bearish", "1": "Bullish"}""", 1, 0, null)]
    public void Classes_are_found_in_any_order_and_case(string labels, int positive, int negative, int? neutral)
    {
        var found = Load($$"""{"id2label": {{labels}} }""").Labels;
        Assert.Equal((positive, negative, neutral), (found.Positive, found.Negative, found.Neutral));
    }

    [Theory]
    [InlineData("""{"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}""", "--labels")]
    [InlineData("""{"id2label": {"0": "positive", "1": "negative", "2": "neutral", "3": "mixed"}}""", "3 mixed")]
    [InlineData("""{"id2label": {"0": "positive", "1": "positive", "2": "negative"}}""", "0 positive, 1 positive")]
    [InlineData("""{"id2label": {"0": "positive", "2": "negative", "3": "neutral"}}""", "numbered 0, 2, 3")]
    [InlineData("""{"id2label": {"0": 7}}""", "'0': 7")]
    [InlineData("""{"hidden_size": 768}""", "no id2label")]
    [InlineData("""{"id2label": {"0": "posit""", "cannot be read")]
    [InlineData("""[]""", "no object")]
    [InlineData("""{"max_position_embeddings": 2, "id2label": {"0": "positive", "1": "negative"}}""", "2 tokens")]
    public void Config_that_cannot_be_is_refused_with_the_reason(string config, string expected) =>
        Assert.Contains(expected, Assert.Throws<ModelFileException>(() => Load(config)).Message);

    [Fact]
    public void Classes_that_are_given_take_the_place_of_names_that_tell_nothing()
    {
        const string Config = """{"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}""";
        Assert.Equal(new(2, 0, 1, 3), Load(Config, null, "negative=0,neutral=1,positive=2").Labels);
        Assert.Contains("'up'", Assert.Throws<ModelFileException>(() => Load(Config, null, "up,down=1")).Message);
        Assert.Contains("numbered", Assert.Throws<ModelFileException>(() => Load(Config, null, "negative=1,positive=2")).Message);
    }

    [Fact]
    public void Tokenizer_settings_are_heeded_and_their_absence_made_good()
    {
        const string Config = """{"max_position_embeddings": 512, "id2label": {"0": "positive", "1": "negative"}}""";
        Assert.Equal((512, null), (Load(Config).MaxTokens, Load(Config).LowerCase));
        var told = Load(Config, """{"do_lower_case": false, "model_max_length": 128, "cls_token": {"content": "<s>"}, "sep_token": "</s>"}""");
        Assert.Equal((128, false, "<s>", "</s>"), (told.MaxTokens, told.LowerCase, told.Special.Begin, told.Special.End));
        Assert.Contains("only WordPiece", Assert.Throws<ModelFileException>(() => Load(Config, """{"tokenizer_class": "RobertaTokenizer"}""")).Message);
    }

    [Theory]
    [InlineData("Profit", false)]
    [InlineData("profit", true)]
    public void Capitals_in_the_vocabulary_tell_that_texts_keep_theirs_where_no_file_tells(string piece, bool lower)
    {
        var path = Path.Combine(_folder, "vocab.txt");
        File.WriteAllLines(path, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", piece]);
        var rules = Load("""{"id2label": {"0": "positive", "1": "negative"}}""").RulesFor(WordPieceVocabulary.Load(path));
        Assert.Equal((lower, lower), (rules.LowerCase, rules.StripAccents));
    }
}
