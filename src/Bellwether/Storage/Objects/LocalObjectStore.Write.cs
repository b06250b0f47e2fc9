using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Bellwether.Storage.Objects;

public sealed partial class LocalObjectStore
{
    const int FileSystemSyncFrom = 8;
    const int PlacingAttempts = 100;

    public Task<ObjectInfo> PutAsync(string key, string file, CancellationToken cancellationToken)
    {
        var target = FileOf(key);
        return GuardAsync("storing", key, () =>
        {
            using var source = File.OpenHandle(file, options: FileOptions.SequentialScan);
            var staged = Stage();
            return Finish(key, staged, target, () => Copy(source, staged, cancellationToken));
        }, cancellationToken);
    }

    public async Task<ObjectInfo> PutAsync(string key, Stream content, CancellationToken cancellationToken)
    {
        var target = FileOf(key);
        var staged = await GuardAsync("storing", key, Stage, cancellationToken).ConfigureAwait(false);
        try
        {
            await using (var copy = await GuardAsync("storing", key, () => File.Create(staged), cancellationToken).ConfigureAwait(false))
                await WriteAsync(key, content, copy, cancellationToken).ConfigureAwait(false);
            return await GuardAsync("storing", key, () => Finish(key, staged, target, () => ContentHash.OfFile(staged, cancellationToken)), cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            File.Delete(staged);
        }
    }

    // What the source throws is the caller's own affair; what the disk throws is the store's.
    async Task WriteAsync(string key, Stream content, FileStream copy, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ContentHash.BufferBytes);
        try
        {
            while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                try
                {
                    await copy.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                    await copy.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    throw Failure("storing", key, error);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public Task PutManyAsync(IReadOnlyList<ObjectUpload> files, CancellationToken cancellationToken) => GuardAsync("storing", files.Count == 1 ? files[0].Key : null, () =>
    {
        if (files.Count == 0) return 0;
        var placed = new List<(string Staged, string Target)>(files.Count);
        foreach (var (key, file, known) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (staged, hash) = (file, known);
            if (!Path.GetFullPath(file).StartsWith(_root + '/', StringComparison.Ordinal))
            {
                using var source = File.OpenHandle(file);
                hash = Copy(source, staged = Stage(), cancellationToken);
            }
            PosixFiles.TrySetAttribute(staged, HashAttribute, hash ?? ContentHash.OfFile(staged, cancellationToken));
            placed.Add((staged, FileOf(key)));
        }
        var together = placed.Count >= FileSystemSyncFrom;
        if (together) PosixFiles.SyncFileSystem(Path.GetDirectoryName(placed[0].Staged)!);
        foreach (var (staged, target) in placed)
        {
            if (!together) PosixFiles.SyncFile(staged);
            MoveIn(staged, target);
        }
        if (together) PosixFiles.SyncFileSystem(_root);
        else foreach (var (_, target) in placed) SyncFolders(target);
        foreach (var (_, file, _) in files) File.Delete(file);
        return placed.Count;
    }, cancellationToken);

    public Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var (source, target) = (FileOf(from), FileOf(to));
        return GuardAsync("copying", from, () =>
        {
            using var handle = File.OpenHandle(source);
            var staged = Stage();
            // Objects are replaced and never changed, so two names may share the bytes.
            if (PosixFiles.TryLink(source, staged))
            {
                File.SetLastWriteTimeUtc(staged, time.GetUtcNow().UtcDateTime);
                MoveIn(staged, target);
                SyncFolders(target);
                // Renaming one name of a file over another name of it does nothing.
                File.Delete(staged);
                return;
            }
            Finish(to, staged, target, () => Copy(handle, staged, cancellationToken));
        }, cancellationToken);
    }

    public Task CopyManyAsync(IReadOnlyList<ObjectCopy> copies, CancellationToken cancellationToken) => GuardAsync("copying", copies.Count == 1 ? copies[0].From : null, () =>
    {
        var placed = new List<(string Staged, string Target)>(copies.Count);
        foreach (var (from, to) in copies)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (source, staged) = (FileOf(from), Stage());
            using var handle = File.OpenHandle(source);
            if (PosixFiles.TryLink(source, staged)) File.SetLastWriteTimeUtc(staged, time.GetUtcNow().UtcDateTime);
            else PosixFiles.TrySetAttribute(staged, HashAttribute, Copy(handle, staged, cancellationToken));
            placed.Add((staged, FileOf(to)));
        }
        if (placed.Count == 0) return 0;
        var together = placed.Count >= FileSystemSyncFrom;
        if (together) PosixFiles.SyncFileSystem(_root);
        foreach (var (staged, target) in placed)
        {
            if (!together) PosixFiles.SyncFile(staged);
            MoveIn(staged, target);
            // Renaming one name of a file over another name of it does nothing.
            File.Delete(staged);
        }
        if (together) PosixFiles.SyncFileSystem(_root);
        else foreach (var (_, target) in placed) SyncFolders(target);
        return placed.Count;
    }, cancellationToken);

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        var targets = keys.Select(FileOf).ToArray();
        return GuardAsync("removing", keys.Count == 1 ? keys.First() : null, () =>
        {
            foreach (var file in targets)
            {
                if (!File.Exists(file)) continue;
                File.Delete(file);
                RemoveEmpty(Path.GetDirectoryName(file)!);
                SyncFolders(file);
            }
        }, cancellationToken);
    }

