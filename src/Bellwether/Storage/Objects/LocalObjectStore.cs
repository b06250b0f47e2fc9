using Microsoft.Win32.SafeHandles;

namespace Bellwether.Storage.Objects;

/// <summary>
/// Objects as plain files in a folder. Each is written beside, made durable and renamed; its hash goes with it as an extended attribute, where
/// the file system keeps those, and is computed when asked for elsewhere.
/// </summary>
public sealed partial class LocalObjectStore(string directory, TimeProvider time) : IObjectStore
{
    const string Incoming = ".incoming";
    internal const string HashAttribute = "user.bellwether.sha256";

    readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    public string Place => _root;

    public string FileOf(string key) => Path.Combine(_root, ObjectKey.Check(key));

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var file = FileOf(key);
        return GuardAsync("looking up", key, () =>
        {
            if (!File.Exists(file)) return null;
            using var handle = File.OpenHandle(file);
            return Describe(key, handle, PosixFiles.Attribute(handle, HashAttribute) ?? ContentHash.OfFile(handle, cancellationToken));
        }, cancellationToken);
    }

    public Task<ObjectInfo> GetAsync(string key, string file, string? sha256, CancellationToken cancellationToken)
    {
        var from = FileOf(key);
        return GuardAsync("reading", key, () =>
        {
            using var source = File.OpenHandle(from, options: FileOptions.SequentialScan);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            var beside = $"{file}.{Guid.NewGuid():N}.partial";
            try
            {
                var recorded = PosixFiles.Attribute(source, HashAttribute);
                var found = Copy(source, beside, cancellationToken);
                foreach (var wanted in (string?[])[recorded, sha256])
                    if (wanted is not null && wanted != found) throw Corrupt(key, wanted, found);
                PosixFiles.SyncFile(beside);
                File.Move(beside, file, overwrite: true);
                return Describe(key, source, found);
            }
            finally
            {
                File.Delete(beside);
            }
        }, cancellationToken);
    }

    public Task<int> ReadAsync(string key, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var file = FileOf(key);
        return GuardAsync("reading", key, () =>
        {
            using var handle = File.OpenHandle(file);
            var total = 0;
            while (total < buffer.Length && RandomAccess.Read(handle, buffer.Span[total..], offset + total) is > 0 and var read) total += read;
            return total;
        }, cancellationToken);
    }

    /// <summary>In the order of keys: a folder sorts as its name with a slash, so that walking gives what sorting all keys would give.</summary>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.CheckPrefix(prefix);
        var folders = new Stack<Queue<(string Key, bool IsFolder)>>();
        folders.Push(await EntriesAsync("", prefix, cancellationToken).ConfigureAwait(false));
        while (folders.TryPeek(out var entries))
        {
            if (!entries.TryDequeue(out var entry))
            {
                folders.Pop();
                continue;
            }
            // Nothing in a folder lies behind `after` when the folder's own name is before it and no beginning of it.
            if (after is not null && KeyOrder.Compare(entry.Key, after) <= 0 && !(entry.IsFolder && after.StartsWith(entry.Key, StringComparison.Ordinal)))
                continue;
            if (entry.IsFolder) folders.Push(await EntriesAsync(entry.Key, prefix, cancellationToken).ConfigureAwait(false));
            else if (await GuardAsync("listing", entry.Key, () => Look(entry.Key), cancellationToken).ConfigureAwait(false) is { } found) yield return found;
        }
    }

    Task<Queue<(string Key, bool IsFolder)>> EntriesAsync(string folder, string prefix, CancellationToken cancellationToken) => GuardAsync("listing", null, () =>
    {
        var here = new DirectoryInfo(Path.Combine(_root, folder));
        if (!here.Exists) return new();
        var entries = here.EnumerateFileSystemInfos()
            .Where(entry => entry.Name[0] != '.')
            .Select(entry => (Key: folder + entry.Name + (entry is DirectoryInfo ? "/" : ""), IsFolder: entry is DirectoryInfo))
            .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal) || entry.IsFolder && prefix.StartsWith(entry.Key, StringComparison.Ordinal));
        return new Queue<(string, bool)>(entries.OrderBy(entry => entry.Key, KeyOrder));
    }, cancellationToken);

    ObjectInfo? Look(string key)
    {
        try
        {
            using var handle = File.OpenHandle(Path.Combine(_root, key));
            return Describe(key, handle, null);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    static ObjectInfo Describe(string key, SafeFileHandle handle, string? sha256)
    {
        var (size, modified) = (RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
        return new(key, size, sha256, $"{size:x}-{modified.Ticks:x}", modified);
    }

    /// <summary>UTF-8 sorts as code points do; UTF-16 does not where there are surrogates.</summary>
    static readonly Comparer<string> KeyOrder = Comparer<string>.Create((a, b) =>
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length - b.Length;
        var (x, y) = (a[common], b[common]);
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x - y : char.IsSurrogate(x) ? 1 : -1;
    });

    public void Dispose() { }
}
