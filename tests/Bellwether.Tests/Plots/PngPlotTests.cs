using System.Buffers.Binary;
using System.IO.Compression;
using Bellwether.Plots;

namespace Bellwether.Tests.Plots;

public sealed class PngPlotTests
{
    [Fact]
    public void A_picture_has_the_points_that_were_drawn()
    {
        var canvas = new SvgCanvas(40, 30);
        canvas.Rectangle(5, 5, 10, 10, "#1f5fa8");
        canvas.Rectangle(20, 5, 10, 10, "#000000", 0.5);
        canvas.Line(0, 20, 40, 20, "#c0392b", 2);
        canvas.Line(0, 26, 40, 26, "#333333", 1, "5 5");
        canvas.Circle(35, 10, 3, "#00ff00");
        canvas.Path([(32, 22), (38, 22), (38, 28)], "#0000ff", 2);
        var raster = PngPlot.Draw(canvas.ToString());
        Assert.Equal((0x1f5fa8, 0x808080, 0xffffff), (raster[20, 20], raster[50, 20], raster[36, 20]));
        Assert.Equal((0xc0392b, 0x00ff00, 0x0000ff, 0x0000ff), (raster[40, 40], raster[70, 20], raster[70, 44], raster[76, 50]));
        Assert.Equal((0x333333, 0xffffff, 0x333333), (raster[5, 52], raster[15, 52], raster[25, 52]));
        // Half a point covers half of it.
        var edges = new SvgCanvas(4, 4);
        edges.Rectangle(0.25, 0, 1, 4, "#000000");
        Assert.Equal(0x808080, PngPlot.Draw(edges.ToString())[0, 3]);
    }

    [Fact]
    public void A_file_is_a_PNG_that_holds_the_picture()
    {
        var canvas = new SvgCanvas(30, 20);
        canvas.Text(2, 15, "Bias −0.5", size: 12);
        var (raster, png) = (PngPlot.Draw(canvas.ToString()), PngPlot.Of(canvas.ToString()));
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        Assert.Equal((60, 40, 8, 2), (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)), png[24], png[25]));
        // The sum of an empty IEND is known.
        Assert.Equal([0xAE, 0x42, 0x60, 0x82], png[^4..]);
        var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33));
        Assert.Equal("IDAT"u8.ToArray(), png[37..41]);
        using var zlib = new ZLibStream(new MemoryStream(png, 41, length), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        zlib.CopyTo(unpacked);
        var rows = unpacked.ToArray();
        Assert.Equal(40 * (1 + 3 * 60), rows.Length);
        for (var y = 0; y < 40; y++)
            for (var x = 0; x < 60; x++)
                Assert.Equal(raster[x, y], rows[y * 181 + 1 + 3 * x] << 16 | rows[y * 181 + 2 + 3 * x] << 8 | rows[y * 181 + 3 + 3 * x]);
        Assert.Contains(Enumerable.Range(0, 2_400), i => raster[i % 60, i / 60] < 0x808080);
    }

    [Theory]
    [InlineData("start", false, 100, 200, 80, 100)]
    [InlineData("end", false, 0, 101, 80, 100)]
    [InlineData("middle", false, 50, 151, 80, 100)]
    [InlineData("middle", true, 80, 102, 30, 170)]
    public void Text_stands_where_it_is_anchored(string anchor, bool upright, int left, int right, int top, int bottom)
    {
        var canvas = new SvgCanvas(100, 100);
        if (upright) canvas.Upright(50, 50, "HHHHHH", 12);
        else canvas.Text(50, 50, "HHHHHH", anchor, 12);
        var raster = PngPlot.Draw(canvas.ToString());
        var dark = Enumerable.Range(0, 40_000).Where(i => raster[i % 200, i / 200] < 0xc0c0c0).Select(i => (X: i % 200, Y: i / 200)).ToArray();
        Assert.NotEmpty(dark);
        Assert.True(dark.All(d => d.X >= left - 2 && d.X <= right + 2 && d.Y >= top - 4 && d.Y <= bottom + 4), $"{dark.Min(d => d.X)}–{dark.Max(d => d.X)}, {dark.Min(d => d.Y)}–{dark.Max(d => d.Y)}");
    }

    [Fact]
    public void Every_letter_of_the_keyboard_has_a_shape_of_its_own()
    {
        var shapes = Enumerable.Range(33, 94).Where(c => c != '`').Select(c => string.Join(' ', StrokeFont.Lay($"{(char)c}", 12).Strokes.Select(s => string.Join(',', s)))).ToArray();
        Assert.Equal(shapes.Length, shapes.Distinct().Count());
        Assert.Equal(StrokeFont.Lay("e", 12).Width, StrokeFont.Lay("é", 12).Width);
        Assert.Equal(0, StrokeFont.Lay("", 12).Width);
    }

    [Fact]
    public async Task The_name_of_a_file_says_what_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("bellwether-plots-").FullName;
        var svg = TimeChart.Svg("a chart", [new("values", [new("v", TimeChart.Blue, [(DateTimeOffset.UnixEpoch, 1), (DateTimeOffset.UnixEpoch.AddDays(9), 2)])])]);
        await PlotFile.WriteAsync(Path.Combine(folder, "a.svg"), svg, TestContext.Current.CancellationToken);
        await PlotFile.WriteAsync(Path.Combine(folder, "a.PNG"), svg, TestContext.Current.CancellationToken);
        Assert.Equal(svg, File.ReadAllText(Path.Combine(folder, "a.svg")));
        Assert.Equal(PngPlot.Of(svg), File.ReadAllBytes(Path.Combine(folder, "a.PNG")));
    }
}
