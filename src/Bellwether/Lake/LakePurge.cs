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
    /// <param name="days">Days that are dirty because of it; others that are dirty are written too.</param>
    /// <exception cref="LakeException">Some of them are changing all the time, so that their new files could not be recorded.</exception>
    public async Task RunAsync(IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        var old = await HashesAsync(days, cancellationToken).ConfigureAwait(false);
        await new LakeWriter(database, options, time, cold).WriteDirtyDaysAsync(null, cancellationToken).ConfigureAwait(false);
        var left = await HashesAsync(days, cancellationToken).ConfigureAwait(false);
        left.IntersectWith(old);
        if (left.Count > 0) throw new LakeException($"{left.Count} days changed while they were written without the rows; run it again");
        await SweepAsync([.. days], cancellationToken).ConfigureAwait(false);
        await using var copied = database.CreateCommand("SELECT relispopulated FROM pg_class WHERE oid = 'sentiment.all_sentiment_mv'::regclass");
        if (await copied.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
            await new SentimentCopy(database, viewDays, time).RefreshAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>No grace for anybody: a query that began before gets an error instead of what was removed.</summary>
    async Task SweepAsync(HashSet<DateOnly> days, CancellationToken cancellationToken)
    {
        await using var owner = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(owner, cancellationToken).ConfigureAwait(false);
        try
        {
            var named = await LakeWriter.ReadHashesAsync(owner, options, cancellationToken).ConfigureAwait(false);
            var now = await HashesAsync([.. days], cancellationToken).ConfigureAwait(false);
            // What such a day was before old files came into it goes, too: that migration cannot be taken back any more.
            foreach (var (hash, file) in named)
                if (days.Contains(file.Day) && !now.Contains(hash)) named.Remove(hash);
            await new LakeFiles(options with { KeepReplaced = TimeSpan.Zero }, time).SweepAsync(named, cancellationToken).ConfigureAwait(false);
            options.Store?.Cache.Keep(named.Keys.ToHashSet(StringComparer.Ordinal));
        }
        finally
        {
            await LakeLock.ReleaseAsync(owner).ConfigureAwait(false);
        }
    }

    async Task<HashSet<string>> HashesAsync(IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT file_sha256 FROM ops.lake_files WHERE day = ANY($1) AND file_sha256 IS NOT NULL");
        command.Parameters.Add(new() { Value = days.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) hashes.Add(row.GetString(0));
        return hashes;
    }
}
