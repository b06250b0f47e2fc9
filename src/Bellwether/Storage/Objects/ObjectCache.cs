using System.Collections.Concurrent;
using Bellwether.Engines.Unix;
using Microsoft.Extensions.Logging;

namespace Bellwether.Storage.Objects;

/// <summary>
/// Objects as local files, named by their SHA-256, so that a file can be right or wrong but never stale. What is handed out was hashed by this
/// process and is held open: whatever happens to the name, its reader keeps the bytes. Several processes may share one folder.
/// </summary>
/// <param name="maxBytes">Beyond it the files that were not asked for the longest go; those in use go from the disk when they are let go.</param>
public sealed partial class ObjectCache(string directory, long maxBytes, TimeProvider time, ILogger<ObjectCache> logger)
{
    const string Locks = ".locks";
    const int Attempts = 4;
    const int HashLength = 64;
    static readonly TimeSpan ScrapAge = TimeSpan.FromHours(24);

    readonly string _root = Path.GetFullPath(directory);
    readonly ConcurrentDictionary<FileIdentity, string> _checked = new();
    // At first nobody knows what is there.
    long _added = long.MaxValue / 2;

    public string Directory => _root;

    /// <summary>The file with this content, fetched when it is not there. The caller disposes it.</summary>
    /// <param name="fetch">Puts the object at a path, whole and checked.</param>
    public async Task<FileStream> HoldAsync(string sha256, Func<string, CancellationToken, Task> fetch, CancellationToken cancellationToken)
    {
        if (sha256.Length != HashLength || !sha256.All(char.IsAsciiHexDigitLower))
            throw new ArgumentException($"'{sha256}' is no SHA-256 in lower-case hexadecimal digits", nameof(sha256));
        var path = Path.Combine(_root, sha256[..2], sha256);
        // What is fetched may be thrown out before it is opened, by another process that makes room.
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await OpenAsync(path, sha256, cancellationToken).ConfigureAwait(false) is { } held)
            {
                if (attempt > 1) MakeRoom(held.Length);
                return held;
            }
            await FetchAsync(path, sha256, fetch, cancellationToken).ConfigureAwait(false);
        }
        throw new IOException($"{path} is removed or changed as soon as it is written: something else cleans or writes {_root}");
    }

    /// <summary>Removes all copies but those of some contents, half fetched ones included; who reads one goes on.</summary>
    public void Keep(IReadOnlySet<string> hashes)
    {
        if (!System.IO.Directory.Exists(_root)) return;
        foreach (var file in System.IO.Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories))
            if (Path.GetFileName(file) is { Length: >= HashLength } name && !hashes.Contains(name[..HashLength])) File.Delete(file);
    }

    async Task FetchAsync(string path, string sha256, Func<string, CancellationToken, Task> fetch, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(Path.Combine(_root, Locks), Posix.PrivateDirectory);
        // One lock for a 256th of all objects: two processes, or two queries of one, do not fetch the same twice.
        using var alone = await FileLock.ExclusiveAsync(Path.Combine(_root, Locks, sha256[..2]), time, null, cancellationToken).ConfigureAwait(false);
        if (File.Exists(path)) return;
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!, Posix.PrivateDirectory);
        await fetch(path, cancellationToken).ConfigureAwait(false);
    }

    Task<FileStream?> OpenAsync(string path, string sha256, CancellationToken cancellationToken) =>
        Task.Run(() => TryOpen(path, sha256, cancellationToken), cancellationToken);

    /// <summary>Null where there is no such file; one with other bytes is removed.</summary>
    FileStream? TryOpen(string path, string sha256, CancellationToken cancellationToken)
    {
        FileStream file;
        try
        {
            file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        try
        {
            var identity = FileIdentity.Of(file);
            if (!_checked.TryGetValue(identity, out var known)) _checked[identity] = known = ContentHash.OfFile(file.SafeFileHandle, cancellationToken);
            if (known == sha256)
            {
                File.SetLastAccessTimeUtc(file.SafeFileHandle, time.GetUtcNow().UtcDateTime);
                return file;
            }
            Mended(logger, path);
            file.Dispose();
            File.Delete(path);
            return null;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    void MakeRoom(long added)
    {
        // Counting takes a look at every file, so it is done once for each sixteenth of the room.
        if (Interlocked.Add(ref _added, added) <= maxBytes / 16) return;
        Interlocked.Exchange(ref _added, 0);
        var scrapsBefore = time.GetUtcNow() - ScrapAge;
        var files = new List<FileInfo>();
        foreach (var file in new DirectoryInfo(_root).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true }))
        {
            if (file.Directory!.Name == Locks) continue;
            if (file.Name.Length == HashLength) files.Add(file);
            else if (file.LastWriteTimeUtc < scrapsBefore) file.Delete();
        }
        var total = files.Sum(Length);
        foreach (var file in files.OrderBy(file => file.LastAccessTimeUtc))
        {
            if (total <= maxBytes) break;
            total -= Length(file);
            file.Delete();
        }
        if (_checked.Count > 2 * files.Count + 1024) _checked.Clear();
    }

    // Another process may have removed it since.
    static long Length(FileInfo file) => file.Exists ? file.Length : 0;

    [LoggerMessage(EventId = 3310, Level = LogLevel.Warning, Message = "the cached file {Path} did not hold what its name says; it is fetched again")]
    static partial void Mended(ILogger logger, string path);

    /// <summary>What changes when somebody writes to a file, or puts another in its place.</summary>
    readonly record struct FileIdentity(ulong Inode, long Length, DateTime Written)
    {
        public static FileIdentity Of(FileStream file) => new(
            Posix.Stat($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}")!.Value.Inode, file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));
    }
}
