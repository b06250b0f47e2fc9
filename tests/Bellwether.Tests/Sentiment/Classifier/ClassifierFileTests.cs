using System.Buffers.Binary;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Lexicon;

namespace Bellwether.Tests.Sentiment.Classifier;

public sealed class ClassifierFileTests
{
    static readonly byte[] Sound = Resource();

    [Fact]
    public void Model_that_ships_is_small_and_sound()
    {
        Assert.InRange(Sound.Length, 1_000, 8 << 20);
        var model = ClassifierModel.Load();
        Assert.Equal("classifier", model.Name);
        Assert.All(model.Card.Data, d => Assert.Matches("^[0-9a-f]{64}$", d.Sha256));
        Assert.NotEmpty(model.Card.Metrics);
        Assert.NotEmpty(model.Card.Limits);
        Assert.Equal(model.Version, ClassifierModel.Load().Version);
    }

    [Fact]
    public void Written_and_read_again_it_is_the_same()
    {
        var file = ClassifierFile.Read(Sound, "x");
        var again = ClassifierFile.Read(ClassifierFile.Write(file.Card, file.Terms, file.Text, file.Entity), "x");
        Assert.Equal(file.Text.Buckets, again.Text.Buckets);
        Assert.Equal(file.Entity.Buckets, again.Entity.Buckets);
        Assert.Equal((file.Text.Step, file.Text.Bias, file.Text.Temperature), (again.Text.Step, again.Text.Bias, again.Text.Temperature));
        Assert.Equal(file.Card.ToJson(), again.Card.ToJson());
        Assert.Equal(file.Hash, again.Hash);
    }

    [Fact]
    public void Terms_of_the_file_are_those_of_the_text_files()
    {
        var (stored, spelled) = (ClassifierFile.Read(Sound, "x").Terms, ClassifierTerms.Table);
        Assert.Equal(spelled.Hash, stored.Hash);
        Assert.Equal(spelled.Terms, stored.Terms);
        Assert.All(spelled.Terms, term => Assert.True(stored.TryGet(term.Key, out var entry) && entry == term.Value));
        Assert.False(stored.TryGet("no such term", out _));
        Assert.False(stored.TryGet("", out _));
    }

    [Fact]
    public void Weights_of_every_kind_are_read_as_they_were_written()
    {
        var buckets = new int[1 << 10];
        for (var i = 0; i < buckets.Length; i += 1 + i % 7) buckets[i] = (i * 2_654_435) & 0xFFFFFF;
        (buckets[0], buckets[^1]) = (0x0000FF, 0x800000);
        var weights = new PackedWeights(10, 0.25f, (-1, 0, 1), 1.5f, buckets);
        var card = ClassifierFile.Read(Sound, "x").Card;
        var again = ClassifierFile.Read(ClassifierFile.Write(card, ClassifierTerms.Table, weights, weights with { Buckets = new int[1 << 10] }), "x");
        Assert.Equal(buckets, again.Text.Buckets);
        Assert.Equal(new int[1 << 10], again.Entity.Buckets);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(float.NaN, 1)]
    [InlineData(1, float.PositiveInfinity)]
    public void Weights_that_no_score_can_be_made_with_are_refused(float step, float temperature)
    {
        var weights = new PackedWeights(10, step, (0, 0, 0), temperature, new int[1 << 10]);
        var written = ClassifierFile.Write(ClassifierFile.Read(Sound, "x").Card, ClassifierTerms.Table, weights, weights);
        Assert.Contains("cannot be understood", Assert.Throws<ModelFileException>(() => ClassifierFile.Read(written, "x")).Message);
    }

    [Theory]
    [InlineData(0, "no classifier file")]
    [InlineData(3, "no classifier file")]
    [InlineData(15, "no classifier file")]
    [InlineData(40, "checksum")]
    [InlineData(1_000, "checksum")]
    public void File_that_was_cut_off_is_refused(int bytes, string problem) => Refused(Sound[..bytes], problem);

    [Fact]
    public void Altered_byte_anywhere_is_refused()
    {
        for (var at = 8; at < Sound.Length; at += Sound.Length / 40)
        {
            var altered = (byte[])Sound.Clone();
            altered[at] ^= 0x10;
            Refused(altered, "checksum");
        }
    }

    [Fact]
    public void Other_version_is_named()
    {
        var altered = (byte[])Sound.Clone();
        BinaryPrimitives.WriteInt32LittleEndian(altered.AsSpan(4), 7);
        Refused(altered, $"version 7, this program reads version {ClassifierFile.Format}");
    }

    [Fact]
    public void Weights_that_end_early_under_a_right_checksum_are_refused()
    {
        Refused(Sealed(Sound[..^(4 + 5_000)]), "cannot be understood");
        Refused(Sealed([.. Sound[..^4], 0]), "behind its end");
    }

    [Fact]
    public void Card_that_is_none_is_refused_when_it_is_asked_for()
    {
        var altered = Sound[..^4];
        altered[12] = (byte)'x';
        var file = ClassifierFile.Read(Sealed(altered), "my.bin");
        Assert.Contains("my.bin: its card cannot be understood", Assert.Throws<ModelFileException>(() => file.Card).Message);
    }

    [Fact]
    public void Missing_file_says_where_it_was_looked_for()
    {
        var error = Assert.Throws<ModelFileException>(() => ClassifierModel.Load("/no/such/model.bin"));
        Assert.Contains("/no/such/model.bin", error.Message);
        Assert.Contains("no such model file", error.Message);
    }

    static byte[] Sealed(byte[] content)
    {
        var hash = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(hash, ClassifierFile.Checksum(content));
        return [.. content, .. hash];
    }

    static void Refused(byte[] bytes, string problem)
    {
        var error = Assert.Throws<ModelFileException>(() => ClassifierFile.Read(bytes, "my.bin"));
        Assert.Contains(problem, error.Message);
        Assert.Contains("my.bin", error.Message);
    }

    static byte[] Resource()
    {
        using var stream = typeof(ClassifierModel).Assembly.GetManifestResourceStream("classifier/classifier.bin")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
