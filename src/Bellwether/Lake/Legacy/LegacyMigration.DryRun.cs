using Npgsql;

namespace Bellwether.Lake.Legacy;

public sealed partial class LegacyMigration
{
    /// <summary>Reads everything and tells what a migration would do, as far as the database is now; changes nothing.</summary>
    async Task<LegacyReport> TryAsync(string source, List<LegacyFile> files, LegacyOptions options, IProgress<LegacyGauge>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var done = await LegacyRecords.DoneAsync(database, source, options, cancellationToken).ConfigureAwait(false);
        var run = new Run(options, files, done, progress);
        var found = new List<LegacyProgress>();
        var seen = new HashSet<Guid>();
        var spill = LakeScratch.Make(lake.ScratchDirectory);
        try
        {
            using var engine = LegacyReader.OpenEngine(lake, spill);
            using var connection = LegacyReader.Connect(engine);
            run.RowsTotal = CountRows(connection, files);
            foreach (var file in files)
            {
                using var open = Open(file, out var hash, out var problem, cancellationToken);
                if (open is not null && done.TryGetValue(file.Path, out var earlier) && earlier.Sha256 == hash)
                {
                    run.Earlier.Add(earlier);
                    run.Report(earlier.Rows);
                    continue;
                }
                var state = new LegacyProgress(file.Path, hash, file.Bytes, file.KnownAt, 0) { Problem = problem };
                try
                {
                    if (open is not null)
                    {
                        var (rows, columns) = Describe(connection, open, options);
                        state = state with { Rows = rows };
                        using var reader = new LegacyReader(connection, file, open, hash, columns, options, time, 0, null, cancellationToken);
                        while (await Task.Run(reader.ReadBatch, cancellationToken).ConfigureAwait(false) is { Count: > 0 } batch)
                        {
                            var fresh = await UnknownAsync(batch, options.Sample, seen, cancellationToken).ConfigureAwait(false);
                            state = state.Add(batch, options.Sample, fresh, new HashSet<long>());
                            run.Report(batch.Count);
                        }
                    }
                }
                catch (LegacyFileException error)
                {
                    state = state with { Problem = error.Message };
                }
                found.Add(state);
            }
        }
        finally
        {
            Directory.Delete(spill, recursive: true);
        }
        return LegacyReport.Of(null, source, found, run.Earlier, time.GetElapsedTime(started).TotalSeconds, null) with { DryRun = true };
    }

    async Task<HashSet<LegacyResult>> UnknownAsync(List<LegacyOutcome> batch, double sample, HashSet<Guid> seen, CancellationToken cancellationToken)
    {
        var wanted = batch.SelectMany(outcome => outcome.Results).Where(result => result.IsIn(sample)).ToList();
        await using var command = database.CreateCommand("SELECT event_key, migration_id IS NULL FROM ops.inbox WHERE event_key = ANY($1)");
        command.Parameters.Add(new() { Value = wanted.SelectMany(result => (Guid[])[result.Key, result.Alias]).Distinct().ToArray() });
        var known = new Dictionary<Guid, bool>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) known[row.GetGuid(0)] = row.GetBoolean(1);
        return wanted.Where(result => !known.ContainsKey(result.Key) && !known.GetValueOrDefault(result.Alias) && seen.Add(result.Key))
            .ToHashSet<LegacyResult>(ReferenceEqualityComparer.Instance);
    }
}
