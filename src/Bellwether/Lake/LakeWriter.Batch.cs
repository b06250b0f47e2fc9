using System.Data;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    const int FileSystemSyncFrom = 8;

    async Task WriteBatchAsync(
        Run run, DateOnly[] days, NpgsqlConnection owner, DuckDbConnection lake, Totals total, CancellationToken cancellationToken)
    {
        var read = await ReadBatchAsync(days, lake, cancellationToken).ConfigureAwait(false);
        var full = read.Digests.Keys.Order().ToArray();
        var staged = StageFiles(run, full, lake, cancellationToken);
        var files = Verify(staged, read.Digests, lake, cancellationToken);
        lake.Execute("DROP TABLE hot", cancellationToken);
        Sync(staged.Values);

        // The lock must still be ours: a writer that lost it could put an older file over a newer one.
        await PingAsync(owner, cancellationToken).ConfigureAwait(false);
        Place(run, staged);
        var empty = read.Revisions.Keys.Where(day => !read.Digests.ContainsKey(day)).ToArray();
        foreach (var day in empty) Remove(run, day);
        await RecordAsync(owner, read, files, empty, cancellationToken).ConfigureAwait(false);

        total.Written += full.Length;
        total.Removed += empty.Length;
        total.Rows += files.Sum(file => file.Digest.Rows);
        total.Bytes += files.Sum(file => file.Bytes);
    }

    /// <summary>Rows into the DuckDB table <c>hot</c>, and the revisions they belong to, as of one moment.</summary>
    async Task<Batch> ReadBatchAsync(DateOnly[] days, DuckDbConnection lake, CancellationToken cancellationToken)
    {
        await using var source = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var snapshot = await source.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        var revisions = new Dictionary<DateOnly, long>(days.Length);
        await using (var command = new NpgsqlCommand("SELECT day, revision FROM ops.lake_days WHERE day = ANY($1)", source, snapshot))
        {
            command.Parameters.Add(Days(days));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                revisions.Add(reader.GetFieldValue<DateOnly>(0), reader.GetInt64(1));
        }

        lake.Execute($"CREATE OR REPLACE TABLE hot ({LakeSchema.Definitions(LakeSchema.Columns)})", cancellationToken);
        var digests = new DayDigests();
        var encoder = new LakeRowEncoder();
        using (var appender = lake.CreateAppender("hot"))
            await PostgresToDuckDb.CopyAsync(source, HotRows.Select(LakeSchema.Columns, HotRows.In(days)), LakeSchema.Columns, appender, row =>
            {
                var timestamp = PostgresToDuckDb.Timestamp(row.Field(LakeSchema.Timestamp));
                encoder.Encode(row);
                digests.Of(timestamp).Add(timestamp, encoder.Row);
            }, cancellationToken).ConfigureAwait(false);
        await snapshot.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(revisions, digests.ByDay);
    }

    /// <summary>One file a day under the staging folder.</summary>
    static SortedDictionary<DateOnly, string> StageFiles(Run run, DateOnly[] days, DuckDbConnection lake, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(run.Staging, "files");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        var staged = new SortedDictionary<DateOnly, string>();
        const string order = "ORDER BY timestamp, ticker, article_id";
        if (days.Length == 1)
        {
            var file = Path.Combine(folder, LakePaths.FileName);
            lake.Execute($"COPY (FROM hot {order}) TO {Literal(file)} (FORMAT parquet, COMPRESSION zstd)", cancellationToken);
            staged.Add(days[0], file);
        }
        else if (days.Length > 1)
        {
            // One thread keeps the order within each file; DuckDB puts a counter behind the file name.
            lake.Execute($"""
                SET threads = 1;
                COPY (SELECT *, strftime(timestamp, '%Y') AS year, strftime(timestamp, '%m') AS month, strftime(timestamp, '%d') AS day
                      FROM hot {order})
                TO {Literal(folder)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (year, month, day), FILENAME_PATTERN 'sentiment',
                                      OVERWRITE_OR_IGNORE);
                RESET threads
                """, cancellationToken);
            foreach (var day in days) staged.Add(day, Directory.EnumerateFiles(Path.Combine(folder, LakePaths.Folder(day))).Single());
        }
        return staged;
    }

    static void Sync(ICollection<string> files)
    {
        if (files.Count == 0) return;
        if (files.Count >= FileSystemSyncFrom)
            LakePaths.SyncFileSystem(Path.GetDirectoryName(files.First())!);
        else
            foreach (var file in files) LakePaths.SyncFile(file);
    }

    static void Place(Run run, SortedDictionary<DateOnly, string> staged)
    {
        foreach (var (day, file) in staged)
        {
            var target = Path.Combine(run.Root, LakePaths.OfDay(day));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(file, target, overwrite: true);
        }
        if (staged.Count >= FileSystemSyncFrom)
            LakePaths.SyncFileSystem(run.Root);
        else
            foreach (var day in staged.Keys) SyncFolders(run.Root, day);
    }

    static void Remove(Run run, DateOnly day)
    {
        var file = Path.Combine(run.Root, LakePaths.OfDay(day));
        if (!File.Exists(file)) return;
        File.Delete(file);
        SyncFolders(run.Root, day);
    }

    // The folders of a day may be new, each a name in the one above.
    static void SyncFolders(string root, DateOnly day)
    {
        for (var folder = Path.Combine(root, LakePaths.Folder(day)); folder.Length >= root.Length; folder = Path.GetDirectoryName(folder)!)
            LakePaths.SyncFolder(folder);
    }

    static string Literal(string text) => $"'{text.Replace("'", "''")}'";

    sealed record Batch(Dictionary<DateOnly, long> Revisions, Dictionary<DateOnly, LakeDigest> Digests);

    sealed class DayDigests
    {
        const long MicrosPerDay = 86_400_000_000;
        long _start = long.MaxValue;
        LakeDigest? _current;

        public Dictionary<DateOnly, LakeDigest> ByDay { get; } = [];

        // Rows come partition by partition: the day is nearly always the one before.
        public LakeDigest Of(long timestamp)
        {
            if (_current is not null && timestamp >= _start && timestamp - _start < MicrosPerDay) return _current;
            var days = timestamp >= 0 ? timestamp / MicrosPerDay : (timestamp + 1) / MicrosPerDay - 1;
            _start = days * MicrosPerDay;
            var day = DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(days));
            if (!ByDay.TryGetValue(day, out _current)) ByDay.Add(day, _current = new());
            return _current;
        }
    }
}
