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
sealed partial class LakeFiles
{
    // No ending: who looks for *.parquet must not find rows twice.
    const string Kept = "_kept/";
    const int MostAtOnce = 8;

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

    /// <summary>Those of the files that can be had, in their places or under their hashes; nothing is fetched.</summary>
    public async Task<IReadOnlyList<LakeFile>> FindAsync(IReadOnlyList<LakeFile> files, CancellationToken cancellationToken)
    {
        var found = new bool[files.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, found.Length), AtOnce(cancellationToken), async (i, token) =>
        {
            var placed = await Objects.HeadAsync(files[i].Path, token).ConfigureAwait(false);
            found[i] = files[i].Sha256 is not { } hash ? placed?.Size == files[i].Bytes
                : IsMeant(placed, files[i]) || await Objects.HeadAsync(Kept + hash, token).ConfigureAwait(false) is not null;
        }).ConfigureAwait(false);
        return [.. files.Where((_, i) => found[i])];
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
        if (kept.File is not null) return kept;
        // It may have been put in its place between the two looks.
        var placed = Open(wanted.Path, wanted);
        return placed.File is null ? found : placed;
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
            return (await store.Cache.HoldAsync(hash, (target, token) => FetchAsync(wanted, hash, target, token), cancellationToken).ConfigureAwait(false), "");
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

    async Task FetchAsync(LakeFile wanted, string hash, string target, CancellationToken cancellationToken)
    {
        var inPlace = IsMeant(await Objects.HeadAsync(wanted.Path, cancellationToken).ConfigureAwait(false), wanted);
        try
        {
            await Objects.GetAsync(inPlace ? wanted.Path : Kept + hash, target, hash, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException error) when (error.Fault == ObjectStoreFault.NotFound)
        {
            // Put in its place, or replaced and kept, between the two looks.
            if (!inPlace && !IsMeant(await Objects.HeadAsync(wanted.Path, cancellationToken).ConfigureAwait(false), wanted)) throw;
            await Objects.GetAsync(inPlace ? Kept + hash : wanted.Path, target, hash, cancellationToken).ConfigureAwait(false);
        }
    }
}
