namespace Bellwether.Engines;

public sealed partial class EngineCache
{
    /// <summary>Environment variable that names a <c>libduckdb.so</c>.</summary>
    public const string DuckDbVariable = "BELLWETHER_DUCKDB";

    const string DuckDbLibrary = "libduckdb.so";

    /// <summary>Path of <c>libduckdb.so</c>: the configured one, else $BELLWETHER_DUCKDB, else the fetched one, which is fetched when missing.</summary>
    /// <exception cref="EngineException">A path was named and is not there, or fetching failed.</exception>
    public async Task<string> FindDuckDbLibraryAsync(string? configuredPath, IProgress<string>? progress, CancellationToken cancellationToken) =>
        LocateDuckDbLibrary(configuredPath)
        ?? Path.Combine(await FetchAsync(DuckDb, progress, cancellationToken), DuckDbLibrary);

    /// <summary>As <see cref="FindDuckDbLibraryAsync"/>, but null where it would have to be fetched.</summary>
    public string? LocateDuckDbLibrary(string? configuredPath)
    {
        if ((configuredPath ?? Variable(DuckDbVariable)) is { } named)
        {
            var path = System.IO.Directory.Exists(named) ? Path.Combine(named, DuckDbLibrary) : named;
            return File.Exists(path)
                ? Path.GetFullPath(path)
                : throw new EngineException(DuckDb, $"there is no DuckDB library at {named}.", $"Correct the option or ${DuckDbVariable}, or leave both out to have it fetched.");
        }
        return LocateFetched(DuckDb) is { } folder && File.Exists(Path.Combine(folder, DuckDbLibrary)) ? Path.Combine(folder, DuckDbLibrary) : null;
    }
}
