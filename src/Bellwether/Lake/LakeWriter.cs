using Bellwether.Engines.DuckDb;
using Npgsql;
using NpgsqlTypes;

namespace Bellwether.Lake;

/// <summary>How far a run has come.</summary>
public readonly record struct LakeWriteProgress(int DaysDone, int DaysTotal, long RowsWritten);

/// <summary>What a run did.</summary>
/// <param name="Bytes">Size of the written files.</param>
public sealed record LakeWriteResult(int DaysWritten, int DaysRemoved, long Rows, long Bytes, TimeSpan Elapsed);

/// <summary>
/// Writes every day whose hot rows changed as one Parquet file; the file of a sealed day is merged with the rows that came late. A file is written
/// beside, read back and compared value for value, stored, durable and at once, and only then recorded; whatever stops a run, the day is still
/// dirty and the next run writes it again.
/// </summary>
/// <param name="cold">How PostgreSQL reads sealed days; null where it does not.</param>
public sealed partial class LakeWriter(NpgsqlDataSource database, LakeOptions options, TimeProvider time, ColdTier? cold = null)
{
    // Small days share one read, one check and one commit; a day above the row bound has them to itself.
    const int MaxDaysTogether = 250;
    const long MaxRowsTogether = 250_000;

    const int MostFailuresTold = 5;

    // What a run that lost its lock may still be about to put in place, at the longest.
    static readonly TimeSpan LatePlacing = TimeSpan.FromMinutes(10);

    readonly LakeFiles _files = new(options, time);

    /// <summary>Writes all days that are dirty when it starts. A second writer on the same database waits for the first.</summary>
    /// <exception cref="LakeException">A file read back differs from what was sent; nothing of that batch was put in place.</exception>
    public async Task<LakeWriteResult> WriteDirtyDaysAsync(IProgress<LakeWriteProgress>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var owner = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await LakeLock.TakeAsync(owner, cancellationToken).ConfigureAwait(false);
        try
        {
            var staging = Path.Combine(_files.Root, LakePaths.Staging);
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);

            var dirty = await ReadDirtyDaysAsync(owner, cancellationToken).ConfigureAwait(false);
            await RepairAsync(owner, lateToo: dirty.Count > 0, cancellationToken).ConfigureAwait(false);
            var (total, failed) = (new Totals(), new List<LakeException>());
            if (dirty.Count > 0)
            {
                var folder = Path.Combine(staging, Guid.CreateVersion7(time.GetUtcNow()).ToString("N"));
                Directory.CreateDirectory(folder);
                using var engine = OpenEngine(options, Path.Combine(folder, "spill"));
                using var lake = Connect(engine);
                using var source = LakeDayFiles.CreateSource(lake);
                using var files = Connect(engine);
                var run = new Run(folder, lake, source, files);
                foreach (var batch in Together(dirty))
                {
                    try
                    {
                        await WriteApartAsync(run, batch, owner, total, failed, cancellationToken).ConfigureAwait(false);
                    }
                    catch (DuckDbException error) when (error.ErrorClass == "IO")
                    {
                        throw new LakeException(
                            $"a lake file could not be made in {folder}: {error.Message}. The days stay dirty; see that there is room and that it may be written", error);
                    }
                    progress?.Report(new(total.Written + total.Removed, dirty.Count, total.Rows));
                }
                Directory.Delete(staging, recursive: true);
                await _files.SweepAsync(await ReadHashesAsync(owner, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }
            if (failed.Count > 0)
                throw new LakeException(string.Join("; ", failed.Take(MostFailuresTold).Select(error => error.Message))
                    + (failed.Count > MostFailuresTold ? $"; and {failed.Count - MostFailuresTold} more" : "") + $". The other days are written, {total.Written} files", failed[0]);
            return new(total.Written, total.Removed, total.Rows, total.Bytes, time.GetElapsedTime(started));
        }
        finally
        {
            await LakeLock.ReleaseAsync(owner).ConfigureAwait(false);
        }
    }

    // One thread writes a file in order; the other core takes apart and hashes what comes next. DuckDB would otherwise keep the files that are
    // read back, and hold on to freed memory. Row groups can be bounded by size only where DuckDB need not keep an order by itself.
    internal static DuckDbDatabase OpenEngine(LakeOptions options, string spill) => DuckDbDatabase.Open(options.DuckDbLibrary, new DuckDbOptions
    {
        MemoryLimitMb = options.MemoryLimitMb,
        Threads = 1,
        TempDirectory = spill,
        Settings = new Dictionary<string, string>
        {
            ["preserve_insertion_order"] = "false",
            ["enable_external_file_cache"] = "false",
            ["allocator_flush_threshold"] = "16MiB",
        },
    });

    // DuckDB gathers small chunks into one of 2,048 rows and streams 1 MB ahead, and counts no text in either: with wide rows that is gigabytes.
    internal static DuckDbConnection Connect(DuckDbDatabase engine)
    {
        var connection = engine.Connect();
        connection.Execute("SET enable_caching_operators = false; SET streaming_buffer_size = '1KB'");
        return connection;
    }

    static async Task<List<DirtyDay>> ReadDirtyDaysAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT day, hot_rows, sealed_at IS NOT NULL FROM ops.lake_days WHERE revision > written_revision ORDER BY day", owner);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var days = new List<DirtyDay>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            days.Add(new(reader.GetFieldValue<DateOnly>(0), reader.GetInt64(1), reader.GetBoolean(2)));
        return days;
    }

