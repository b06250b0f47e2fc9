using System.Globalization;
using Bellwether.Engines.Postgres;

namespace Bellwether.Engines;

public sealed partial class EngineCache
{
    /// <summary>Environment variable that names the folder with <c>initdb</c> and <c>postgres</c>.</summary>
    public const string PostgresVariable = "BELLWETHER_POSTGRES_BIN";

    /// <summary>Where Debian and Ubuntu keep one folder per major version.</summary>
    internal const string DefaultSystemPostgres = "/usr/lib/postgresql";

    internal string SystemPostgres { get; init; } = DefaultSystemPostgres;

    /// <summary>
    /// A folder with <c>initdb</c> and <c>postgres</c>, version 15 or newer: the configured one, else $BELLWETHER_POSTGRES_BIN, else the newest
    /// of <c>/usr/lib/postgresql/*/bin</c>, else the fetched one, which is fetched when missing.
    /// </summary>
    /// <exception cref="EngineException">A folder was named and does not serve, or fetching failed.</exception>
    public Task<PostgresBinaries> FindPostgresBinAsync(string? configuredPath, IProgress<string>? progress, CancellationToken cancellationToken) =>
        FindPostgresBinAsync(configuredPath, null, progress, cancellationToken);

    /// <summary>As above; a cluster of a given major version takes binaries of that version wherever they are found.</summary>
    internal async Task<PostgresBinaries> FindPostgresBinAsync(
        string? configuredPath, int? major, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var found = await LocatePostgresAsync(configuredPath, cancellationToken);
        if (found.FirstOrDefault(b => major is null || b.Major == major) is { } suitable)
            return suitable;
        if (major is null || MajorOf(LockedVersion(Postgres)) == major)
            return Fetched(await FetchAsync(Postgres, progress, cancellationToken));

        var have = found.Count == 0 ? "none" : string.Join(", ", found.Select(b => $"{b.Version} in {b.Directory}"));
        throw new EngineException(
            Postgres,
            $"the data was written by PostgreSQL {major}, and the binaries found are of another version ({have}).",
            $"Install that version (apt-get install postgresql-{major}), or name its bin folder in ${PostgresVariable}. "
            + $"To move to a newer version, dump with {major} and restore.");
    }

    /// <summary>All usable binaries on the machine, the preferred one first. Fetches nothing.</summary>
    public async Task<IReadOnlyList<PostgresBinaries>> LocatePostgresAsync(string? configuredPath, CancellationToken cancellationToken)
    {
        var found = new List<PostgresBinaries>();
        if ((configuredPath ?? Variable(PostgresVariable)) is { } named)
            found.Add(await PostgresBinaries.ProbeAsync(Path.GetFullPath(named), cancellationToken));
        if (System.IO.Directory.Exists(SystemPostgres))
        {
            found.AddRange(System.IO.Directory.EnumerateDirectories(SystemPostgres)
                .Select(d => (Bin: Path.Combine(d, "bin"), Version: Path.GetFileName(d)))
                .Where(d => MajorOf(d.Version) >= PostgresBinaries.OldestMajor && PostgresBinaries.Complete(d.Bin))
                .OrderByDescending(d => MajorOf(d.Version))
                .Select(d => new PostgresBinaries(d.Bin, MajorOf(d.Version), d.Version)));
        }
        if (System.IO.Directory.Exists(Directory))
        {
            // Versions fetched by an earlier release stay useful: a cluster may have been written by one.
            found.AddRange(System.IO.Directory.EnumerateDirectories(Directory, $"{Postgres}-*")
                .Where(d => !d.Contains(".partial-", StringComparison.Ordinal))
                .Select(Fetched)
                .Where(b => PostgresBinaries.Complete(b.Directory))
                .OrderByDescending(b => b.Version == LockedVersion(Postgres))
                .ThenByDescending(b => b.Major));
        }
        return found;
    }

    static PostgresBinaries Fetched(string folder)
    {
        var version = Path.GetFileName(folder)[(Postgres.Length + 1)..];
        return new PostgresBinaries(Path.Combine(folder, "native", "bin"), MajorOf(version), version) { Root = folder };
    }

    /// <summary>15 of "15", "15.3" or "15.3-beta.1"; 0 of anything else.</summary>
    static int MajorOf(string? version)
    {
        var digits = version.AsSpan();
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? digits : digits[..end], CultureInfo.InvariantCulture, out var major) ? major : 0;
    }
}
