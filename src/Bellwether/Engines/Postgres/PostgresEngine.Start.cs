using System.Diagnostics;
using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

public sealed partial class PostgresEngine
{
    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2);
    static readonly TimeSpan NoticeAfter = TimeSpan.FromSeconds(2);

    /// <summary>Servers, supervisors and orphans of a killed server go within this time, or something is wrong.</summary>
    static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(15);

    ClusterHome Home => _home!;

    TimeProvider Clock => _options.Clock;

    async Task AttachAsync(CancellationToken cancellationToken)
    {
        using var start = await TakeStartLockAsync(cancellationToken);
        // Refused only while a supervisor stops the server that the last client has left.
        var clients = await FileLock.SharedAsync(
            Home.ClientsLock, Clock, () => _progress?.Report("waiting for the database to stop before it is started again"), cancellationToken);
        try
        {
            if (!Home.IsInitialised)
                await InitialiseAsync(cancellationToken);
            Home.RecordIn(_options.DataDirectory);
            await EnsureServerAsync(cancellationToken);
            _clients = clients;
        }
        catch
        {
            // A server that was started by now loses its last client with this, and its supervisor stops it.
            clients.Dispose();
            throw;
        }
    }

    Task<FileLock> TakeStartLockAsync(CancellationToken cancellationToken) => FileLock.ExclusiveAsync(
        Home.StartLock, Clock, () => _progress?.Report("waiting for another process that is starting or stopping the database"), cancellationToken);

    async Task InitialiseAsync(CancellationToken cancellationToken)
    {
        var binaries = await FindBinariesAsync(null, cancellationToken);
        _progress?.Report($"making a PostgreSQL {binaries.Major} database in {Home.Cluster}");
        await ClusterInit.CreateAsync(Home, binaries, cancellationToken);
    }

    /// <summary>Under the start lock and the shared clients lock: afterwards the server is ready and has a supervisor.</summary>
    async Task EnsureServerAsync(CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        while (Postmaster.Find(Home.Cluster) is { } running)
        {
            // One that somebody told to stop is waited for, and then started again.
            if (running.IsReady)
            {
                await EnsureSupervisedAsync(running.Pid, cancellationToken);
                ConnectionString = Connect(running, _options);
                return;
            }
            if (Clock.GetElapsedTime(started) > _options.StartTimeout)
                throw TooSlow($"process {running.Pid} is {running.Status}");
            await Task.Delay(PollInterval, Clock, cancellationToken);
        }
        await WaitForSupervisorToGoAsync(cancellationToken);
        await StartServerAsync(cancellationToken);
    }

    async Task StartServerAsync(CancellationToken cancellationToken)
    {
        var binaries = await FindBinariesAsync(Home.MajorVersion, cancellationToken);
        await ClusterFiles.WriteAsync(Home, binaries, _options, cancellationToken);
        ClusterFiles.PrepareSocketDirectory(Home);
        Postmaster.DisownStalePid(Home);

        var started = Clock.GetTimestamp();
        while (true)
        {
            var log = ServerLog.Open(Home);
            using var supervisor = Supervisor.Start(Home, binaries.Server, _options.StopTimeout);
            if (await WaitForReadyAsync(supervisor, cancellationToken) is { } ready)
            {
                ConnectionString = Connect(ready, _options);
                return;
            }
            // Orphans of a killed server keep its shared memory until they notice.
            var tail = log.Tail();
            if (!tail.Contains("pre-existing shared memory block", StringComparison.Ordinal) || Clock.GetElapsedTime(started) > Aftermath)
                throw CannotStart(supervisor, tail);
            await Task.Delay(TimeSpan.FromMilliseconds(50), Clock, cancellationToken);
            await WaitForSupervisorToGoAsync(cancellationToken);
        }
    }

    /// <summary>The ready server, or null where it ended before it came so far.</summary>
    async Task<Postmaster?> WaitForReadyAsync(Process supervisor, CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        var noticed = false;
        while (true)
        {
            var postmaster = Postmaster.Find(Home.Cluster);
            if (postmaster is { IsReady: true })
                return postmaster;
            if (supervisor.HasExited)
                return null;
            var elapsed = Clock.GetElapsedTime(started);
            if (elapsed > _options.StartTimeout)
                throw TooSlow(postmaster is null ? "no server process" : $"process {postmaster.Pid} is {postmaster.Status}");
            if (elapsed > NoticeAfter && !noticed)
            {
                noticed = true;
                _progress?.Report("the database is recovering from an unclean stop");
            }
            await Task.Delay(PollInterval, Clock, cancellationToken);
        }
    }

    /// <summary>A server whose supervisor was killed gets another one.</summary>
    async Task EnsureSupervisedAsync(int pid, CancellationToken cancellationToken)
    {
        if (Supervisor.IsPresent(Home))
            return;
        ServerLog.Open(Home);
        using var supervisor = Supervisor.Adopt(Home, pid, _options.StopTimeout);
        var started = Clock.GetTimestamp();
        while (!Supervisor.IsPresent(Home))
        {
            // Our own question may have been in its way: it then gave up, and is started again.
            if (supervisor.HasExited && supervisor.ExitCode == Supervisor.LockTaken)
            {
                await EnsureSupervisedAsync(pid, cancellationToken);
                return;
            }
            if (supervisor.HasExited || Clock.GetElapsedTime(started) > Aftermath)
                throw CannotStart(supervisor, "");
            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock, cancellationToken);
        }
    }

    async Task WaitForSupervisorToGoAsync(CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        while (Supervisor.IsPresent(Home))
        {
            if (Clock.GetElapsedTime(started) > Aftermath)
            {
                throw new EngineException(
                    EngineCache.Postgres,
                    $"{Home.ReaperLock} is held, but no server of {Home.Cluster} is to be seen. It may run in another container.",
                    $"Stop it there; fuser {Home.ReaperLock} names the process where it is on this side.");
            }
            await Task.Delay(PollInterval, Clock, cancellationToken);
        }
    }

    EngineException TooSlow(string state) => new(
        EngineCache.Postgres,
        $"the database in {Home.Cluster} is not ready after {_options.StartTimeout.TotalSeconds:0} s ({state}).",
        $"See {Home.Log}; a long recovery goes on where it stopped when this is called again.");

    EngineException CannotStart(Process supervisor, string tail)
    {
        if (tail.Length == 0 && supervisor.HasExited)
            tail = supervisor.StandardError.ReadToEnd().Trim();
        var mend = tail switch
        {
            _ when tail.Contains("No space left", StringComparison.Ordinal) => "Free some disk space.",
            _ when tail.Contains("flock: not found", StringComparison.Ordinal) => "apt-get install util-linux",
            _ when tail.Contains("allocate memory", StringComparison.Ordinal) => "Lower the shared buffers of the database, or free some memory.",
            _ when tail.Contains("configuration file", StringComparison.Ordinal) => "Correct the setting it names.",
            _ => $"See {Home.Log}.",
        };
        return new EngineException(EngineCache.Postgres, $"the database in {Home.Cluster} did not start. Its log says:\n{tail}\n", mend);
    }
}
