namespace Bellwether.Engines;

/// <summary>That a model of a desk needs ONNX Runtime.</summary>
/// <param name="LibraryPath">The configured library, if any.</param>
/// <param name="Model">Name of the model.</param>
public sealed record OnnxWish(string? LibraryPath, string Model);

public static partial class EngineReport
{
    static EngineFinding Onnx(EngineCache cache, OnnxWish wish)
    {
        const string Name = "ONNX Runtime";
        try
        {
            if (cache.LocateOnnxLibrary(wish.LibraryPath) is not { } path)
                return new(Name, FindingStatus.Warning, $"{cache.LockedVersion(EngineCache.Onnx)} will be fetched into {cache.Directory} when first needed, for the model {wish.Model}");
            var fetched = Path.GetDirectoryName(path) == cache.LocateFetched(EngineCache.Onnx);
            return new(Name, FindingStatus.Ok, fetched ? $"{cache.LockedVersion(EngineCache.Onnx)}, {path}" : path);
        }
        catch (EngineException error)
        {
            return new(Name, FindingStatus.Missing, error.Problem, error.Mend);
        }
    }
}