    /// <summary>A sealed day that cannot be merged, because its file is damaged or a reader holds it, keeps no other day from being written.</summary>
    async Task WriteApartAsync(Run run, DirtyDays dirty, NpgsqlConnection owner, Totals total, List<LakeException> failed, CancellationToken cancellationToken)
    {
        // Whoever was in the way of one batch is in the way of all.
        if (dirty.Sealed && failed.Exists(error => error is LakeBusyException)) return;
        try
        {
            await WriteBatchAsync(run, dirty, owner, total, cancellationToken).ConfigureAwait(false);
        }
        catch (LakeException error) when (dirty.Sealed && owner.FullState == System.Data.ConnectionState.Open)
        {
            if (error is LakeBusyException || dirty.Days.Length == 1) failed.Add(error);
            else
                foreach (var day in dirty.Days) await WriteApartAsync(run, dirty with { Days = [day] }, owner, total, failed, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Batches, each of days that are sealed or of days that are not; those first, because a day that is still written to may not wait for an old one.</summary>
    static IEnumerable<DirtyDays> Together(List<DirtyDay> dirty)
    {
        foreach (var alike in dirty.GroupBy(day => day.Sealed).OrderBy(group => group.Key))
        {
            var batch = new List<DateOnly>();
            var rows = 0L;
            foreach (var (day, expected, _) in alike)
            {
                if (batch.Count > 0 && (batch.Count == MaxDaysTogether || rows + expected > MaxRowsTogether))
                {
                    yield return new([.. batch], alike.Key);
                    batch.Clear();
                    rows = 0;
                }
                batch.Add(day);
                rows += expected;
            }
            yield return new([.. batch], alike.Key);
        }
    }

    readonly record struct DirtyDay(DateOnly Day, long HotRows, bool Sealed);

    readonly record struct DirtyDays(DateOnly[] Days, bool Sealed);

    /// <param name="Files">Reads the lake while <paramref name="Lake"/> writes.</param>
    sealed record Run(string Staging, DuckDbConnection Lake, DuckDbSource Source, DuckDbConnection Files);

    sealed class Totals
    {
        public int Written { get; set; }
        public int Removed { get; set; }
        public long Rows { get; set; }
        public long Bytes { get; set; }
    }

    static NpgsqlParameter Days(DateOnly[] days) => new() { Value = days, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date };
}
