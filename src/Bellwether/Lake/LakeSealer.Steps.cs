using System.Data;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

public sealed partial class LakeSealer
{
    static async Task<List<Candidate>> ReadAsync(NpgsqlConnection connection, DateOnly before, CancellationToken cancellationToken)
    {
        var entries = (await LakeManifest.ReadAsync(connection, null, cancellationToken).ConfigureAwait(false)).ToDictionary(entry => entry.File.Day);
        var partitions = await HotPartitions.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand("""
            SELECT day, revision, revision > written_revision, hot_rows FROM ops.lake_days WHERE sealed_at IS NULL AND day < $1 ORDER BY day
            """, connection);
        command.Parameters.Add(new() { Value = before });
        var days = new List<(DateOnly Day, long Revision, bool Dirty, long HotRows)>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                days.Add((row.GetFieldValue<DateOnly>(0), row.GetInt64(1), row.GetBoolean(2), row.GetInt64(3)));

        var found = new List<Candidate>(days.Count);
        foreach (var (day, revision, dirty, hot) in days)
        {
            var known = entries.TryGetValue(day, out var entry);
            // A day without rows and file is a day without anything.
            if (!known && !dirty) continue;
            var reason = dirty ? "has changes that are not written yet; `bellwether lake write` does it"
                : entry.File.Sha256 is null ? "was written before hashes were recorded; a new row or `bellwether lake write` after one makes it anew" : null;
            var partition = partitions.Find(partition => partition.Holds(day));
            var share = partition.IsDay ? partition.Bytes
                : days.Where(other => partition.Holds(other.Day)).Sum(other => other.HotRows) is > 0 and var all ? (long)((double)partition.Bytes * hot / all) : 0;
            found.Add(new(new(day, known ? entry.File.Rows : hot, share, reason), entry, revision));
        }
        return found;
    }

    /// <summary>Those of the days whose file, read now to its end, has exactly the rows that are hot.</summary>
    async Task<List<Candidate>> VerifyAsync(NpgsqlConnection owner, DuckDbConnection lake, Candidate[] batch, Run run, CancellationToken cancellationToken)
    {
        var bad = new List<BadLakeFile>();
        var reading = LakeVerifier.VerifyAsync(_files, lake, [.. batch.Select(day => day.Entry)], bad, cancellationToken);
        var hot = await HotDigestsAsync([.. batch.Select(day => day.Plan.Day)], cancellationToken).ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        var sound = new List<Candidate>(batch.Length);
        foreach (var day in batch)
        {
            if (bad.Find(file => file.Path == day.Entry.File.Path) is { } file) run.Block(day.Plan, $"its file {file.Path} {file.Reason}");
            else if (!hot.TryGetValue(day.Plan.Day, out var found) || found.Revision != day.Revision) run.Block(day.Plan, "was changed meanwhile");
            else if (found.Digest.ToString() != day.Entry.Digest)
                run.Block(day.Plan, $"has hot rows that differ from its file: {found.Digest}, and not {day.Entry.Digest}; something has changed rows past the program");
            else sound.Add(day);
        }
        run.Report();
        return sound;
    }

    /// <summary>What the hot rows of days are, with the revision, as of one moment.</summary>
    async Task<Dictionary<DateOnly, (LakeDigest Digest, long Revision)>> HotDigestsAsync(DateOnly[] days, CancellationToken cancellationToken)
    {
        await using var source = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var snapshot = await source.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        var found = new Dictionary<DateOnly, (LakeDigest Digest, long Revision)>();
        await using (var command = new NpgsqlCommand("SELECT day, revision FROM ops.lake_days WHERE day = ANY($1) AND revision = written_revision", source))
        {
            command.Parameters.Add(new() { Value = days });
            await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add(row.GetFieldValue<DateOnly>(0), (new(), row.GetInt64(1)));
        }
        await using (var stream = await source.BeginRawBinaryCopyAsync(
            PostgresToDuckDb.Copy(HotRows.Select(LakeSchema.Columns, HotRows.In(days))), cancellationToken).ConfigureAwait(false))
        {
            using var rows = new PostgresCopyReader(stream, LakeSchema.Columns.Length);
            var encoder = new LakeRowEncoder();
            while (await rows.FillAsync(cancellationToken).ConfigureAwait(false))
                while (rows.Next())
                {
                    var timestamp = PostgresToDuckDb.Timestamp(rows.Field(LakeSchema.Timestamp));
                    encoder.Encode(rows);
                    if (found.TryGetValue(LakeDayFiles.DayOf(timestamp), out var day)) day.Digest.Add(timestamp, encoder.Row);
                }
        }
        await snapshot.CommitAsync(cancellationToken).ConfigureAwait(false);
        return found;
    }

