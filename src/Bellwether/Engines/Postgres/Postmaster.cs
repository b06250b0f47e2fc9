using System.Globalization;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>What <c>postmaster.pid</c> says of a server that is really there.</summary>
/// <param name="Status">starting, ready, standby or stopping; empty while the server has not come so far.</param>
sealed record Postmaster(int Pid, string SocketDirectory, int Port, string Status)
{
    internal bool IsReady => Status is "ready" or "standby";

    internal bool IsStopping => Status is "stopping";

    /// <summary>The server of a cluster, or null where none runs: no file, or a file left behind by a server that was killed.</summary>
    internal static Postmaster? Find(string cluster) =>
        Read(FileOf(cluster)) is { } postmaster && IsServerOf(postmaster.Pid, cluster) ? postmaster : null;

    /// <summary>One more than the kernel ever gives out.</summary>
    const int NoSuchPid = (1 << 22) + 1;

    /// <summary>
    /// Makes way for a new server, under the reaper lock.
    /// After a kill or a reboot the number in the file may belong to another process, or to a zombie that nobody fetches. A new server would refuse
    /// to start, since it checks no more than the number. Only the number is replaced: the file also names the shared memory, by which the
    /// new server sees whether children of the killed one are still at work.
    /// </summary>
    internal static void RemoveTraces(ClusterHome home)
    {
        RemoveEmpty(FileOf(home.Cluster), home.Cluster);
        if (IsStale(FileOf(home.Cluster)))
        {
            var lines = File.ReadAllLines(FileOf(home.Cluster));
            lines[0] = NoSuchPid.ToString(CultureInfo.InvariantCulture);
            ClusterFiles.Write(home, FileOf(home.Cluster), string.Join('\n', lines) + "\n");
        }
        // The socket has a lock file of its own with the same number, and nothing more of use in it.
        var socketLock = Path.Combine(ClusterFiles.SocketDirectory(home), $".s.PGSQL.{ClusterFiles.Port}.lock");
        if (IsStale(socketLock))
            File.Delete(socketLock);
        RemoveEmpty(socketLock, home.Cluster);

        bool IsStale(string file) => Read(file) is { } stale && Directory.Exists($"/proc/{stale.Pid}") && !IsServerOf(stale.Pid, home.Cluster);
    }

    /// <summary>
    /// A server makes its lock files before it writes to them. One that was killed in between leaves an empty file, with which no server starts;
    /// one that is still at it must keep it.
    /// </summary>
    static void RemoveEmpty(string file, string cluster)
    {
        if (new FileInfo(file) is { Exists: true, Length: 0 } && !Pids().Any(pid => IsServerOf(pid, cluster)))
            File.Delete(file);

        static IEnumerable<int> Pids() =>
            from folder in Directory.EnumerateDirectories("/proc")
            where int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _)
            select int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
    }

    internal static string FileOf(string cluster) => Path.Combine(cluster, "postmaster.pid");

    static Postmaster? Read(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        // pid, data directory, start time, port, socket directory, listen address, shared memory key, status
        if (lines.Length == 0 || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid) || pid <= 0)
            return null;
        _ = int.TryParse(Line(3), CultureInfo.InvariantCulture, out var port);
        return new Postmaster(pid, Line(4), port, Line(7));

        string Line(int index) => index < lines.Length ? lines[index].Trim() : "";
    }

    /// <summary>A zombie has ended, it only waits to be fetched by its parent.</summary>
    internal static bool IsAlive(int pid) => Stat(pid) is [not ("Z" or "X"), ..];

    /// <summary>Number of the parent process; 0 where there is no such process.</summary>
    internal static int ParentOf(int pid) => Stat(pid) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    /// <summary>State, parent and so on: what follows the program's name, which stands in parentheses and may hold anything.</summary>
    static string[] Stat(int pid)
    {
        var stat = ReadProc($"/proc/{pid}/stat");
        var afterName = stat.LastIndexOf(") ", StringComparison.Ordinal);
        return afterName > 0 ? stat[(afterName + 2)..].Split(' ') : [];
    }

    /// <summary>By the command line, which everyone may read; the working folder of another user's process root may not, in a container.</summary>
    static bool IsServerOf(int pid, string cluster)
    {
        if (!IsAlive(pid))
            return false;
        var arguments = ReadProc($"/proc/{pid}/cmdline").Split('\0');
        if (Path.GetFileName(arguments[0]) is not ("postgres" or "postmaster"))
            return false;
        var option = Array.IndexOf(arguments, "-D");
        return option >= 0 && option + 1 < arguments.Length
            && Posix.Stat(arguments[option + 1]) is { } theirs && Posix.Stat(cluster) is { } ours && ours.SameFileAs(theirs);
    }

    static string ReadProc(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
