using System.Text;
using System.Text.Json;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Onnx;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Sentiment.Onnx;

public sealed class WordPieceTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("bellwether-wordpiece-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    WordPieceVocabulary Vocabulary(IEnumerable<string> pieces)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.txt");
        File.WriteAllLines(path, pieces, new UTF8Encoding(false));
        return WordPieceVocabulary.Load(path);
    }

    static List<int> Encode(WordPieceTokenizer tokenizer, string text, int most = int.MaxValue)
    {
        var pieces = new List<int>();
        tokenizer.Encode(text, most, pieces);
        return pieces;
    }

    // The file is made by wordpiece_golden.py from the published rules, with another table of Unicode.
    [Fact]
    public void Pieces_are_those_of_the_reference()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Sentiment", "Onnx", "wordpiece_golden.json")));
        var vocabulary = Vocabulary(golden.RootElement.GetProperty("vocabulary").EnumerateArray().Select(p => p.GetString()!));
        var seen = 0;
        foreach (var set in golden.RootElement.GetProperty("sets").EnumerateArray())
        {
            var rules = new WordPieceRules(set.GetProperty("lower_case").GetBoolean(), set.GetProperty("strip_accents").GetBoolean(), set.GetProperty("split_cjk").GetBoolean());
            var tokenizer = new WordPieceTokenizer(vocabulary, rules);
            foreach (var one in set.GetProperty("cases").EnumerateArray())
            {
                var text = one.GetProperty("text").GetString()!;
                var expected = one.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()).ToArray();
                var found = Encode(tokenizer, text).ToArray();
                Assert.True(expected.SequenceEqual(found), $"{rules} of {JsonSerializer.Serialize(text)}: expected {string.Join(' ', expected)}, found {string.Join(' ', found)}");
                seen++;
            }
        }
        Assert.True(seen > 200, $"only {seen} texts");
    }

    // Worked out by hand.
    [Theory]
    [InlineData("Unaffable", "un ##aff ##able")]
    [InlineData("UNAFFABLE!", "un ##aff ##able !")]
    [InlineData("Ùnáffablé", "un ##aff ##able")]
    [InlineData("unaffablex", "[UNK]")]
    [InlineData("un affable", "un [UNK]")]
    [InlineData("金un融", "金 un [UNK]")]
    [InlineData("un\u200daff\u00adable", "un ##aff ##able")]
    [InlineData("un🚀un", "[UNK]")]
    [InlineData("un 🚀", "un 🚀")]
    [InlineData("[SEP]", "[ [UNK] ]")]
    public void Words_are_taken_apart_by_the_longest_piece_that_fits(string text, string expected)
    {
        string[] pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "##a", "!", "[", "]", "金", "🚀"];
        Assert.Equal(expected, string.Join(' ', Encode(new(Vocabulary(pieces), new()), text).Select(i => pieces[i])));
    }

    [Fact]
    public void Reading_stops_when_there_are_enough_pieces()
    {
        var tokenizer = new WordPieceTokenizer(Vocabulary(BertExport.Pieces), new());
        var all = Encode(tokenizer, "the profit rose to xyz");
        Assert.Equal(7, all.Count);
        for (var most = 0; most <= all.Count; most++) Assert.Equal(all[..most], Encode(tokenizer, "the profit rose to xyz", most));
    }

    [Fact]
    public void Texts_side_by_side_have_the_pieces_of_both()
    {
        var tokenizer = new WordPieceTokenizer(Vocabulary(BertExport.Pieces), new());
        var texts = Gen.ArrayOf(Gen.Elements("profit", "Ros", "é", "\u0301", " ", "金", "한", "🚀", "\ud83d", "\udc00", "-", ".", "İ", "\u200d", "\0", "x1", "ß", "\u2028", "Ǆ", "𐐀")).Select(string.Concat);
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2_000), Prop.ForAll(texts.ToArbitrary(), texts.ToArbitrary(), (a, b) =>
        {
            var both = Encode(tokenizer, $"{a} {b}");
            Assert.All(both, id => Assert.InRange(id, 0, BertExport.Pieces.Length - 1));
            Assert.Equal([.. Encode(tokenizer, a), .. Encode(tokenizer, b)], both);
        }));
    }

    [Fact]
    public void Vocabulary_that_cannot_be_used_is_refused_with_the_reason()
    {
        Assert.Contains("no [CLS]", Assert.Throws<ModelFileException>(() => Vocabulary(["[PAD]", "[UNK]", "[SEP]", "a"])).Message);
        Assert.Contains("no such vocabulary", Assert.Throws<ModelFileException>(() => WordPieceVocabulary.Load(Path.Combine(_folder, "none.txt"))).Message);
        var latin = Path.Combine(_folder, "latin.txt");
        File.WriteAllBytes(latin, [.. "[PAD]\n[UNK]\n[CLS]\n[SEP]\ncaf"u8, 0xE9, (byte)'\n']);
        Assert.Contains("not in UTF-8", Assert.Throws<ModelFileException>(() => WordPieceVocabulary.Load(latin)).Message);
        File.WriteAllText(latin, "");
        Assert.Contains("0 lines", Assert.Throws<ModelFileException>(() => WordPieceVocabulary.Load(latin)).Message);
    }
}
