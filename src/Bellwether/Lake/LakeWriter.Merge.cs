using System.Data;
using System.Text;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

/// <remarks>The file of a sealed day is the only place of its rows: a new one holds those, and what came late, and not what was removed.</remarks>
public sealed partial class LakeWriter
{
    /// <summary>New files of sealed days beside the lake, and the revisions that they belong to, as of one moment.</summary>
    /// <exception cref="LakeException">A file is missing, or does not hold what the manifest says.</exception>
    async Task<Batch> StageMergedAsync(Run run, DateOnly[] days, CancellationToken cancellationToken)
    {
        var folder = EmptyFolder(run);
        await using var source = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var snapshot = await source.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await using (var sort = new NpgsqlCommand("SET LOCAL work_mem = '64MB'", source, snapshot))
            await sort.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        var batch = new Batch(await ReadRevisionsAsync(source, days, cancellationToken).ConfigureAwait(false), [], []);
        var entries = await LakeManifest.ReadAsync(source, days, cancellationToken).ConfigureAwait(false);
        if (days.Except(entries.Select(entry => entry.File.Day)).ToArray() is [var lost, ..])
            throw new LakeException($"{lost:O} is sealed, and the manifest has no file of it; restore the database from a backup");
        var removed = await ReadRemovedAsync(source, days, cancellationToken).ConfigureAwait(false);
        var late = await ReadLateAsync(source, days, batch, cancellationToken).ConfigureAwait(false);

        var opened = await _files.OpenAsync([.. entries.Select(entry => entry.File)], cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var (entry, (file, reason)) in entries.Zip(opened))
                if (file is null) throw new LakeException($"the lake file {entry.File.Path} of a sealed day {reason}; restore it from a backup");
            using var files = new LakeMergedFiles(run.Files, [.. opened.Select(found => LakeVerifier.PathOf(found.File!))], removed, late, cancellationToken);
            await Task.Run(files.Start, cancellationToken).ConfigureAwait(false);
            await using (var stream = await source.BeginRawBinaryCopyAsync(
                PostgresToDuckDb.Copy(HotRows.SelectNewest(LakeSchema.Columns, HotRows.In(days))), cancellationToken).ConfigureAwait(false))
            {
                using var rows = new PostgresCopyReader(stream, LakeSchema.Columns.Length);
                await new LakeDayFiles(run.Lake, run.Source, folder, batch).MergeAsync(rows, files, cancellationToken).ConfigureAwait(false);
            }
            RequireSound(entries, files.Found);
        }
        catch (DuckDbException error) when (error.ErrorClass != "IO" || error.Message.Contains("/proc/self/fd/", StringComparison.Ordinal))
        {
            throw new LakeException($"a file of the days {days[0]:O} to {days[^1]:O} cannot be read: {error.Message}. `bellwether lake verify` names it", error);
        }
        finally
        {
            foreach (var (file, _) in opened) file?.Dispose();
        }
        await snapshot.CommitAsync(cancellationToken).ConfigureAwait(false);
        return batch;
    }

    static void RequireSound(List<LakeEntry> entries, Dictionary<DateOnly, LakeDigest> found)
    {
        foreach (var entry in entries)
            if (!found.TryGetValue(entry.File.Day, out var digest) || digest.ToString() != entry.Digest)
                throw new LakeException($"the lake file {entry.File.Path} holds {digest?.ToString() ?? "nothing"}; the manifest says {entry.Digest}. Restore it from a backup");
    }

    static async Task<HashSet<LakeKey>> ReadRemovedAsync(NpgsqlConnection source, DateOnly[] days, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT day, article_id, ticker FROM ops.lake_removals WHERE day = ANY($1)", source);
        command.Parameters.Add(Days(days));
        var removed = new HashSet<LakeKey>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            removed.Add(LakeKey.Of(row.GetFieldValue<DateOnly>(0), Encoding.UTF8.GetBytes(row.GetString(1)), Encoding.UTF8.GetBytes(row.GetString(2))));
        return removed;
    }

    /// <summary>Keys of the hot rows with the time at which each was known, in microseconds since 1970; and how many rows there are of each day.</summary>
    static async Task<Dictionary<LakeKey, long>> ReadLateAsync(NpgsqlConnection source, DateOnly[] days, Batch batch, CancellationToken cancellationToken)
    {
        LakeColumn[] columns = [LakeSchema.Columns[LakeSchema.Timestamp], LakeSchema.Columns[LakeSchema.Ticker], LakeSchema.Columns[LakeSchema.ArticleId], new("processing_timestamp_utc", LakeKind.Timestamp)];
        var late = new Dictionary<LakeKey, long>();
        await using var stream = await source.BeginRawBinaryCopyAsync(PostgresToDuckDb.Copy(HotRows.Select(columns, HotRows.In(days))), cancellationToken).ConfigureAwait(false);
        using var rows = new PostgresCopyReader(stream, columns.Length);
        while (await rows.FillAsync(cancellationToken).ConfigureAwait(false))
            while (rows.Next())
            {
                var day = LakeDayFiles.DayOf(PostgresToDuckDb.Timestamp(rows.Field(0)));
                var key = LakeKey.Of(day, rows.Field(2), rows.Field(1));
                var known = PostgresToDuckDb.Timestamp(rows.Field(3));
                batch.HotRows[day] = batch.HotRows.GetValueOrDefault(day) + 1;
                late[key] = late.TryGetValue(key, out var other) ? Math.Max(other, known) : known;
            }
        return late;
    }

    /// <summary>
    /// Manifest, hot rows and foreign partitions of merged days, in one transaction. A day that changed since it was read waits for the next run;
    /// the days that were recorded are returned.
    /// </summary>
    async Task<HashSet<DateOnly>> RecordMergedAsync(
        NpgsqlConnection owner, Batch batch, List<WrittenFile> files, DateOnly[] empty, CancellationToken cancellationToken)
    {
        var (recorded, _) = await TierSwitch.RunAsync(owner, time, async transaction =>
        {
            var now = await LockRevisionsAsync(owner, [.. batch.Revisions.Keys], cancellationToken).ConfigureAwait(false);
            HashSet<DateOnly> same = [.. batch.Revisions.Where(day => now.TryGetValue(day.Key, out var revision) && revision == day.Value).Select(day => day.Key)];
            if (same.Count == 0) return (same, false);
            await RecordAsync(owner, transaction, batch.Only(same), files.FindAll(file => same.Contains(file.Day)), [.. empty.Where(same.Contains)], cancellationToken)
                .ConfigureAwait(false);
            var (_, deleted) = await HotPartitions.RemoveAsync(owner, same.ToDictionary(day => day, day => batch.HotRows.GetValueOrDefault(day)), cancellationToken)
                .ConfigureAwait(false);
            var removals = await ClearAsync(owner, [.. same], [.. empty.Where(same.Contains)], cancellationToken).ConfigureAwait(false);
            await AlterAsync(owner, files.FindAll(file => same.Contains(file.Day)), [.. empty.Where(same.Contains)], cancellationToken).ConfigureAwait(false);
            return (same, deleted || removals > 0);
        }, cancellationToken).ConfigureAwait(false);
        return recorded;
    }

    static async Task<Dictionary<DateOnly, long>> LockRevisionsAsync(NpgsqlConnection owner, DateOnly[] days, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT day, revision FROM ops.lake_days WHERE day = ANY($1) AND sealed_at IS NOT NULL ORDER BY day FOR UPDATE", owner);
        command.Parameters.Add(Days(days));
        var revisions = new Dictionary<DateOnly, long>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) revisions.Add(row.GetFieldValue<DateOnly>(0), row.GetInt64(1));
        return revisions;
    }

    /// <summary>Rows and removals are in the files now; a day without any row left is not sealed any more. Returns how many removals were done.</summary>
    static async Task<int> ClearAsync(NpgsqlConnection owner, DateOnly[] days, DateOnly[] empty, CancellationToken cancellationToken)
    {
        await using (var hot = new NpgsqlCommand("UPDATE ops.lake_days SET hot_rows = 0, sealed_at = CASE WHEN day = ANY($2) THEN NULL ELSE sealed_at END WHERE day = ANY($1)", owner))
        {
            hot.Parameters.Add(Days(days));
            hot.Parameters.Add(Days(empty));
            await hot.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await using var removals = new NpgsqlCommand("DELETE FROM ops.lake_removals WHERE day = ANY($1)", owner);
        removals.Parameters.Add(Days(days));
        return await removals.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    async Task AlterAsync(NpgsqlConnection owner, List<WrittenFile> files, DateOnly[] empty, CancellationToken cancellationToken)
    {
        var existing = await ColdPartitions.ExistingAsync(owner, [.. files.Select(file => file.Day), .. empty], cancellationToken).ConfigureAwait(false);
        if (existing.Count == 0) return;
        if (cold is null) throw new LakeException("PostgreSQL reads sealed days of this lake, and this program was started in a way that cannot tell it of new files");
        var sql = string.Concat(files.Where(file => existing.Contains(file.Day)).Select(file => ColdPartitions.Alter(cold, file.Day, file.Sha256))
            .Concat(empty.Where(existing.Contains).Select(ColdPartitions.Drop)));
        await using var command = new NpgsqlCommand(sql, owner);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
