using System.Data;
using Bellwether.Engines.DuckDb;
using Bellwether.Storage.Objects;
using Npgsql;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    async Task WriteBatchAsync(Run run, DateOnly[] days, NpgsqlConnection owner, Totals total, CancellationToken cancellationToken)
    {
        var batch = await StageAsync(run, days, cancellationToken).ConfigureAwait(false);
        var files = await Task.Run(() => Verify(batch, run, cancellationToken), cancellationToken).ConfigureAwait(false);
        var empty = batch.Revisions.Keys.Where(day => !batch.Sent.ContainsKey(day)).ToArray();

        // The lock must still be ours, which this asks too: a writer that lost it could put an older file over a newer one.
        var old = await ReadManifestAsync(owner, [.. batch.Revisions.Keys], cancellationToken).ConfigureAwait(false);
        await _files.ReplaceAsync(old, [.. files.Select(file => new ObjectUpload(LakePaths.OfDay(file.Day), file.Path, file.Sha256))],
            [.. empty.Select(LakePaths.OfDay)], cancellationToken).ConfigureAwait(false);
        await RecordAsync(owner, batch, files, empty, cancellationToken).ConfigureAwait(false);

        total.Written += files.Count;
        total.Removed += empty.Length;
        total.Rows += files.Sum(file => file.Digest.Rows);
        total.Bytes += files.Sum(file => file.Bytes);
    }

    /// <summary>Files of the days beside the lake, and the revisions that they belong to, as of one moment.</summary>
    async Task<Batch> StageAsync(Run run, DateOnly[] days, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(run.Staging, "files");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);

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
    internal sealed record Batch(Dictionary<DateOnly, long> Revisions, SortedDictionary<DateOnly, LakeDigest> Sent, SortedDictionary<DateOnly, string> Staged);
}
