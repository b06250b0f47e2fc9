using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Retention.Erase;

/// <summary>
/// Removes all data of one account from every place that this program keeps: posts, scores, results of both tiers, influencers, records of the
/// event log, dead letters, archives, live states, what is counted of it and forecast from that, and copies that other work has made of them. Keys of the inbox stay, which are hashes: so a
/// refetch is known and is not taken in again. It may be cut off and run again; what stands in a text of somebody else is not touched.
/// </summary>
/// <param name="dataDirectory">Folder of the desk, where drills of backups are made.</param>
public sealed partial class Eraser(
    NpgsqlDataSource database, LakeOptions lake, LakePurge purge, LakeColdRows? cold, ArchiveOptions archive, ScoringOptions scoring, IHotStore hot, string dataDirectory,
    bool usesKafka, TimeProvider time)
{
    const int MostNamed = 3;

    static readonly HashSet<string> Nobody = [];

    /// <summary>Looks everywhere and changes nothing.</summary>
    /// <exception cref="HotStoreException">The hot store cannot be asked.</exception>
    public async Task<ErasureFound> FindAsync(ErasureSubject subject, CancellationToken cancellationToken)
    {
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        using var workshop = new ArchiveWorkshop(archive, time);
        var cutOff = await ErasureReceipt.UnfinishedAsync(database, subject, cancellationToken).ConfigureAwait(false);
        var found = await FindAsync(subject, mine.Connection, workshop, cutOff?.Posts ?? [], Nobody, cancellationToken).ConfigureAwait(false);
        return new(found.Counts, [.. found.Unreadable.Select(file => new BadArchiveFile(file.File.Key, file.Reason))], Notes(found));
    }

    /// <summary>Erases, looks again, and gives the receipt, which is stored.</summary>
    /// <exception cref="RetentionException">Something is still found, or could not be looked into. What could be erased is erased.</exception>
    /// <exception cref="HotStoreException">The hot store cannot be asked, so that it is not finished.</exception>
    public async Task<ErasureReceipt> EraseAsync(ErasureSubject subject, CancellationToken cancellationToken)
    {
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.SweepAsync(mine.Connection, archive.Objects, cancellationToken).ConfigureAwait(false);
        using var workshop = new ArchiveWorkshop(archive, time);
        var cutOff = await ErasureReceipt.UnfinishedAsync(database, subject, cancellationToken).ConfigureAwait(false);
        var found = await FindAsync(subject, mine.Connection, workshop, cutOff?.Posts ?? [], Nobody, cancellationToken).ConfigureAwait(false);
        var receipt = (cutOff ?? ErasureReceipt.Begin(subject, time.GetUtcNow())) with { Counts = Together(cutOff?.Counts, found.Counts) };
        // Scores tell only the post: of a file that cannot be read now they could not be found any more when the posts are gone.
        if (found.Unreadable.Exists(file => file.File.Table == subject.Scores)) receipt = receipt with { Posts = [.. found.Posts.Order(StringComparer.Ordinal)] };
        await receipt.StoreAsync(database, cancellationToken).ConfigureAwait(false);

        await SweepAsync(cancellationToken).ConfigureAwait(false);
        // Posts go last: by them everything else is found again by a run that follows one that was cut off.
        await RewriteAsync(found.Files.Where(file => file.File.Table != subject.Posts), mine.Connection, workshop, cancellationToken).ConfigureAwait(false);
        RemoveModels(found);
        var days = await RemoveAsync(subject, found, mine.Connection, cancellationToken).ConfigureAwait(false);
        if (days.Count > 0 || cutOff is not null) await purge.RunAsync(days, cancellationToken).ConfigureAwait(false);
        await RewriteAsync(found.Files.Where(file => file.File.Table == subject.Posts), mine.Connection, workshop, cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.SweepAsync(mine.Connection, archive.Objects, cancellationToken).ConfigureAwait(false);
        var touched = await RebuildAsync(found, cutOff is not null, cancellationToken).ConfigureAwait(false);

        var left = await FindAsync(subject, mine.Connection, workshop, receipt.Posts, touched, cancellationToken).ConfigureAwait(false);
        if (!left.IsEmpty)
            throw new RetentionException($"something came in while it was erased: {string.Join(", ", left.Counts.Where(c => c.Value > 0).Select(c => $"{c.Value} in {c.Key}"))}. Run it again");
        if (left.Unreadable.Count > 0) throw Unread(left.Unreadable);
        var done = receipt.Finish(receipt.Counts, Notes(left), time.GetUtcNow());
        await done.StoreAsync(database, cancellationToken).ConfigureAwait(false);
        return done;
    }

    static RetentionException Unread(List<(ArchiveFile File, string Reason)> files) => new(
        $"it is not finished: everything else is erased, and {files.Count} {(files.Count == 1 ? "file" : "files")} of the archive could not be looked into: "
        + string.Join("; ", files.Take(MostNamed).Select(file => $"{file.File.Key}: {file.Reason}")) + (files.Count > MostNamed ? "; and so on" : "")
        + ". Put them back, or write those off that are lost for good with `bellwether archive forget --lost FILE`; then run it again");

    string[] Notes(ErasureFinds found) =>
    [
        "copies outside of this desk are not reached: backups made before, versions that a bucket keeps, exports",
        .. usesKafka ? (string[])["records in Kafka cannot be removed one by one; they expire by the retention of their topics"] : [],
        .. found.Doubtful == 0 ? (string[])[] : [$"left as they are: {found.Doubtful} results or dead letters by an author of this id or name, of another source or of none that tells the platform"],
    ];

    /// <summary>What was found before an erasure was cut off is gone in part: the greater number is the whole.</summary>
    static SortedDictionary<string, long> Together(IReadOnlyDictionary<string, long>? before, IReadOnlyDictionary<string, long> now)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (place, count) in (before ?? counts).Concat(now)) counts[place] = Math.Max(count, counts.GetValueOrDefault(place));
        return counts;
    }

    /// <summary>Live states without the account's results; a ticker that has none left is forgotten. Returns the tickers.</summary>
    async Task<IReadOnlySet<string>> RebuildAsync(ErasureFinds found, bool all, CancellationToken cancellationToken)
    {
        var tickers = (all ? await Live.TickersAsync(cancellationToken).ConfigureAwait(false) : found.Tickers).ToHashSet(StringComparer.Ordinal);
        if (tickers.Count == 0 && !all) return tickers;
        await new TickerRebuild(database, scoring, cold).RunAsync(cancellationToken).ConfigureAwait(false);
        foreach (var ticker in tickers) await Live.RemoveAsync(ticker, cancellationToken).ConfigureAwait(false);
        return tickers;
    }
}
