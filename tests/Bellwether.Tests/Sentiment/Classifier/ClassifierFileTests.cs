using System.Buffers.Binary;
using System.Security.Cryptography;
using Bellwether.Sentiment.Classifier;

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
        var again = ClassifierFile.Read(ClassifierFile.Write(file.Card, file.Text, file.Entity), "x");
        Assert.Equal(file.Text.Buckets, again.Text.Buckets);
        Assert.Equal(file.Entity.Buckets, again.Entity.Buckets);
        Assert.Equal((file.Text.Step, file.Text.Bias, file.Text.Temperature), (again.Text.Step, again.Text.Bias, again.Text.Temperature));
        Assert.Equal(file.Card.ToJson(), again.Card.ToJson());
    }

    [Theory]
    [InlineData(0, "no classifier file")]
    [InlineData(3, "no classifier file")]
    [InlineData(40, "no classifier file")]
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
        var content = Sound[..^(32 + 5_000)];
        Refused([.. content, .. SHA256.HashData(content)], "cannot be understood");
    }

    [Fact]
    public void Missing_file_says_where_it_was_looked_for()
    {
        var error = Assert.Throws<ModelFileException>(() => ClassifierModel.Load("/no/such/model.bin"));
        Assert.Contains("/no/such/model.bin", error.Message);
        Assert.Contains("no such model file", error.Message);
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
