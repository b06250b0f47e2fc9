using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

public sealed partial class PostgresEngine
{
    /// <summary>Leaves the server; the last one to leave returns when it has stopped. Connections should be closed by then.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _clients, null) is not { } clients)
            return;
        using (clients)
        {
            using var start = await TakeStartLockAsync(CancellationToken.None);
            if (!await IsLastAsync(clients))
                return;
            await StopServerAsync();
            RemoveSocketDirectory();
        }
    }

    /// <summary>True with the lock held exclusively, false where others are attached.</summary>
    async Task<bool> IsLastAsync(FileLock clients)
    {
        // Asking for the exclusive lock gives up the shared one, and in that instant a supervisor may get it: it then stops its server, which is
        // ours or, where it is the rest of a killed supervisor, long gone. So only the second refusal in favour of others counts.
        for (var refusals = 0; !clients.TryExclusive();)
        {
            if (!clients.TryShared())
                await Task.Delay(PollInterval, Clock, CancellationToken.None);
            else if (++refusals == 2)
                return false;
        }
        return true;
    }

    /// <summary>Returns when neither the server nor its supervisor is left. A restart that was cancelled may have a server on its way: it is waited for.</summary>
    async Task StopServerAsync()
    {
        var started = Clock.GetTimestamp();
        var told = 0;
        while (true)
        {
            var server = Postmaster.Find(Home.Cluster);
            var elapsed = Clock.GetElapsedTime(started);
            if (server is null)
            {
                if (!Supervisor.IsPresent(Home))
                    return;
                if (elapsed > _options.StopTimeout + _options.StartTimeout)
                    throw Occupied();
            }
            else if (elapsed > _options.StopTimeout)
            {
                Posix.Kill(server.Pid, Posix.SigQuit);
            }
            else if (told != server.Pid)
            {
                Posix.Kill(server.Pid, Posix.SigInt);
                told = server.Pid;
            }
            await Task.Delay(PollInterval, Clock, CancellationToken.None);
        }
    }

    void RemoveSocketDirectory()
    {
        var folder = ClusterFiles.SocketDirectory(Home);
        if (folder == Home.Cluster)
            return;
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // The supervisor has removed it already; what is not empty is in use again.
        }
    }
}
