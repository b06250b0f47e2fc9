using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>The configuration of a private cluster. Written at every start, so that a new release brings its settings to an old cluster.</summary>
static class ClusterFiles
{
    const string SettingsFile = "bellwether.conf";

    /// <summary>Longest socket path that PostgreSQL and every client take, with a little room.</summary>
    const int MaxSocketPathBytes = 100;

    internal const int Port = 5432;

    /// <summary>Name of the database, and of the role that owns it.</summary>
    internal const string Database = "bellwether";

    /// <summary>Makes the fresh cluster read our settings last.</summary>
    internal static void AddInclude(string cluster) =>
        File.AppendAllText(Path.Combine(cluster, "postgresql.conf"), $"\ninclude_if_exists = '{SettingsFile}'\n");

    internal static async Task WriteAsync(ClusterHome home, PostgresBinaries binaries, PostgresOptions options, CancellationToken cancellationToken)
    {
        var path = Path.Combine(home.Cluster, SettingsFile);
        var header = $"# written at every start, changes are lost; {binaries.Server} {File.GetLastWriteTimeUtc(binaries.Server):yyyyMMddHHmmss} lz4=";
        var lz4 = await HasLz4Async(path, header, home, binaries, cancellationToken);
        Write(home, path, Settings(header + (lz4 ? "yes" : "no"), lz4, SocketDirectory(home), options));
        Write(home, Path.Combine(home.Cluster, "pg_hba.conf"), $"local all all peer map={Database}\n");
        var users = new[] { "root", home.Server.Name }.Distinct();
        Write(home, Path.Combine(home.Cluster, "pg_ident.conf"), string.Concat(users.Select(u => $"{Database} \"{u}\" {Database}\n")));
    }

    /// <summary>
    /// The cluster itself holds the socket: nobody else can enter it. A path that is too long, or that a list of hosts could not hold,
    /// gets a folder of its own under /tmp.
    /// </summary>
    internal static string SocketDirectory(ClusterHome home)
    {
        var path = home.Cluster;
        var fits = Encoding.UTF8.GetByteCount(path) + $"/.s.PGSQL.{Port}".Length <= MaxSocketPathBytes;
        if (fits && path.AsSpan().IndexOfAny(",:;'\"\\ ") < 0)
            return path;
        return "/tmp/bellwether-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];
    }

    /// <summary>Makes the socket's folder where it is not the cluster. A folder that somebody else planted is refused.</summary>
    internal static void PrepareSocketDirectory(ClusterHome home)
    {
        var folder = SocketDirectory(home);
        if (folder == home.Cluster)
            return;
        if (Posix.Stat(folder, followLinks: false) is null)
        {
            Posix.MakeDirectory(folder, Posix.PrivateDirectory);
            if (home.Server.Uid != Posix.EffectiveUser())
                Posix.ChangeOwner(folder, home.Server.Uid, home.Server.Gid);
        }
        if (Posix.Stat(folder, followLinks: false) is not { IsDirectory: true } facts || facts.Uid != home.Server.Uid)
            throw new EngineException(EngineCache.Postgres, $"{folder}, where the socket goes, belongs to somebody else.", $"rm -r {folder}");
    }

    static string Settings(string header, bool lz4, string socketDirectory, PostgresOptions options)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["listen_addresses"] = "",
            ["port"] = Port.ToString(CultureInfo.InvariantCulture),
            ["unix_socket_directories"] = socketDirectory,
            ["unix_socket_permissions"] = "0700",
            ["max_connections"] = options.MaxConnections.ToString(CultureInfo.InvariantCulture),
            ["shared_buffers"] = $"{options.SharedBuffersMegabytes}MB",
            ["huge_pages"] = "off",
            // A year of daily partitions with their indexes, locked in one query.
            ["max_locks_per_transaction"] = "1024",
            // A third of it may be programs that one query reads at a time: one for each sealed day.
            ["max_files_per_process"] = "30000",
            ["wal_level"] = "minimal",
            ["max_wal_senders"] = "0",
            ["max_logical_replication_workers"] = "0",
            ["max_wal_size"] = "2GB",
            ["checkpoint_timeout"] = "15min",
            ["wal_compression"] = lz4 ? "lz4" : "on",
            ["default_toast_compression"] = lz4 ? "lz4" : "pglz",
            ["fsync"] = "on",
            ["full_page_writes"] = "on",
            ["synchronous_commit"] = "on",
            ["jit"] = "off",
            ["autovacuum"] = "on",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["lc_messages"] = "C",
            ["log_checkpoints"] = "off",
            ["logging_collector"] = "off",
        };
        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        var text = new StringBuilder(header).Append('\n');
        foreach (var (name, value) in settings)
            text.Append(name).Append(" = '").Append(value.Replace("'", "''", StringComparison.Ordinal)).Append("'\n");
        return text.ToString();
    }

    /// <summary>Asking the server costs 10 ms, so the answer is kept in the first line of the settings.</summary>
    static async Task<bool> HasLz4Async(
        string path, string header, ClusterHome home, PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        if (File.Exists(path) && File.ReadLines(path).FirstOrDefault() is { } known && known.StartsWith(header, StringComparison.Ordinal))
            return known.EndsWith("yes", StringComparison.Ordinal);
        string[] question = ["-D", home.Cluster, "-c", "wal_compression=lz4", "-c", "default_toast_compression=lz4", "-C", "wal_compression"];
        var answer = await ServerCommand.RunAsync(home.Server, binaries.Server, question, "", cancellationToken);
        return answer is { ExitCode: 0 };
    }

    /// <summary>Replaces a file whole, owned by the server's user, unless it is the same already.</summary>
    internal static void Write(ClusterHome home, string path, string content)
    {
        if (File.Exists(path) && File.ReadAllText(path) == content)
            return;
        var fresh = path + ".new";
        File.WriteAllText(fresh, content);
        Posix.SetMode(fresh, Posix.PrivateFile);
        if (home.Server.Uid != Posix.EffectiveUser())
            Posix.ChangeOwner(fresh, home.Server.Uid, home.Server.Gid);
        File.Move(fresh, path, overwrite: true);
    }
}
