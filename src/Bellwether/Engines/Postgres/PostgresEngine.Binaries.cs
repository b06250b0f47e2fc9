using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

public sealed partial class PostgresEngine
{
    /// <summary>Binaries of the wanted major version that the server's user can run.</summary>
    async Task<PostgresBinaries> FindBinariesAsync(int? major, CancellationToken cancellationToken)
    {
        var binaries = await _cache.FindPostgresBinAsync(_options.BinDirectory, major, _progress, cancellationToken);
        if (Home.Server.CanEnter(binaries.Directory))
            return binaries;
        if (binaries.Root is not { } root)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"user {Home.Server.Name}, as whom the database runs, cannot enter {binaries.Directory}.",
                "Let everybody pass through the folders above it (chmod o+x), or put the binaries elsewhere.");
        }

        var copy = Path.Combine(_options.SharedBinaries, Path.GetFileName(root));
        var directory = Path.Combine(copy, Path.GetRelativePath(root, binaries.Directory));
        if (!PostgresBinaries.Complete(directory))
        {
            _progress?.Report($"user {Home.Server.Name}, as whom the database runs, cannot enter {root}; it is copied to {copy}");
            try
            {
                await CopyAsync(root, copy, cancellationToken);
            }
            catch (IOException error)
            {
                throw new EngineException(
                    EngineCache.Postgres,
                    $"user {Home.Server.Name}, as whom the database runs, cannot enter {root}, and it cannot be copied to {copy}: {error.Message.TrimEnd('.')}.",
                    $"Let everybody pass through the folders above it (chmod o+x), make {_options.SharedBinaries} writable, "
                    + "or install PostgreSQL (apt-get install postgresql).",
                    error);
            }
        }
        return binaries with { Directory = directory, Root = copy };
    }

    static async Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        Posix.MakeDirectory(Path.GetDirectoryName(to)!, Posix.OpenDirectory);
        var partial = $"{to}.partial-{Guid.NewGuid():N}";
        var result = await ServerCommand.RunAsSelfAsync("cp", ["-a", from, partial], cancellationToken);
        if (result.ExitCode != 0)
            throw new EngineException(EngineCache.Postgres, $"cannot copy {from} to {to}: {result.Output}.", "Free some disk space, or put the cache elsewhere.");
        try
        {
            Directory.Move(partial, to);
        }
        catch (IOException) when (Directory.Exists(to))
        {
            // Another process was faster; its copy is as good.
            Directory.Delete(partial, recursive: true);
        }
    }
}
