using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake;

/// <summary>
/// Writes days anew from which rows were taken for good, and removes what still holds these rows: replaced versions, their copies in the cache,
/// and the indexed copy in PostgreSQL.
/// </summary>
/// <param name="cold">How PostgreSQL reads sealed days; null where it does not.</param>
/// <param name="viewDays">Days that the indexed copy goes back; null for all.</param>
public sealed class LakePurge(NpgsqlDataSource database, LakeOptions options, ColdTier? cold, int? viewDays, TimeProvider time)
{
    // A sealed day that others change meanwhile waits for the next run.
    const int MostRuns = 5;

    /// <param name="days">Days that rows were taken from, in a transaction that is committed; others that are dirty are written too.</param>
    /// <exception cref="LakeException">Some of them are changing all the time, so that their new files could not be recorded.</exception>
    public async Task RunAsync(IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        // As they are now: whoever writes a day as of this revision, or of a later one, writes it without the rows. Its file may be the same as
        // before, where the rows had not been written yet.
        var wanted = await RevisionsAsync(days, cancellationToken).ConfigureAwait(false);
        for (var run = 1; ; run++)
        {
            await new LakeWriter(database, options, time, cold).WriteDirtyDaysAsync(null, cancellationToken).ConfigureAwait(false);
            var left = await LeftAsync(wanted, cancellationToken).ConfigureAwait(false);
            if (left == 0) break;
            if (run == MostRuns) throw new LakeException($"{left} days changed while they were written without the rows; run it again");
        }
        await SweepAsync(days, cancellationToken).ConfigureAwait(false);
        await using var copied = database.CreateCommand("SELECT relispopulated FROM pg_class WHERE oid = 'sentiment.all_sentiment_mv'::regclass");
        if (await copied.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
            await new SentimentCopy(database, viewDays, time).RefreshAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>No grace for anybody: a query that began before gets an error instead of what was removed.</summary>
    async Task SweepAsync(IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        await using var owner = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(owner, cancellationToken).ConfigureAwait(false);
        try
        {
            // What other days were before old files came into them stays, for a rollback.
            var before = await Legacy.LegacyRecords.FilesBeforeAsync(owner, options.KeepMigrated, cancellationToken).ConfigureAwait(false);
            var named = before.Where(file => !days.Contains(file.Value.Day)).ToDictionary(StringComparer.Ordinal);
            foreach (var entry in await LakeManifest.ReadAsync(owner, null, cancellationToken).ConfigureAwait(false))
                if (entry.File.Sha256 is { } hash) named[hash] = entry.File;
            await new LakeFiles(options, time).PurgeAsync(named, cancellationToken).ConfigureAwait(false);
            options.Store?.Cache.Keep(named.Keys.ToHashSet(StringComparer.Ordinal));
        }
        finally
        {
            await LakeLock.ReleaseAsync(owner).ConfigureAwait(false);
        }
    }

    /// <summary>These days and all that are dirty, which one that was cut off may have left so.</summary>
    async Task<Dictionary<DateOnly, long>> RevisionsAsync(IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT day, revision FROM ops.lake_days WHERE day = ANY($1) OR revision > written_revision");
        command.Parameters.Add(Days(days));
        var revisions = new Dictionary<DateOnly, long>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) revisions.Add(row.GetFieldValue<DateOnly>(0), row.GetInt64(1));
        return revisions;
    }

    async Task<long> LeftAsync(Dictionary<DateOnly, long> wanted, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT count(*) FROM unnest($1, $2) AS w(day, revision) JOIN ops.lake_days AS d USING (day) WHERE d.written_revision < w.revision");
        command.Parameters.Add(Days(wanted.Keys));
        command.Parameters.Add(new() { Value = wanted.Values.ToArray() });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static NpgsqlParameter Days(IEnumerable<DateOnly> days) => new() { Value = days.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };
}
