using Bellwether.Engines.Unix;

namespace Bellwether.Engines.Postgres;

public sealed partial class PostgresEngine
{
    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2);
    static readonly TimeSpan NoticeAfter = TimeSpan.FromSeconds(2);

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
}
