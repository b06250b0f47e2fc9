namespace Bellwether.Engines.Unix;

/// <summary>
/// A flock(2) on an open file. The kernel releases it when the process ends, however it ends. Two of these in one process
/// exclude each other just as two processes do. The base library's file streams take flocks of their own, so they are not used here.
/// </summary>
sealed class FileLock : IDisposable
{
    static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(3);
    int _fd;

    FileLock(int fd) => _fd = fd;

    /// <summary>Opens the file without locking it.</summary>
    internal static FileLock Open(string path) => new(Posix.OpenForLock(path));

    internal bool TryShared() => Posix.TryFlock(_fd, Posix.LockShared);

    /// <summary>
    /// Not atomic where a shared lock is held: that one is given up first, so after false nothing is held.
    /// </summary>
    internal bool TryExclusive() => Posix.TryFlock(_fd, Posix.LockExclusive);

    internal static async Task<FileLock> ExclusiveAsync(string path, TimeProvider clock, Action? onWait, CancellationToken cancellationToken) =>
        await AcquireAsync(path, static l => l.TryExclusive(), clock, onWait, cancellationToken);

    internal static async Task<FileLock> SharedAsync(string path, TimeProvider clock, Action? onWait, CancellationToken cancellationToken) =>
        await AcquireAsync(path, static l => l.TryShared(), clock, onWait, cancellationToken);

    static async Task<FileLock> AcquireAsync(
        string path, Func<FileLock, bool> attempt, TimeProvider clock, Action? onWait, CancellationToken cancellationToken)
    {
        var held = Open(path);
        try
        {
            var started = clock.GetTimestamp();
            while (!attempt(held))
            {
                if (onWait is not null && clock.GetElapsedTime(started) > TimeSpan.FromSeconds(1))
                {
                    onWait();
                    onWait = null;
                }
                await Task.Delay(PollInterval, clock, cancellationToken);
            }
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd < 0)
            return;
        // Closing alone would leave it locked for as long as a child that another thread is starting has its copy, until that child's exec.
        Posix.Unlock(fd);
        Posix.Close(fd);
    }
}
