using Bellwether.Engines;
using Bellwether.Engines.Onnx;

namespace Bellwether.Tests.Sentiment.Onnx;

/// <summary>ONNX Runtime for the tests: $BELLWETHER_ONNX, else the engine cache, which is filled once with npm. Without it tests are skipped, and fail in CI.</summary>
static class OnnxTestLibrary
{
    static readonly Lazy<Task<(string? Path, string? Problem)>> Found = new(FindAsync);

    public static async Task RequireAsync()
    {
        var (path, problem) = await Found.Value;
        if (path is not null)
        {
            OnnxLibrary.Load(path);
            return;
        }
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail($"CI needs ONNX Runtime: {problem}");
        Assert.Skip($"no ONNX Runtime: {problem}");
    }

    static async Task<(string?, string?)> FindAsync()
    {
        try
        {
            return (await new EngineCache().FindOnnxLibraryAsync(null, null, CancellationToken.None), null);
        }
        catch (EngineException error)
        {
            return (null, error.Message);
        }
    }
}
