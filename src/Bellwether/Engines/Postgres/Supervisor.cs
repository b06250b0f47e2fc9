using System.Diagnostics;
using System.Globalization;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <summary>
/// A small shell process that outlives us: parent of the server, in a session of its own, and the one that stops the server when its
/// last client is gone, even by <c>kill -9</c>. It holds the reaper lock for as long as it watches over a server.
/// </summary>
static class Supervisor
{
    /// <summary>
    /// Needs <c>pid</c> and <c>born</c>. A process is known by its number and its start time (field 22), so a number used again is no danger.
    /// A zombie has ended.
    /// </summary>
    const string Alive = """
        alive() { { read -r line </proc/$pid/stat; } 2>/dev/null || return 1; set -- $line; [ "$3" != Z ] && [ "${22}" = "$born" ]; }
        """;

    /// <summary>
    /// Runs under the exclusive clients lock: $1 pid, $2 start time, $3 tries before SIGQUIT. SIGINT (fast stop) is sent again and again, because
    /// a server that has only just been forked ignores it.
    /// </summary>
    const string Stop = $$"""
        pid=$1 born=$2 n=0
        {{Alive}}
        while alive; do
          if [ $n -ge $3 ]; then kill -QUIT $pid; elif [ $((n % 10)) = 0 ]; then kill -INT $pid; fi
          sleep 0.02; n=$((n + 1))
        done
        """;

    /// <summary>
    /// $1 folder of the locks, $2 cluster, $3 server program, $4 log, $5 the text of <see cref="Stop"/>, $6 its tries, $7 pid of a running server to
    /// watch over, or empty to start one.
    /// </summary>
    const string Main = $$"""
        exec </dev/null >>"$4" 2>&1
        trap '' HUP INT TERM
        exec 8<"$1/reaper.lock" || exit 74
        flock -n 8 || exit 75
        if [ -n "$7" ]; then pid=$7; else "$3" -D "$2" 8<&- & pid=$!; fi
        {{Alive}}
        { read -r line </proc/$pid/stat; } 2>/dev/null
        born=$(set -- $line; echo "${22}")
        flock "$1/clients.lock" sh -c "$5" bellwether-stop "$pid" "$born" "$6" 8<&- &
        watch=$!
        if [ -n "$7" ]; then while alive; do sleep 0.2; done; else wait $pid; fi
        kill -9 $watch 2>/dev/null
        wait $watch 2>/dev/null
        exit 0
        """;

    internal const int LockTaken = 75;

    /// <summary>Starts the server and its supervisor, or with <paramref name="adopt"/> only a supervisor for that server.</summary>
    internal static Process Start(ClusterHome home, string serverProgram, TimeSpan stopTimeout, int? adopt)
    {
        var tries = Math.Max(1, (int)(stopTimeout / TimeSpan.FromMilliseconds(25)));
        return ServerCommand.Start(
            home.Server, "sh", "-c", Main, "bellwether-reaper", home.Folder, home.Cluster, serverProgram, home.Log, Stop,
            tries.ToString(CultureInfo.InvariantCulture), adopt?.ToString(CultureInfo.InvariantCulture) ?? "");
    }

    /// <summary>Whether a supervisor is there. Only asked under the start lock: the question takes the lock for an instant.</summary>
    internal static bool IsPresent(ClusterHome home)
    {
        using var probe = FileLock.Open(home.ReaperLock);
        return !probe.TryExclusive();
    }
}
