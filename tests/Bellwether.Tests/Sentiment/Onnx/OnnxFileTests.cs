using Bellwether.App.Bench;
using Bellwether.Sentiment.Classifier;
using Bellwether.Sentiment.Onnx;

namespace Bellwether.Tests.Sentiment.Onnx;

public sealed class OnnxFileTests : IDisposable
{
    readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    OnnxFile Read(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        return OnnxFile.Read(_path);
    }

    [Fact]
    public void Outline_tells_weights_precision_and_operations()
    {
        var plan = BertExport.Small;
        var file = Read(plan.Build());
        // Two numbers for the mask and four in each layer are constants of the graph.
        Assert.Equal(plan.Draw().Values.Sum(w => w.LongLength) + 2 + 4 * plan.Layers, file.Parameters[1]);
        Assert.Equal(("fp32", "bellwether bench", false), (file.Precision, file.Producer, file.ScalesByBatch));
        Assert.Contains("LayerNormalization", file.Operators);
        Assert.Empty(file.ExternalFiles);
    }

    [Fact]
    public void Model_of_eight_bits_that_scales_by_batch_is_known()
    {
        var file = Read((BertExport.Small with { Int8 = true, Vocabulary = 10 }).Build());
        Assert.Equal(("int8", true), (file.Precision, file.ScalesByBatch));
    }

    [Fact]
    public void File_cut_off_anywhere_is_refused()
    {
        var bytes = BertExport.Small.Build();
        // Every cut near the ends, and many between.
        foreach (var length in Enumerable.Range(0, 60).Concat(Enumerable.Range(1, 200).Select(i => (int)((long)bytes.Length * i / 201))).Concat(Enumerable.Range(bytes.Length - 6, 6).Select(i => i - 10)))
            Assert.Throws<ModelFileException>(() => Read(bytes[..length]));
    }

    [Fact]
    public void Other_files_are_refused()
    {
        Assert.Contains("no ONNX model", Assert.Throws<ModelFileException>(() => Read("<html>404</html>"u8.ToArray())).Message);
        Assert.Contains("no ONNX model", Assert.Throws<ModelFileException>(() => Read("version https://git-lfs.github.com/spec/v1"u8.ToArray())).Message);
        Assert.Contains("no such model file", Assert.Throws<ModelFileException>(() => OnnxFile.Read(_path + ".none")).Message);
    }
}
