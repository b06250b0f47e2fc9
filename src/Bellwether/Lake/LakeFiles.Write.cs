using System.Collections.Concurrent;
using Bellwether.Storage.Objects;

namespace Bellwether.Lake;

/// <remarks>
/// A new version of a day that has one goes under its hash first, is recorded, and only then takes the place of the day: the place follows from
/// the manifest, so whoever was cut off between the two is mended by the next run, and nobody can make the manifest's own version unreadable.
/// </remarks>
sealed partial class LakeFiles
{
    static readonly TimeSpan UnfinishedFor = TimeSpan.FromDays(1);
    static readonly Dictionary<DateOnly, LakeFile> Nothing = [];

    /// <summary>
    /// Stores files that are not recorded yet: those of days that have one already under their hash, so that nothing that is read now changes;
    /// the first ones of their days in their places.
    /// </summary>
    /// <param name="old">What the manifest has of these days.</param>
    public Task StoreAsync(IReadOnlyList<LakeFile> files, IReadOnlyDictionary<DateOnly, LakeFile> old, Func<LakeFile, string> source, CancellationToken cancellationToken) =>
        Objects.PutManyAsync(
            [.. files.Select(file => new ObjectUpload(old.ContainsKey(file.Day) ? Kept + file.Sha256 : file.Path, source(file), file.Sha256))], cancellationToken);

    /// <summary>
    /// Puts recorded files, which are kept under their hashes, into the places of their days. What stood there stays under its own hash,
    /// whatever it was: a run that was cut off, or one that had lost its lock, may have put it there.
    /// </summary>
    /// <param name="old">What the manifest had of these days before.</param>
    public async Task PlaceAsync(IReadOnlyList<LakeFile> files, IReadOnlyDictionary<DateOnly, LakeFile> old, CancellationToken cancellationToken)
    {
        var (keep, place) = (new ConcurrentBag<ObjectCopy>(), new ConcurrentBag<ObjectCopy>());
        await Parallel.ForEachAsync(files, AtOnce(cancellationToken), async (file, token) =>
        {
            var found = await Objects.HeadAsync(file.Path, token).ConfigureAwait(false);
            if (IsMeant(found, file)) return;
            var there = old.TryGetValue(file.Day, out var before) && before.Sha256 is not null && IsMeant(found, before) ? before.Sha256 : found?.Sha256;
            if (there is not null) keep.Add(new(file.Path, Kept + there));
            place.Add(new(Kept + file.Sha256, file.Path));
        }).ConfigureAwait(false);
        await Objects.CopyManyAsync([.. keep], cancellationToken).ConfigureAwait(false);
        await Objects.CopyManyAsync([.. place], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes files away that the manifest still names; they stay under their hashes.</summary>
    public async Task RemoveAsync(IReadOnlyList<LakeFile> files, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(files, AtOnce(cancellationToken), async (file, token) =>
        {
            if (file.Sha256 is { } hash && IsMeant(await Objects.HeadAsync(file.Path, token).ConfigureAwait(false), file)) await KeepAsync(file, hash, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await Objects.DeleteAsync([.. files.Select(file => file.Path)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets copies under hashes.</summary>
    public Task ForgetKeptAsync(IEnumerable<LakeFile> files, CancellationToken cancellationToken) =>
        Objects.DeleteAsync([.. files.Select(file => Kept + file.Sha256)], cancellationToken);

    /// <summary>
    /// Mends places that do not hold what the manifest names, from what is kept; returns those that are as they should be now.
    /// </summary>
    public async Task<IReadOnlyList<LakeFile>> RepairAsync(IReadOnlyList<LakeFile> files, CancellationToken cancellationToken)
    {
        var sound = new ConcurrentBag<LakeFile>();
        await Parallel.ForEachAsync(files.Where(file => file.Sha256 is not null), AtOnce(cancellationToken), async (file, token) =>
        {
            if (!IsMeant(await Objects.HeadAsync(file.Path, token).ConfigureAwait(false), file))
            {
                if (await Objects.HeadAsync(Kept + file.Sha256, token).ConfigureAwait(false) is null) return;
                await PlaceAsync([file], Nothing, token).ConfigureAwait(false);
            }
            sound.Add(file);
        }).ConfigureAwait(false);
        return [.. sound];
    }

    /// <summary>Stores a copy of a file under its hash, unless it can be had already; returns whether it could not.</summary>
    public async Task<bool> BringAsync(LakeFile file, string source, CancellationToken cancellationToken)
    {
        if (await Objects.HeadAsync(file.Path, cancellationToken).ConfigureAwait(false) is { Sha256: { } there } && there == file.Sha256) return false;
        if (await Objects.HeadAsync(Kept + file.Sha256, cancellationToken).ConfigureAwait(false) is { Sha256: { } kept } && kept == file.Sha256) return false;
        await Objects.PutAsync(Kept + file.Sha256, source, cancellationToken).ConfigureAwait(false);
        return true;
    }

    Task KeepAsync(LakeFile file, string hash, CancellationToken cancellationToken) => Objects.CopyAsync(file.Path, Kept + hash, cancellationToken);

    /// <summary>Removes what was kept for long enough, and what uploads that were cut off have left.</summary>
    /// <param name="named">Files in the manifest: one that is not in its place is kept however old it is.</param>
    public Task SweepAsync(IReadOnlyDictionary<string, LakeFile> named, CancellationToken cancellationToken) =>
        SweepAsync(named, _time.GetUtcNow() - _options.KeepReplaced, cancellationToken);

    /// <summary>
    /// Removes everything that is kept, and what killed processes were about to put in place, however young it is: only for the holder of
    /// <see cref="LakeLock"/>. No time is looked at: the clock of a store is not that of this machine.
    /// </summary>
    /// <param name="named">As above.</param>
    public Task PurgeAsync(IReadOnlyDictionary<string, LakeFile> named, CancellationToken cancellationToken) => SweepAsync(named, null, cancellationToken);

    /// <param name="before">Only what is older; null for all.</param>
    async Task SweepAsync(IReadOnlyDictionary<string, LakeFile> named, DateTimeOffset? before, CancellationToken cancellationToken)
    {
        var old = new List<string>();
        await foreach (var kept in Objects.ListAsync(Kept, null, cancellationToken).ConfigureAwait(false))
        {
            if (before is { } moment && kept.Modified >= moment) continue;
            if (named.TryGetValue(kept.Key[Kept.Length..], out var file) && !IsMeant(await Objects.HeadAsync(file.Path, cancellationToken).ConfigureAwait(false), file)) continue;
            old.Add(kept.Key);
        }
        await Objects.DeleteAsync(old, cancellationToken).ConfigureAwait(false);
        await Objects.RemoveUnfinishedAsync(before is null ? null : UnfinishedFor, cancellationToken).ConfigureAwait(false);
    }
}
