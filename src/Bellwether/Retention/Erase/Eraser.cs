using Bellwether.Lake;
using Bellwether.Retention.Archive;
using Bellwether.Sentiment;
using Bellwether.Sentiment.HotStore;
using Npgsql;

namespace Bellwether.Retention.Erase;

/// <summary>
/// Removes all data of one account from every place that this program keeps: posts, scores, results of both tiers, influencers, records of the
/// event log, dead letters, archives and live states. Keys of the inbox stay, which are hashes: so a refetch is known and is not taken in
/// again. It may be cut off and run again; what stands in a text of somebody else is not touched.
/// </summary>
public sealed partial class Eraser(
    NpgsqlDataSource database, LakeOptions lake, LakePurge purge, LakeColdRows? cold, ArchiveOptions archive, ScoringOptions scoring, IHotStore hot, bool usesKafka, TimeProvider time)
{
    /// <summary>Looks everywhere and changes nothing; counts by place.</summary>
    public async Task<IReadOnlyDictionary<string, long>> FindAsync(ErasureSubject subject, CancellationToken cancellationToken)
    {
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        using var workshop = new ArchiveWorkshop(archive, time);
        return (await FindAsync(subject, mine.Connection, workshop, cancellationToken).ConfigureAwait(false)).Counts;
    }

    /// <summary>Erases, looks again, and gives the receipt, which is stored.</summary>
    /// <exception cref="RetentionException">Something is still found.</exception>
    public async Task<ErasureReceipt> EraseAsync(ErasureSubject subject, CancellationToken cancellationToken)
    {
        await using var mine = await RetentionLock.TakeAsync(database, cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.SweepAsync(mine.Connection, archive.Objects, cancellationToken).ConfigureAwait(false);
        using var workshop = new ArchiveWorkshop(archive, time);
        var cutOff = await ErasureReceipt.UnfinishedAsync(database, subject, cancellationToken).ConfigureAwait(false);
        var found = await FindAsync(subject, mine.Connection, workshop, cancellationToken).ConfigureAwait(false);
        var receipt = (cutOff ?? ErasureReceipt.Begin(subject, time.GetUtcNow())) with { Counts = Together(cutOff?.Counts, found.Counts) };
        await receipt.StoreAsync(database, cancellationToken).ConfigureAwait(false);

        // Posts go last: by them everything else is found again by a run that follows one that was cut off.
        await RewriteAsync(found.Files.Where(file => file.File.Table != subject.Posts), mine.Connection, workshop, cancellationToken).ConfigureAwait(false);
        var days = await RemoveAsync(subject, found, mine.Connection, cancellationToken).ConfigureAwait(false);
        if (days.Count > 0 || cutOff is not null) await purge.RunAsync(days, cancellationToken).ConfigureAwait(false);
        await RewriteAsync(found.Files.Where(file => file.File.Table == subject.Posts), mine.Connection, workshop, cancellationToken).ConfigureAwait(false);
        await ArchiveCatalog.SweepAsync(mine.Connection, archive.Objects, cancellationToken).ConfigureAwait(false);
        await RebuildAsync(found, cutOff is not null, cancellationToken).ConfigureAwait(false);

        var left = await FindAsync(subject, mine.Connection, workshop, cancellationToken).ConfigureAwait(false);
        if (!left.IsEmpty)
            throw new RetentionException($"something came in while it was erased: {string.Join(", ", left.Counts.Where(c => c.Value > 0).Select(c => $"{c.Value} in {c.Key}"))}. Run it again");
        var done = receipt.Finish(receipt.Counts, Notes(), time.GetUtcNow());
        await done.StoreAsync(database, cancellationToken).ConfigureAwait(false);
        return done;
    }

    string[] Notes() =>
    [
        "copies outside of this desk are not reached: backups made before, versions that a bucket keeps, exports",
        .. usesKafka ? (string[])["records in Kafka cannot be removed one by one; they expire by the retention of their topics"] : [],
    ];

    /// <summary>What was found before an erasure was cut off is gone in part: the greater number is the whole.</summary>
    static SortedDictionary<string, long> Together(IReadOnlyDictionary<string, long>? before, IReadOnlyDictionary<string, long> now)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (place, count) in (before ?? counts).Concat(now)) counts[place] = Math.Max(count, counts.GetValueOrDefault(place));
        return counts;
    }

    /// <summary>Live states without the account's results; a ticker that has none left is forgotten.</summary>
    async Task RebuildAsync(ErasureFinds found, bool all, CancellationToken cancellationToken)
    {
        var tickers = all ? await hot.TickersAsync(cancellationToken).ConfigureAwait(false) : [.. found.Keys.Select(key => key.Ticker).Where(ticker => ticker.Length > 0).Distinct()];
        if (tickers.Count == 0 && !all) return;
        await new TickerRebuild(database, scoring, cold).RunAsync(cancellationToken).ConfigureAwait(false);
        foreach (var ticker in tickers) await hot.RemoveAsync(ticker, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Archive files without some of their rows: written anew, compared, and put in the place of the old in one transaction.</summary>
    async Task RewriteAsync(
        IEnumerable<(ArchiveFile File, string Condition, long Rows)> files, NpgsqlConnection connection, ArchiveWorkshop workshop, CancellationToken cancellationToken)
    {
        foreach (var (file, condition, rows) in files)
        {
            var (path, rest) = (await workshop.FetchAsync(file, cancellationToken).ConfigureAwait(false), workshop.NewPath());
            workshop.Parquet.Filter(path, rest, $"NOT coalesce(({condition}), false)", cancellationToken);
            ArchiveWorkshop.Remove(path);
            var digest = workshop.Parquet.Read(rest, file.Columns, file.TimePlace, cancellationToken);
            if (digest.Rows + rows != file.Rows) throw new RetentionException($"{file.Key} would keep {digest.Rows} of {file.Rows} rows where {rows} are erased; nothing was changed in it");
            StagedFile[] staged = digest.Rows == 0 ? []
                : [workshop.Verified(rest, file.Columns, file.TimePlace, digest, file.Table, file.From, file.To, cancellationToken)];
            if (staged.Length > 0) await ArchiveCatalog.StoreAsync(database, workshop, staged, cancellationToken).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await ArchiveCatalog.ForgetAsync(connection, [file], cancellationToken).ConfigureAwait(false);
            await ArchiveCatalog.RecordAsync(connection, file.Table, file.Time, staged, cancellationToken).ConfigureAwait(false);
            if (staged.Length > 0 && file.RestoredAt is { } restored)
            {
                await using var mark = new NpgsqlCommand("UPDATE ops.archive_files SET restored_at = $2 WHERE key = $1", connection);
                mark.Parameters.Add(new() { Value = staged[0].Key });
                mark.Parameters.Add(ArchiveCatalog.Time(restored));
                await mark.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
