using System.Security.Cryptography;
using System.Text;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>Where a private cluster lives with its locks and its log, and the user its server runs as.</summary>
/// <param name="Folder">Real path of the folder that holds the cluster. Usually the user's data folder.</param>
sealed record ClusterHome(string Folder, OsUser Server)
{
    internal string Cluster => Path.Combine(Folder, "postgres");
    internal string Log => Path.Combine(Folder, "postgres.log");

    internal string SupervisorScript => Path.Combine(Folder, "postgres.supervisor.sh");

    /// <summary>Exclusive while somebody starts, attaches to or leaves the server.</summary>
    internal string StartLock => Path.Combine(Folder, "start.lock");

    /// <summary>Shared by every process that uses the server; exclusive by whoever stops it.</summary>
    internal string ClientsLock => Path.Combine(Folder, "clients.lock");

    /// <summary>Exclusive by the one supervisor of a running server.</summary>
    internal string ReaperLock => Path.Combine(Folder, "reaper.lock");

    internal bool IsInitialised => File.Exists(Path.Combine(Cluster, "PG_VERSION"));

    internal int MajorVersion => int.Parse(File.ReadAllText(Path.Combine(Cluster, "PG_VERSION")).Split('.')[0].Trim());

    internal static string PointerOf(string dataDirectory) => Path.Combine(dataDirectory, "postgres.path");

    /// <summary>Finds the home that belongs to a data folder, and makes its folder. Makes no cluster.</summary>
    internal static ClusterHome Resolve(PostgresOptions options, IProgress<string>? progress)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var data = Posix.RealPath(options.DataDirectory);
        var me = OsUser.Current ?? throw new EngineException(
            EngineCache.Postgres,
            $"the user number {Posix.EffectiveUser()} that this runs as has no name, and PostgreSQL knows users by name.",
            "Add it to /etc/passwd, or use an external server by connection string.");

        if (File.Exists(PointerOf(data)))
            return Existing(Recorded(data), me);
        var here = new ClusterHome(data, me);
        if (here.IsInitialised)
            return Existing(data, me);
        if (!me.IsRoot)
            return here;

        here = here with { Server = OsUser.ByName("postgres") ?? OsUser.ByName("nobody") ?? throw NoServerUser() };
        if (here.Server.CanEnter(data))
            return here;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data)))[..8];
        var elsewhere = Path.Combine(options.FallbackDirectory, $"{Path.GetFileName(data)}-{hash}");
        try
        {
            Posix.MakeDirectory(elsewhere, Posix.OpenDirectory);
        }
        catch (IOException error)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"user {here.Server.Name}, as whom the database runs, cannot enter {data}, and {elsewhere} cannot be made for it: {error.Message.TrimEnd('.')}.",
                $"Let everybody pass through {data} and the folders above it (chmod o+x), make {options.FallbackDirectory} writable, "
                + "or use another data folder.",
                error);
        }
        progress?.Report($"user {here.Server.Name}, as whom the database runs, cannot enter {data}; the database is kept in {elsewhere}");
        return here with { Folder = Posix.RealPath(elsewhere) };
    }

    /// <summary>Looks without making anything; null where no cluster was made yet.</summary>
    internal static ClusterHome? Locate(string dataDirectory)
    {
        if (!Directory.Exists(dataDirectory) || OsUser.Current is not { } me)
            return null;
        var data = Posix.RealPath(dataDirectory);
        var folder = File.Exists(PointerOf(data)) ? Recorded(data) : data;
        return File.Exists(Path.Combine(folder, "postgres", "PG_VERSION")) ? Existing(folder, me) : null;
    }

    /// <summary>Records a cluster that is not in the data folder itself, so that it is found again whoever asks.</summary>
    internal void RecordIn(string dataDirectory)
    {
        var data = Posix.RealPath(dataDirectory);
        if (data == Folder || File.Exists(PointerOf(data)))
            return;
        var fresh = PointerOf(data) + ".new";
        File.WriteAllText(fresh, Cluster + "\n");
        File.Move(fresh, PointerOf(data), overwrite: true);
        Posix.SyncDirectory(data);
    }

    static string Recorded(string data)
    {
        var pointer = PointerOf(data);
        var cluster = File.ReadAllText(pointer).Trim();
        // Beginning anew in silence would look like lost data.
        return File.Exists(Path.Combine(cluster, "PG_VERSION")) ? Path.GetDirectoryName(cluster)! : throw new EngineException(
            EngineCache.Postgres,
            $"{pointer} names the cluster {cluster}, which is not there.",
            $"Bring it back, or delete {pointer} to begin with an empty database.");
    }

    static ClusterHome Existing(string folder, OsUser me)
    {
        var cluster = Path.Combine(folder, "postgres");
        var uid = Posix.Stat(cluster)?.Uid ?? throw new FileNotFoundException($"no cluster at {cluster}");
        if (uid == me.Uid && !me.IsRoot)
            return new ClusterHome(folder, me);
        var owner = OsUser.ByUid(uid);
        if (!me.IsRoot)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"the database in {cluster} belongs to user {owner?.Name ?? uid.ToString()}, and this runs as {me.Name}.",
                "Run as that user or as root, or use another data folder.");
        }
        if (owner is null || owner.IsRoot)
        {
            throw new EngineException(
                EngineCache.Postgres,
                $"the database in {cluster} belongs to {owner?.Name ?? $"user number {uid}"}, as whom no server can run.",
                $"chown -R postgres {cluster}");
        }
        return owner.CanEnter(folder) ? new ClusterHome(folder, owner) : throw new EngineException(
            EngineCache.Postgres,
            $"the database in {cluster} belongs to user {owner.Name}, who cannot enter that folder.",
            $"Let everybody pass through the folders above it (chmod o+x), or move {cluster} and write its new path to {PointerOf(folder)}.");
    }

    static EngineException NoServerUser() => new(
        EngineCache.Postgres,
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody.",
        "useradd --system postgres, or run as an ordinary user.");
}
