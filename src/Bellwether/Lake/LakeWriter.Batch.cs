using System.Data;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    async Task WriteBatchAsync(Run run, DirtyDays dirty, NpgsqlConnection owner, Totals total, CancellationToken cancellationToken)
    {
        var batch = dirty.Sealed
            ? await StageMergedAsync(run, dirty.Days, cancellationToken).ConfigureAwait(false)
            : await StageAsync(run, dirty.Days, cancellationToken).ConfigureAwait(false);
        var written = await Task.Run(() => Verify(batch, run, cancellationToken), cancellationToken).ConfigureAwait(false);
        var empty = batch.Revisions.Keys.Where(day => !batch.Sent.ContainsKey(day)).ToArray();

        // The lock must still be ours, which this asks too.
        var old = (await LakeManifest.ReadAsync(owner, [.. batch.Revisions.Keys], cancellationToken).ConfigureAwait(false)).ToDictionary(entry => entry.File.Day, entry => entry.File);
        var files = written.ConvertAll(file => new LakeFile(file.Day, LakePaths.OfDay(file.Day), file.Digest.Rows, file.Bytes, file.Sha256));
        var staged = written.ToDictionary(file => file.Day, file => file.Path);
        await _files.StoreAsync(files, old, file => staged[file.Day], cancellationToken).ConfigureAwait(false);
        await _files.RemoveAsync([.. empty.Where(old.ContainsKey).Select(day => old[day])], cancellationToken).ConfigureAwait(false);
        var recorded = dirty.Sealed
            ? await RecordMergedAsync(owner, batch, written, empty, cancellationToken).ConfigureAwait(false)
            : await RecordAsync(owner, batch, written, empty, cancellationToken).ConfigureAwait(false);

        LakeFile[] again = [.. files.Where(file => old.ContainsKey(file.Day) && recorded.Contains(file.Day))];
        await PlaceAsync(owner, again, old, dirty.Sealed, cancellationToken).ConfigureAwait(false);
        total.Written += written.Count(file => recorded.Contains(file.Day));
        total.Removed += empty.Count(recorded.Contains);
        total.Rows += written.Where(file => recorded.Contains(file.Day)).Sum(file => file.Digest.Rows);
        total.Bytes += written.Where(file => recorded.Contains(file.Day)).Sum(file => file.Bytes);
    }

    /// <summary>Files of the days beside the lake, and the revisions that they belong to, as of one moment.</summary>
    async Task<Batch> StageAsync(Run run, DateOnly[] days, CancellationToken cancellationToken)
    {
        var folder = EmptyFolder(run);
        await using var source = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var snapshot = await source.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        // PostgreSQL sorts, in bounded memory however wide the rows are; DuckDB's sort gives up at the memory limit.
        await using (var sort = new NpgsqlCommand("SET LOCAL work_mem = '64MB'", source, snapshot))
            await sort.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        var batch = new Batch(await ReadRevisionsAsync(source, days, cancellationToken).ConfigureAwait(false), [], []);
        await using (var stream = await source.BeginRawBinaryCopyAsync(
            PostgresToDuckDb.Copy(HotRows.SelectSorted(LakeSchema.Columns, HotRows.In(days))), cancellationToken).ConfigureAwait(false))
        {
            using var rows = new PostgresCopyReader(stream, LakeSchema.Columns.Length);
            await new LakeDayFiles(run.Lake, run.Source, folder, batch).WriteAsync(rows, cancellationToken).ConfigureAwait(false);
        }
        await snapshot.CommitAsync(cancellationToken).ConfigureAwait(false);
        return batch;
    }

    static string EmptyFolder(Run run)
    {
        var folder = Path.Combine(run.Staging, "files");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        return Directory.CreateDirectory(folder).FullName;
    }

    static async Task<Dictionary<DateOnly, long>> ReadRevisionsAsync(
        NpgsqlConnection source, DateOnly[] days, CancellationToken cancellationToken)
    {
        var revisions = new Dictionary<DateOnly, long>(days.Length);
        await using var command = new NpgsqlCommand("SELECT day, revision FROM ops.lake_days WHERE day = ANY($1)", source);
        command.Parameters.Add(Days(days));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            revisions.Add(reader.GetFieldValue<DateOnly>(0), reader.GetInt64(1));
        return revisions;
    }

    /// <param name="Revisions">As read with the rows; a day may have no rows.</param>
    /// <param name="Sent">What was sent of each day that has rows.</param>
    /// <param name="Staged">The file of each of these days.</param>
    internal sealed record Batch(Dictionary<DateOnly, long> Revisions, SortedDictionary<DateOnly, LakeDigest> Sent, SortedDictionary<DateOnly, string> Staged)
    {
        /// <summary>Rows in PostgreSQL of each sealed day.</summary>
        public Dictionary<DateOnly, long> HotRows { get; } = [];

        /// <summary>The part of it that concerns some of its days.</summary>
        public Batch Only(HashSet<DateOnly> days) => new(Revisions.Where(day => days.Contains(day.Key)).ToDictionary(), Sent, Staged);
    }
}