    public Task<int> RemoveUnfinishedAsync(TimeSpan? olderThan, CancellationToken cancellationToken) => GuardAsync("cleaning", null, () =>
    {
        var incoming = new DirectoryInfo(Path.Combine(_root, Incoming));
        if (!incoming.Exists) return 0;
        var before = time.GetUtcNow() - olderThan;
        var old = incoming.GetFiles().Where(file => before is null || file.LastWriteTimeUtc < before).ToArray();
        foreach (var file in old) file.Delete();
        return old.Length;
    }, cancellationToken);

    string Stage()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, Incoming)).FullName;
        return Path.Combine(folder, Guid.CreateVersion7(time.GetUtcNow()).ToString("N"));
    }

    ObjectInfo Finish(string key, string staged, string target, Func<string> write)
    {
        try
        {
            var hash = write();
            PosixFiles.TrySetAttribute(staged, HashAttribute, hash);
            PosixFiles.SyncFile(staged);
            using var handle = File.OpenHandle(staged);
            MoveIn(staged, target);
            SyncFolders(target);
            return Describe(key, handle, hash);
        }
        finally
        {
            File.Delete(staged);
        }
    }

    /// <summary>Copies and hashes in one pass.</summary>
    static string Copy(SafeFileHandle source, string target, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var copy = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write);
        var buffer = ArrayPool<byte>.Shared.Rent(ContentHash.BufferBytes);
        try
        {
            for (var at = 0L; RandomAccess.Read(source, buffer, at) is > 0 and var read; at += read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                RandomAccess.Write(copy, buffer.AsSpan(0, read), at);
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Whoever removes the last object of a folder removes the folder too, perhaps just now.
    static void MoveIn(string staged, string target)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Move(staged, target, overwrite: true);
                return;
            }
            catch (IOException error) when (FolderWentAway(error) && attempt < PlacingAttempts && File.Exists(staged))
            {
                // made anew
            }
        }
    }

    // "Already there" is said of a folder that stood when it was to be made and was gone when the runtime looked whether it is one.
    static bool FolderWentAway(IOException error) =>
        error is DirectoryNotFoundException or FileNotFoundException or { HResult: PosixFiles.AlreadyThere };

    // The folders above may be new, each a name in the one above; one that is gone again is a name that the one above no longer has.
    void SyncFolders(string file)
    {
        for (var folder = Path.GetDirectoryName(file)!; folder.Length >= _root.Length; folder = Path.GetDirectoryName(folder)!)
            PosixFiles.TrySyncFolder(folder);
    }

    void RemoveEmpty(string folder)
    {
        for (; folder.Length > _root.Length; folder = Path.GetDirectoryName(folder)!)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (DirectoryNotFoundException)
            {
                // another was here first
            }
            catch (IOException)
            {
                // not empty
                return;
            }
        }
    }
}
