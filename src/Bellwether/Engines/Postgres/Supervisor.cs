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
    /// A process is known by its number and its start time (field 22), so that a number used again is no danger; a zombie has ended.
    /// SIGINT (fast stop) is sent again and again, because a server that has only just been forked ignores it.
    /// </summary>
    const string Script = """
        # Keeps one private database server; written by Bellwether at every start.
        alive() { { read -r line </proc/$pid/stat; } 2>/dev/null || return 1; set -- $line; [ "$3" != Z ] && [ "${22}" = "$born" ]; }

        if [ "$1" = stop ]; then # PID START_TIME TRIES, under the exclusive clients lock
          pid=$2 born=$3 n=0
          while alive; do
            if [ $n -ge "$4" ]; then kill -QUIT $pid; elif [ $((n % 10)) = 0 ]; then kill -INT $pid; fi
            sleep 0.02; n=$((n + 1))
          done
          exit 0
        fi

        # start FOLDER SERVER_PROGRAM TRIES SOCKET_FOLDER, or adopt FOLDER PID TRIES SOCKET_FOLDER; ends with the server's exit code
        exec </dev/null >>"$2/postgres.log" 2>&1
        trap '' HUP INT TERM
        exec 8<"$2/reaper.lock" || exit 74
        flock -n 8
        case $? in 0) ;; 1) exit 75 ;; *) exit 76 ;; esac
        if [ "$1" = adopt ]; then pid=$3; else "$3" -D "$2/postgres" 8<&- & pid=$!; fi
        { read -r line </proc/$pid/stat; } 2>/dev/null
        born=$(set -- $line; echo "${22}")
        flock "$2/clients.lock" sh "$0" stop "$pid" "$born" "$4" 8<&- &
        watch=$!
        if [ "$1" = adopt ]; then while alive; do sleep 0.2 8<&-; done; code=0; else wait $pid; code=$?; fi
        kill -9 $watch 2>/dev/null
        wait $watch 2>/dev/null
        [ "$5" = "$2/postgres" ] || rmdir "$5" 2>/dev/null
        exit $code

        """;

    /// <summary>
    /// Exit code where there is a supervisor already: one that a start sent off which was cancelled or killed before it arrived.
    /// </summary>
    internal const int LockTaken = 75;

    /// <summary>Starts a server and its supervisor.</summary>
    internal static Process Start(ClusterHome home, string serverProgram, TimeSpan stopTimeout) => Run(home, "start", serverProgram, stopTimeout);

    /// <summary>Starts a supervisor for a server that runs.</summary>
    internal static Process Adopt(ClusterHome home, int pid, TimeSpan stopTimeout) =>
        Run(home, "adopt", pid.ToString(CultureInfo.InvariantCulture), stopTimeout);

    static Process Run(ClusterHome home, string mode, string subject, TimeSpan stopTimeout)
    {
        WriteScript(home.SupervisorScript);
        var tries = Math.Max(1, (int)(stopTimeout / TimeSpan.FromMilliseconds(25)));
        return ServerCommand.Start(
            home.Server, "sh", home.SupervisorScript, mode, home.Folder, subject, tries.ToString(CultureInfo.InvariantCulture),
            ClusterFiles.SocketDirectory(home));
    }

    /// <summary>Replaced by renaming only: a running shell goes on reading the old one.</summary>
    static void WriteScript(string path)
    {
        if (File.Exists(path) && File.ReadAllText(path) == Script)
            return;
        File.WriteAllText(path + ".new", Script);
        Posix.SetMode(path + ".new", Posix.ReadableFile);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Whether a supervisor is there. Only asked under the start lock: the question takes the lock for an instant.</summary>
    internal static bool IsPresent(ClusterHome home)
    {
        using var probe = FileLock.Open(home.ReaperLock);
        return !probe.TryExclusive();
    }
}