    /// <summary>The hot rows go, the foreign partitions come, and the days are sealed, all at once. Days that changed by then stay as they are.</summary>
    async Task SwitchAsync(NpgsqlConnection owner, List<Candidate> days, Run run, CancellationToken cancellationToken)
    {
        while (days.Count > 0)
        {
            var attach = cold is null ? "" : await ColdPartitions.PrepareAsync(
                owner, cold, [.. days.Select(day => (day.Plan.Day, day.Entry.File.Sha256!))], cancellationToken).ConfigureAwait(false);
            var ((changed, bytes), held) = await TierSwitch.RunAsync(owner, time, async _ =>
            {
                var changed = await ChangedAsync(owner, days, cancellationToken).ConfigureAwait(false);
                // The partitions of a whole month stand ready and fit these days only: without the changed ones they are made anew.
                if (changed.Count > 0) return ((changed, 0L), false);
                var (bytes, deleted) = await HotPartitions.RemoveAsync(owner, days.ToDictionary(day => day.Plan.Day, day => day.Plan.Rows), cancellationToken)
                    .ConfigureAwait(false);
                await MarkAsync(owner, [.. days.Select(day => day.Plan.Day)], attach, cancellationToken).ConfigureAwait(false);
                return ((changed, bytes), deleted);
            }, cancellationToken).ConfigureAwait(false);
            run.DatabaseTime += held;
            if (changed.Count == 0)
            {
                run.Days += days.Count;
                run.Rows += days.Sum(day => day.Plan.Rows);
                run.Bytes += bytes;
                run.Report();
                return;
            }
            foreach (var day in days.Where(day => changed.Contains(day.Plan.Day))) run.Block(day.Plan, "was changed meanwhile");
            days = days.FindAll(day => !changed.Contains(day.Plan.Day));
        }
    }

    static async Task<HashSet<DateOnly>> ChangedAsync(NpgsqlConnection owner, List<Candidate> days, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT d.day FROM ops.lake_days d JOIN ops.lake_files f USING (day) JOIN unnest($1, $2, $3) AS w (day, revision, hash) USING (day)
            WHERE d.sealed_at IS NULL AND d.revision = w.revision AND d.written_revision = w.revision AND f.file_sha256 = w.hash
            ORDER BY d.day FOR UPDATE OF d
            """, owner);
        command.Parameters.Add(new() { Value = days.Select(day => day.Plan.Day).ToArray() });
        command.Parameters.Add(new() { Value = days.Select(day => day.Revision).ToArray() });
        command.Parameters.Add(new() { Value = days.Select(day => day.Entry.File.Sha256!).ToArray() });
        var changed = days.Select(day => day.Plan.Day).ToHashSet();
        await using var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) changed.Remove(row.GetFieldValue<DateOnly>(0));
        return changed;
    }

    async Task MarkAsync(NpgsqlConnection owner, DateOnly[] days, string attach, CancellationToken cancellationToken)
    {
        if (attach.Length > 0)
        {
            await using var partitions = new NpgsqlCommand(attach, owner);
            await partitions.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        await using var mark = new NpgsqlCommand("UPDATE ops.lake_days SET sealed_at = $2, hot_rows = 0 WHERE day = ANY($1)", owner);
        mark.Parameters.Add(new() { Value = days });
        mark.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await mark.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
