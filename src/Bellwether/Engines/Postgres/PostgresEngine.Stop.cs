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
            if (clients.TryExclusive())
            {
                await StopServerAsync();
            }
            else if (clients.TryShared())
            {
                return; // others are attached
            }
            else
            {
                // In the instant between giving up the shared lock and asking for the exclusive one, the supervisor got it: it stops the server.
                while (!clients.TryShared())
                    await Task.Delay(PollInterval, Clock, CancellationToken.None);
            }
            await WaitForSupervisorToGoAsync(CancellationToken.None);
            RemoveSocketDirectory();
        }
    }

    async Task StopServerAsync()
    {
        var started = Clock.GetTimestamp();
        if (Postmaster.Find(Home.Cluster) is not { } postmaster)
            return;
        Posix.Kill(postmaster.Pid, Posix.SigInt);
        while (Postmaster.Find(Home.Cluster) is { } still && still.Pid == postmaster.Pid)
        {
            if (Clock.GetElapsedTime(started) > _options.StopTimeout)
                Posix.Kill(postmaster.Pid, Posix.SigQuit);
            await Task.Delay(PollInterval, Clock, CancellationToken.None);
        }
    }

    void RemoveSocketDirectory()
    {
        var folder = ClusterFiles.SocketDirectory(Home);
        if (folder != Home.Cluster && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
