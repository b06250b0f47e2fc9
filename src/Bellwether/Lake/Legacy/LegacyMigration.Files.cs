using Bellwether.Engines.DuckDb;

namespace Bellwether.Lake.Legacy;

public sealed partial class LegacyMigration
{
    /// <summary>Takes all files that are not taken yet; returns the migration, null where there was nothing to do.</summary>
    async Task<long?> TakeAsync(Run run, string source, long? migration, CancellationToken cancellationToken)
    {
        var spill = LakeScratch.Make(lake.ScratchDirectory);
        try
        {
            using var engine = LegacyReader.OpenEngine(lake, spill);
            using var connection = LegacyReader.Connect(engine);
            var begun = migration is { } id ? await LegacyRecords.FilesAsync(database, id, cancellationToken).ConfigureAwait(false) : [];
            run.RowsTotal = CountRows(connection, run.Files);
            LegacyStore? store = null;
            foreach (var file in run.Files)
            {
                using var open = Open(file, out var hash, out var problem, cancellationToken);
                if (open is not null && run.Done.TryGetValue(file.Path, out var earlier) && earlier.Sha256 == hash && !begun.ContainsKey(file.Path))
                {
                    run.Earlier.Add(earlier);
                    run.Report(earlier.Rows);
                    continue;
                }
                run.Migration = migration ??= await LegacyRecords.BeginAsync(database, source, run.Options, cancellationToken).ConfigureAwait(false);
                if (store is null)
                {
                    store = new(database, tickers, migration.Value);
                    await store.LoadAsync(cancellationToken).ConfigureAwait(false);
                }
                var known = begun.GetValueOrDefault(file.Path);
                await TakeAsync(run, new(connection, store, migration.Value), file, open, hash, problem, known, cancellationToken).ConfigureAwait(false);
            }
            return migration;
        }
        finally
        {
            Directory.Delete(spill, recursive: true);
        }
    }

    readonly record struct Means(DuckDbConnection Engine, LegacyStore Store, long Migration);

    async Task TakeAsync(
        Run run, Means means, LegacyFile file, FileStream? open, string hash, string? problem, LegacyProgress? known, CancellationToken cancellationToken)
    {
        var progress = known is not null && known.Sha256 == hash && known.Problem is null ? known : null;
        if (progress?.IsDone == true)
        {
            run.Report(progress.Rows);
            return;
        }
        try
        {
            if (open is null) throw new LegacyFileException(problem!);
            var (rows, columns) = Describe(means.Engine, open, run.Options);
            if (progress is null)
            {
                // Counts of what an earlier reading of this path has stored stay: they are results of this migration.
                progress = (known ?? new(file.Path, hash, file.Bytes, file.KnownAt, rows)) with { Sha256 = hash, Bytes = file.Bytes, KnownAt = file.KnownAt, Rows = rows, NextRow = 0, Problem = null };
                await LegacyRecords.PlanAsync(database, means.Migration, progress, cancellationToken).ConfigureAwait(false);
            }
            run.Report(progress.NextRow);
            // The time of the file as it was when it was begun: a copy made since must not change what its rows say.
            using var reader = new LegacyReader(means.Engine, file with { KnownAt = progress.KnownAt }, open, hash, columns, run.Options, time, progress.NextRow, null, cancellationToken);
            // The next rows are read while those before are stored.
            var next = Task.Run(reader.ReadBatch, cancellationToken);
            while (await next.ConfigureAwait(false) is { Count: > 0 } batch)
            {
                next = Task.Run(reader.ReadBatch, cancellationToken);
                try
                {
                    progress = await means.Store.CommitAsync(progress, batch, run.Options.Sample, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    // It reads from what is disposed next.
                    await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw;
                }
                run.Report(batch.Count);
            }
            if (progress.NextRow < rows) throw new LegacyFileException($"ends at row {progress.NextRow} of {rows}");
        }
        catch (LegacyFileException error)
        {
            // The other files are taken all the same.
            if (progress is null) await LegacyRecords.PlanAsync(database, means.Migration, new(file.Path, hash, file.Bytes, file.KnownAt, 0) { Problem = error.Message }, cancellationToken).ConfigureAwait(false);
            else await LegacyRecords.ProblemAsync(database, means.Migration, file.Path, error.Message, cancellationToken).ConfigureAwait(false);
        }
    }

    static (long Rows, LegacyColumns Columns) Describe(DuckDbConnection engine, FileStream open, LegacyOptions options)
    {
        try
        {
            return LegacyFile.Describe(engine, LegacyFile.PathOf(open), options);
        }
        catch (DuckDbException error)
        {
            throw new LegacyFileException($"cannot be read: {error.Message}", error);
        }
    }

    static FileStream? Open(LegacyFile file, out string hash, out string? problem, CancellationToken cancellationToken)
    {
        (hash, problem) = ("", null);
        try
        {
            var open = file.Open();
            hash = LegacyFile.HashOf(open, cancellationToken);
            return open;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = $"cannot be opened: {error.Message}";
            return null;
        }
    }

    /// <summary>For the progress bar only: files that cannot be read count for nothing.</summary>
    static long CountRows(DuckDbConnection engine, List<LegacyFile> files)
    {
        var total = 0L;
        foreach (var file in files)
        {
            try
            {
                total += (long)engine.Scalar("SELECT CAST(coalesce(sum(num_rows), 0) AS BIGINT) FROM parquet_file_metadata($1)", [file.FullPath])!;
            }
            catch (DuckDbException)
            {
                // Told when its turn comes.
            }
        }
        return total;
    }
}
