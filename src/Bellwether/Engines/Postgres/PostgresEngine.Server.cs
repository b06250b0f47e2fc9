using System.Diagnostics;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

/// <remarks>
/// A start that is cancelled, or whose process is killed, leaves a supervisor on its way: before it takes the reaper lock nothing is to be seen
/// of it, and then for a while a supervisor without a server. Both are ordinary here. Whoever comes next either finds the lock taken and waits for
/// that server, which becomes its own by the shared clients lock, or takes the lock first and the late supervisor gives up.
/// </remarks>
public sealed partial class PostgresEngine
{
    /// <summary>Under the start lock and the shared clients lock: afterwards the server is ready and has a supervisor.</summary>
    async Task EnsureServerAsync(CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        var noticed = false;
        while (true)
        {
            // One that is starting becomes ready or goes; one that somebody told to stop goes, and is then started again.
            var server = Postmaster.Find(Home.Cluster);
            if (server is { IsReady: true } && !await EnsureSupervisedAsync(server.Pid, cancellationToken))
                server = null;
            else if (server is null && !Supervisor.IsPresent(Home))
                server = await StartServerAsync(started, cancellationToken);
            if (server is { IsReady: true })
            {
                ConnectionString = Connect(server, _options);
                return;
            }

            var elapsed = Clock.GetElapsedTime(started);
            if (elapsed > _options.StartTimeout)
                throw server is null ? Occupied() : TooSlow(server);
            if (elapsed > NoticeAfter && !noticed)
            {
                noticed = true;
                _progress?.Report($"waiting for the database in {Home.Cluster}, which another process is starting or stopping");
            }
            await Task.Delay(PollInterval, Clock, cancellationToken);
        }
    }

    /// <summary>The ready server; null where something passing was in the way and it is to be tried again.</summary>
    /// <param name="since">When the first attempt began.</param>
    async Task<Postmaster?> StartServerAsync(long since, CancellationToken cancellationToken)
    {
        var binaries = await FindBinariesAsync(Home.MajorVersion, cancellationToken);
        await ClusterFiles.WriteAsync(Home, binaries, _options, cancellationToken);
        ClusterFiles.PrepareSocketDirectory(Home);
        using (var reaper = FileLock.Open(Home.ReaperLock))
        {
            // No server can come up while its files are looked through: its supervisor would need this lock.
            if (!reaper.TryExclusive())
                return null;
            Postmaster.RemoveTraces(Home);
        }

        var log = ServerLog.Open(Home);
        using var supervisor = Supervisor.Start(Home, binaries.Server, _options.StopTimeout);
        if (await WaitForReadyAsync(supervisor, cancellationToken) is { } ready)
            return ready;
        var tail = log.Tail();
        if (supervisor.ExitCode == Supervisor.LockTaken)
            return null;
        if (IsPassing(tail) && Clock.GetElapsedTime(since) < _options.StartTimeout)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), Clock, cancellationToken);
            return null;
        }
        throw CannotStart(supervisor, tail);
    }

    /// <summary>
    /// Orphans of a killed server keep its shared memory until they notice; a server whose supervisor was killed at once may write its
    /// lock file after we looked.
    /// </summary>
    static bool IsPassing(string log) =>
        log.Contains("pre-existing shared memory block", StringComparison.Ordinal)
        || (log.Contains("lock file \"", StringComparison.Ordinal)
            && (log.Contains("\" already exists", StringComparison.Ordinal) || log.Contains("\" is empty", StringComparison.Ordinal)));

    /// <summary>The ready server of this supervisor, or null where it ended before it came so far.</summary>
    async Task<Postmaster?> WaitForReadyAsync(Process supervisor, CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        var noticed = false;
        while (true)
        {
            var postmaster = Postmaster.Find(Home.Cluster);
            if (postmaster is { IsReady: true } && Postmaster.ParentOf(postmaster.Pid) == supervisor.Id)
                return postmaster;
            if (supervisor.HasExited)
                return null;
            var elapsed = Clock.GetElapsedTime(started);
            if (elapsed > _options.StartTimeout)
                throw TooSlow(postmaster);
            if (elapsed > NoticeAfter && !noticed)
            {
                noticed = true;
                _progress?.Report("the database is starting; after an unclean stop it recovers first");
            }
            await Task.Delay(PollInterval, Clock, cancellationToken);
        }
    }

    /// <summary>A server whose supervisor was killed gets another one. False where that did not come about and is to be tried again.</summary>
    async Task<bool> EnsureSupervisedAsync(int pid, CancellationToken cancellationToken)
    {
        if (Supervisor.IsPresent(Home))
            return true;
        var log = ServerLog.Open(Home);
        using var supervisor = Supervisor.Adopt(Home, pid, _options.StopTimeout);
        var started = Clock.GetTimestamp();
        while (!supervisor.HasExited)
        {
            if (Supervisor.IsPresent(Home))
                return true;
            if (Clock.GetElapsedTime(started) > _options.StartTimeout)
                throw TooSlow(Postmaster.Find(Home.Cluster));
            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock, cancellationToken);
        }
        // Our own question was in its way, or the server had gone by then.
        return supervisor.ExitCode is Supervisor.LockTaken or 0 ? false : throw CannotStart(supervisor, log.Tail());
    }

    EngineException Occupied() => new(
        EngineCache.Postgres,
        $"{Home.ReaperLock} is held, but no server of {Home.Cluster} is to be seen. It may run in another container.",
        $"Stop it there; fuser {Home.ReaperLock} names the process where it is on this side.");

    EngineException TooSlow(Postmaster? server) => new(
        EngineCache.Postgres,
        $"the database in {Home.Cluster} is not ready after {_options.StartTimeout.TotalSeconds:0} s "
        + $"({(server is null ? "no server process" : $"process {server.Pid} is {(server.Status is "" ? "beginning" : server.Status)}")}).",
        $"See {Home.Log}; a long recovery goes on where it stopped when this is called again.");

    EngineException CannotStart(Process supervisor, string tail)
    {
        if (tail.Length == 0)
            tail = supervisor.StandardError.ReadToEnd().Trim();
        if (tail.Length == 0)
            tail = "(nothing; something killed it, the kernel where memory ran out)";
        var mend = tail switch
        {
            _ when tail.Contains("No space left", StringComparison.Ordinal) => "Free some disk space.",
            _ when tail.Contains("flock: not found", StringComparison.Ordinal) => "apt-get install util-linux",
            _ when tail.Contains("allocate memory", StringComparison.Ordinal) => "Lower the shared buffers of the database, or free some memory.",
            _ when tail.Contains("configuration file", StringComparison.Ordinal) => "Correct the setting it names.",
            _ => $"See {Home.Log}.",
        };
        return new EngineException(
            EngineCache.Postgres, $"the database in {Home.Cluster} did not start (exit code {supervisor.ExitCode}). Its log says:\n{tail}\n", mend);
    }
}
