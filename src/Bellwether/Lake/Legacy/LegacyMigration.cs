using System.Text.Json;
using Bellwether.Engines.DuckDb;
using Npgsql;

namespace Bellwether.Lake.Legacy;

/// <summary>
/// Brings old Parquet files into the lake: rows go into the hot table in transactions that carry their checkpoint, the lake writer makes the
/// day files from there as from any other row, and the hashes of both are compared. Running it again changes nothing.
/// </summary>
public sealed partial class LegacyMigration(NpgsqlDataSource database, LakeOptions lake, LakeWriter writer, LegacyTickers tickers, TimeProvider time)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Takes the files of a folder; goes on with an unfinished migration of it where <paramref name="resume"/> allows.</summary>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="LegacyException">There is nothing to take, or something is in the way.</exception>
    /// <exception cref="LakeException">The lake could not be written; what is stored stays, and a resumed run goes on.</exception>
    public async Task<LegacyReport> RunAsync(LegacyOptions options, bool resume, bool dryRun, IProgress<LegacyGauge>? progress, CancellationToken cancellationToken)
    {
        options.Validate();
        var source = Path.GetFullPath(options.From);
        var files = LegacyFile.Find(options.From, lake.Directory, time);
        if (files.Count == 0) throw new LegacyException($"there is no Parquet file in {source}");
        if (dryRun) return await TryAsync(source, files, options, progress, cancellationToken).ConfigureAwait(false);

        var owner = await LegacyRecords.LockAsync(database, cancellationToken).ConfigureAwait(false);
        try
        {
            var unfinished = await UnfinishedAsync(source, options, resume, cancellationToken).ConfigureAwait(false);
            var started = time.GetTimestamp();
            long? migration = unfinished?.Id;
            var done = await LegacyRecords.DoneAsync(database, source, options, cancellationToken).ConfigureAwait(false);
            // Days that are clean can be put back byte for byte.
            await WriteLakeAsync("lake before", progress, cancellationToken).ConfigureAwait(false);
            var run = new Run(options, files, done, progress);
            try
            {
                migration = await TakeAsync(run, source, migration, cancellationToken).ConfigureAwait(false);
                if (migration is null) return LegacyReport.Of(null, source, [], run.Earlier, 0, null);
                await WriteLakeAsync("lake", progress, cancellationToken).ConfigureAwait(false);
            }
            catch when (migration is not null || run.Migration is not null)
            {
                await LegacyRecords.TimeAsync(database, (migration ?? run.Migration)!.Value, time.GetElapsedTime(started), null, CancellationToken.None).ConfigureAwait(false);
                throw;
            }
            return await FinishAsync(run, source, migration.Value, unfinished?.Seconds ?? 0, started, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await LegacyRecords.UnlockAsync(owner).ConfigureAwait(false);
        }
    }

    async Task<LegacyMigrationInfo?> UnfinishedAsync(string source, LegacyOptions options, bool resume, CancellationToken cancellationToken)
    {
        var all = await LegacyMigrationInfo.ListAsync(database, cancellationToken).ConfigureAwait(false);
        if (all.FirstOrDefault(m => m.Status == "rolling_back") is { } half)
            throw new LegacyException($"the rollback of migration {half.Id} was cut off; finish it with `bellwether lake rollback --migration {half.Id}`");
        if (all.FirstOrDefault(m => m.Status == "running") is not { } open) return null;
        if (open.Source != source || !resume)
            throw new LegacyException($"migration {open.Id} of {open.Source} was cut off; go on with `bellwether lake migrate --from {open.Source} --resume`, "
                + $"or undo it with `bellwether lake rollback --migration {open.Id}`");
        if (open.Settings != options.Settings || !open.Sample.Equals(options.Sample))
            throw new LegacyException($"migration {open.Id} was begun with other settings (sample {open.Sample:P0}, {open.Settings}); go on with the same ones, or roll it back");
        return open;
    }

    async Task WriteLakeAsync(string stage, IProgress<LegacyGauge>? progress, CancellationToken cancellationToken)
    {
        var days = progress is null ? null : new Days(stage, progress);
        await writer.WriteDirtyDaysAsync(days, cancellationToken).ConfigureAwait(false);
    }

    async Task<LegacyReport> FinishAsync(Run run, string source, long migration, double before, long started, CancellationToken cancellationToken)
    {
        var proof = await LegacyProofReader.ReadAsync(database, migration, cancellationToken).ConfigureAwait(false);
        await NotifyAsync(cancellationToken).ConfigureAwait(false);
        var taken = await LegacyRecords.FilesAsync(database, migration, cancellationToken).ConfigureAwait(false);
        var elapsed = time.GetElapsedTime(started);
        var report = LegacyReport.Of(migration, source, taken.Values, run.Earlier, before + elapsed.TotalSeconds, proof);
        await LegacyRecords.TimeAsync(database, migration, elapsed, JsonSerializer.Serialize(report, Json), cancellationToken).ConfigureAwait(false);
        return report;
    }

    async Task NotifyAsync(CancellationToken cancellationToken)
    {
        await using var notify = database.CreateCommand("SELECT pg_notify($1, '')");
        notify.Parameters.Add(new() { Value = tickers.Channel });
        await notify.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    sealed record Run(LegacyOptions Options, List<LegacyFile> Files, Dictionary<string, LegacyProgress> Done, IProgress<LegacyGauge>? Progress)
    {
        /// <summary>Files that an earlier migration has taken whole.</summary>
        public List<LegacyProgress> Earlier { get; } = [];

        public long? Migration { get; set; }
        public long RowsDone { get; set; }
        public long RowsTotal { get; set; }

        public void Report(long rows) => Progress?.Report(new("rows", RowsDone += rows, RowsTotal));
    }

    sealed class Days(string stage, IProgress<LegacyGauge> progress) : IProgress<LakeWriteProgress>
    {
        public void Report(LakeWriteProgress value) => progress.Report(new(stage, value.DaysDone, value.DaysTotal));
    }
}
