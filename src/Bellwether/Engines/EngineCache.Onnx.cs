namespace Bellwether.Engines;

public sealed partial class EngineCache
{
    /// <summary>Environment variable that names a <c>libonnxruntime.so.1</c>.</summary>
    public const string OnnxVariable = "BELLWETHER_ONNX";

    const string OnnxLibraryFile = "libonnxruntime.so.1";

    /// <summary>Path of <c>libonnxruntime.so.1</c>: the configured one, else $BELLWETHER_ONNX, else the fetched one, which is fetched when missing.</summary>
    /// <exception cref="EngineException">A path was named and is not there, or fetching failed.</exception>
    public async Task<string> FindOnnxLibraryAsync(string? configuredPath, IProgress<string>? progress, CancellationToken cancellationToken) =>
        LocateOnnxLibrary(configuredPath)
        ?? Path.Combine(await FetchAsync(Onnx, progress, cancellationToken), OnnxLibraryFile);

    /// <summary>As <see cref="FindOnnxLibraryAsync"/>, but null where it would have to be fetched.</summary>
    public string? LocateOnnxLibrary(string? configuredPath)
    {
        if ((configuredPath ?? Variable(OnnxVariable)) is { } named)
        {
            var path = System.IO.Directory.Exists(named) ? Path.Combine(named, OnnxLibraryFile) : named;
            return File.Exists(path)
                ? Path.GetFullPath(path)
                : throw new EngineException(Onnx, $"there is no ONNX Runtime library at {named}.", $"Correct the option or ${OnnxVariable}, or leave both out to have it fetched.");
        }
        return LocateFetched(Onnx) is { } folder && File.Exists(Path.Combine(folder, OnnxLibraryFile)) ? Path.Combine(folder, OnnxLibraryFile) : null;
    }
}
