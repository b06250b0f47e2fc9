using System.Data;
using System.Globalization;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake;

public sealed partial class LakeWriter
{
    const int FileSystemSyncFrom = 8;
    const long RowGroupBytes = 32 << 20;
    const long VectorSize = 2048;

    async Task WriteBatchAsync(
        Run run, DateOnly[] days, NpgsqlConnection owner, DuckDbConnection lake, Totals total, CancellationToken cancellationToken)
    {
        var read = await ReadBatchAsync(days, lake, cancellationToken).ConfigureAwait(false);
        var staged = await StageFilesAsync(run, read, cancellationToken).ConfigureAwait(false);
        var files = await Task.Run(() => Verify(staged, read.Digests, lake, cancellationToken), cancellationToken).ConfigureAwait(false);
        lake.Execute("DROP TABLE hot", cancellationToken);
        Sync(staged.Values);

        // The lock must still be ours: a writer that lost it could put an older file over a newer one.
        await PingAsync(owner, cancellationToken).ConfigureAwait(false);
        Place(run, staged);
        var empty = read.Revisions.Keys.Where(day => !read.Digests.ContainsKey(day)).ToArray();
        foreach (var day in empty) Remove(run, day);
        await RecordAsync(owner, read, files, empty, cancellationToken).ConfigureAwait(false);

        total.Written += files.Count;
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
        await using (var sort = new NpgsqlCommand("SET LOCAL work_mem = '64MB'", source, snapshot))
            await sort.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
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
            await PostgresToDuckDb.CopyAsync(source, HotRows.SelectSorted(LakeSchema.Columns, HotRows.In(days)), LakeSchema.Columns, appender, row =>
            {
                var timestamp = PostgresToDuckDb.Timestamp(row.Field(LakeSchema.Timestamp));
                encoder.Encode(row);
                digests.Of(timestamp).Add(timestamp, encoder.Row);
            }, cancellationToken).ConfigureAwait(false);
        await snapshot.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(revisions, digests.ByDay);
    }

    /// <summary>
    /// One file a day under the staging folder. The rows lie in the table in their final order, and DuckDB keeps it: PostgreSQL sorts them,
    /// because its sort runs in bounded memory however wide the rows are, where DuckDB's gives up at the memory limit. Each day is a COPY of
    /// its own: a partitioned one would write them all at once, but not in order within a partition.
    /// </summary>
    async Task<SortedDictionary<DateOnly, string>> StageFilesAsync(Run run, Batch read, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(run.Staging, "files");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        var days = read.Digests.Keys.Order().ToArray();
        var staged = new SortedDictionary<DateOnly, string>(days.ToDictionary(
            day => day, day => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{day:yyyy-MM-dd}.parquet"))));
        var format = $"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {RowGroupSize(read)}";
        var lanes = Math.Min(options.Threads, days.Length);
        await Task.WhenAll(Enumerable.Range(0, lanes).Select(lane => Task.Run(() =>
        {
            using var connection = run.Engine.Connect();
            for (var i = lane; i < days.Length; i += lanes)
            {
                var rows = days.Length == 1 ? "hot" : $"(FROM hot WHERE {HotRows.In([days[i]])})";
                connection.Execute($"COPY {rows} TO {Literal(staged[days[i]])} ({format})", cancellationToken);
            }
        }, cancellationToken))).ConfigureAwait(false);
        return staged;
    }

    // DuckDB holds a few row groups at once: wide rows take smaller groups. The upper bound is its default.
    static long RowGroupSize(Batch read)
    {
        var rows = Math.Max(1, read.Digests.Values.Sum(digest => digest.Rows));
        var width = Math.Max(1, read.Digests.Values.Sum(digest => digest.EncodedBytes) / rows);
        return Math.Clamp(RowGroupBytes / width / VectorSize * VectorSize, VectorSize, 122_880);
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
