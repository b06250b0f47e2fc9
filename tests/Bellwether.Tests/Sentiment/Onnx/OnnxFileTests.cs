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

    static byte[] Field(int number, params byte[][] parts)
    {
        var content = parts.SelectMany(p => p).ToArray();
        return [.. Varint((ulong)(number << 3 | 2)), .. Varint((ulong)content.Length), .. content];
    }

    static byte[] Number(int number, ulong value) => [.. Varint((ulong)(number << 3)), .. Varint(value)];

    static byte[] Varint(ulong value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];

    static byte[] Operator(string name) => Field(4, System.Text.Encoding.UTF8.GetBytes(name));

    // Within an attribute of a condition.
    static byte[] Condition(byte[] graph) => Field(1, Operator("If"), Field(5, Field(6, graph)));

    [Theory]
    [InlineData(1UL << 62, 1UL)]
    [InlineData(1UL << 40, 1UL << 40)]
    [InlineData(ulong.MaxValue, 1UL)]
    [InlineData(1UL << 63, 2UL)]
    public void Weights_of_more_numbers_than_there_can_be_are_refused(ulong first, ulong second)
    {
        var tensor = Field(5, Number(1, first), Number(1, second), Number(2, 1));
        Assert.Contains("it claims to have more than", Assert.Throws<ModelFileException>(() => Read(Field(7, tensor, tensor, tensor))).Message);
        // Also where the sizes are packed, and where many small ones add up.
        Assert.Contains("it claims to have more than", Assert.Throws<ModelFileException>(() => Read(Field(7, Field(5, Field(1, Varint(first), Varint(second)))))).Message);
        var half = Field(5, Number(1, 1UL << 39), Number(2, 1));
        Assert.Contains("it claims to have more than", Assert.Throws<ModelFileException>(() => Read(Field(7, half, half, half))).Message);
    }

    [Fact]
    public void Operations_within_conditions_loops_and_functions_are_known()
    {
        var scales = Field(1, Operator("DynamicQuantizeLinear"));
        Assert.True(Read(Field(7, Condition(Condition(scales)))).ScalesByBatch);
        Assert.True(Read([.. Field(7, Field(1, Operator("Mine"))), .. Field(25, Field(7, Operator("DynamicQuantizeLinear")))]).ScalesByBatch);
        Assert.False(Read(Field(7, Condition(Field(1, Operator("Add"))))).ScalesByBatch);
        // The weights of a constant, and the file in which they lie.
        var constant = Field(1, Operator("Constant"), Field(5, Field(5, Number(1, 7), Number(2, 1), Field(13, Field(1, "location"u8.ToArray()), Field(2, "far"u8.ToArray())))));
        var file = Read(Field(7, Condition(constant)));
        Assert.Equal(7, file.ParameterCount);
        Assert.Equal(["far"], file.ExternalFiles);
    }

    [Fact]
    public void Graphs_within_graphs_without_end_are_refused()
    {
        var graph = Field(1, Operator("Add"));
        for (var i = 0; i < 5_000; i++) graph = Condition(graph);
        Assert.Contains("within each other", Assert.Throws<ModelFileException>(() => Read(Field(7, graph))).Message);
    }

    [Fact]
    public void Other_files_are_refused()
    {
        Assert.Contains("no ONNX model", Assert.Throws<ModelFileException>(() => Read("<html>404</html>"u8.ToArray())).Message);
        Assert.Contains("no ONNX model", Assert.Throws<ModelFileException>(() => Read("version https://git-lfs.github.com/spec/v1"u8.ToArray())).Message);
        Assert.Contains("no such model file", Assert.Throws<ModelFileException>(() => OnnxFile.Read(_path + ".none")).Message);
    }
}
