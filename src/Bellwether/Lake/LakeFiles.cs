using Bellwether.Storage.Objects;

namespace Bellwether.Lake;

/// <summary>A lake in a store of objects, read by way of a folder of this machine.</summary>
public sealed record LakeStore(IObjectStore Objects, ObjectCache Cache);

/// <summary>A file as the manifest has it.</summary>
/// <param name="Sha256">Of the file; null where it was written before that was recorded.</param>
readonly record struct LakeFile(DateOnly Day, string Path, long Rows, long Bytes, string? Sha256);

/// <summary>
/// The lake's files, in a folder or in a store. The file of a day has one place, so that other tools find each row once. What it replaces stays
/// under its hash for a while, so that whoever goes by the manifest of a moment ago finds what that manifest means.
/// </summary>
sealed class LakeFiles
{
    // No ending: who looks for *.parquet must not find rows twice.
    const string Kept = "_kept/";
    const int MostAtOnce = 8;
    static readonly TimeSpan UnfinishedFor = TimeSpan.FromDays(1);

    readonly LakeOptions _options;
    readonly TimeProvider _time;

    public LakeFiles(LakeOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        var folder = new DirectoryInfo(options.Directory);
        // The lake itself may be reached through a link; nothing inside it may.
        Root = folder.Exists ? folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName : folder.FullName;
        Objects = options.Store?.Objects ?? new LocalObjectStore(Root, time);
    }

    /// <summary>Folder of the lake, or of what is on its way to the store.</summary>
    public string Root { get; }

    public IObjectStore Objects { get; }

    /// <summary>Keeps what the manifest still names, then puts the files in the places of their days and takes the others away.</summary>
    public async Task ReplaceAsync(
        IReadOnlyList<LakeFile> old, IReadOnlyList<ObjectUpload> files, IReadOnlyList<string> gone, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(old.Where(file => file.Sha256 is not null), AtOnce(cancellationToken), async (file, token) =>
        {
            // A run that was cut off may have replaced it already; it is kept then.
            if (IsMeant(await Objects.HeadAsync(file.Path, token).ConfigureAwait(false), file))
                await Objects.CopyAsync(file.Path, Kept + file.Sha256, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await Objects.PutManyAsync(files, cancellationToken).ConfigureAwait(false);
        await Objects.DeleteAsync(gone, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes what was kept for long enough, and what uploads that were cut off have left.</summary>
    /// <param name="named">Hashes in the manifest: a run that was cut off may have left them kept only.</param>
    public async Task SweepAsync(IReadOnlySet<string> named, CancellationToken cancellationToken)
    {
        var before = _time.GetUtcNow() - _options.KeepReplaced;
        var old = new List<string>();
        await foreach (var kept in Objects.ListAsync(Kept, null, cancellationToken).ConfigureAwait(false))
            if (kept.Modified < before && !named.Contains(kept.Key[Kept.Length..])) old.Add(kept.Key);
        await Objects.DeleteAsync(old, cancellationToken).ConfigureAwait(false);
        await Objects.RemoveUnfinishedAsync(UnfinishedFor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens files, each as the manifest has it; in the same order, with the reason in place of one that cannot be had.</summary>
    /// <exception cref="ObjectStoreException">The store cannot be asked.</exception>
    public async Task<(FileStream? File, string Reason)[]> OpenAsync(IReadOnlyList<LakeFile> files, CancellationToken cancellationToken)
    {
        var opened = new (FileStream? File, string Reason)[files.Count];
        try
        {
            if (_options.Store is not { } store)
            {
                for (var i = 0; i < opened.Length; i++) opened[i] = Open(files[i]);
                return opened;
            }
            await Parallel.ForEachAsync(Enumerable.Range(0, opened.Length), AtOnce(cancellationToken), async (i, token) =>
                opened[i] = await FetchAsync(store, files[i], token).ConfigureAwait(false)).ConfigureAwait(false);
            return opened;
        }
        catch
        {
            foreach (var (file, _) in opened) file?.Dispose();
            throw;
        }
    }

    /// <summary>Objects that other tools have put there have no recorded hash; reading one will tell.</summary>
    static bool IsMeant(ObjectInfo? found, LakeFile wanted) =>
        found is not null && (found.Sha256 is { } hash ? hash == wanted.Sha256 : found.Size == wanted.Bytes);

    static ParallelOptions AtOnce(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken };

    (FileStream? File, string Reason) Open(LakeFile wanted)
    {
        var found = Open(wanted.Path, wanted);
        if (found.File is not null || wanted.Sha256 is not { } hash) return found;
        var kept = Open(Kept + hash, wanted);
        return kept.File is null ? found : kept;
    }

    (FileStream? File, string Reason) Open(string path, LakeFile wanted)
    {
        FileStream file;
        var full = Path.Combine(Root, path);
        try
        {
            file = new(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, "is missing");
        }
        // The kernel's own name of what was opened shows every link on the way.
        var opened = File.ResolveLinkTarget($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName;
        var recorded = PosixFiles.Attribute(file.SafeFileHandle, LocalObjectStore.HashAttribute);
        var reason = opened != full ? "is reached through a link"
            : file.Length != wanted.Bytes ? $"has {file.Length} bytes, not {wanted.Bytes}"
            : wanted.Sha256 is not null && recorded is not null && recorded != wanted.Sha256 ? "is another than the manifest names" : "";
        if (reason.Length == 0) return (file, "");
        file.Dispose();
        return (null, reason);
    }

    async Task<(FileStream? File, string Reason)> FetchAsync(LakeStore store, LakeFile wanted, CancellationToken cancellationToken)
    {
        if (wanted.Sha256 is not { } hash) return (null, "has no recorded hash");
        try
        {
            return (await store.Cache.HoldAsync(hash, async (target, token) =>
            {
                var inPlace = IsMeant(await Objects.HeadAsync(wanted.Path, token).ConfigureAwait(false), wanted);
                await Objects.GetAsync(inPlace ? wanted.Path : Kept + hash, target, hash, token).ConfigureAwait(false);
            }, cancellationToken).ConfigureAwait(false), "");
        }
        catch (ObjectStoreException error) when (error.Fault == ObjectStoreFault.NotFound)
        {
            return (null, $"is missing in {Objects.Place}, or another than the manifest names");
        }
        catch (ObjectStoreException error) when (error.Fault == ObjectStoreFault.Corrupt)
        {
            return (null, $"is damaged in {Objects.Place}");
        }
    }
}
