using Bellwether.Engines;
using Bellwether.Engines.Onnx;
using Bellwether.Tests.Sentiment.Onnx;

namespace Bellwether.Tests.Engines;

public sealed class OnnxEngineTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Library_is_fetched_alone_checked_and_found_again()
    {
        await OnnxTestLibrary.RequireAsync();
        if (Environment.GetEnvironmentVariable(EngineCache.OnnxVariable) is not { Length: > 0 }) Assert.Equal(new EngineCache().LockedVersion(EngineCache.Onnx), OnnxLibrary.Version);
        if (new EngineCache().LocateFetched(EngineCache.Onnx) is { } folder)
            Assert.DoesNotContain(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories), f => f.EndsWith(".node") || f.EndsWith(".dll") || f.EndsWith(".dylib"));
    }

    [Fact]
    public void Library_that_was_named_and_is_not_there_is_an_error()
    {
        using var folder = new EngineFolder();
        Assert.Contains("none.so", Assert.Throws<EngineException>(() => new EngineCache(folder.Path).LocateOnnxLibrary(folder["none.so"])).Problem);
        var problem = Assert.Throws<EngineException>(() => OnnxLibrary.Load(folder["other.so"])).Problem;
        Assert.Contains("other.so", problem);
    }

    [Fact]
    public async Task Inspect_tells_of_the_runtime_only_where_a_model_needs_it()
    {
        using var folder = new EngineFolder();
        var options = folder.Options with { DataDirectory = folder["data"], CacheDirectory = folder["cache"], SystemBinaries = folder["none"] };
        Assert.DoesNotContain(await EngineReport.InspectAsync(options, null, null, null, Token), f => f.Name == "ONNX Runtime");
        var finding = (await EngineReport.InspectAsync(options, null, null, new(folder["none.so"], "finbert"), Token)).Single(f => f.Name == "ONNX Runtime");
        Assert.Equal(FindingStatus.Missing, finding.Status);
        Assert.Contains("none.so", finding.Detail);
        if (Environment.GetEnvironmentVariable(EngineCache.OnnxVariable) is { Length: > 0 }) return;
        var wanted = (await EngineReport.InspectAsync(options, null, null, new(null, "finbert"), Token)).Single(f => f.Name == "ONNX Runtime");
        Assert.Equal(FindingStatus.Warning, wanted.Status);
        Assert.Contains("finbert", wanted.Detail);
    }
}
