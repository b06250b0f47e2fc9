using Bellwether.Lake;
using Bellwether.Lake.Legacy;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake.Legacy;

public sealed class LegacyMigrationTests(TestServer server)
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_of_every_kind_of_old_file_arrives_and_a_second_run_changes_nothing()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacyall");
        var report = await desk.MigrateAsync();
        Assert.Equal((8, 2_016L, 2_000L, 0L, 0L, 16L), (report.Files, report.Read, report.Migrated, report.Skipped, report.Duplicates, report.Rejected));
        Assert.Equal(16, report.Reasons.Values.Sum());
        Assert.Equal((40, 40, 0), (report.Proof!.Days, report.Proof.Proven, report.Proof.Shared));
        Assert.Equal(1_714 / 2_000.0, report.TextCoverage!.Value, 6);
        Assert.Equal(0.75, report.FieldCoverage["processing_timestamp_utc"]);
        desk.AssertTruth();
        await desk.AssertTickersAsync();
        var verified = await new LakeVerifier(desk.Desk.DataSource, await desk.Desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token);
        Assert.Equal((40, 0), (verified.Ok, verified.Bad.Count));

        var state = await desk.StateAsync();
        var again = await desk.MigrateAsync();
        Assert.Null(again.Migration);
        Assert.Equal((8, 2_016L, 0L, 2_016L, 0L, 0L), (again.Files, again.Read, again.Migrated, again.Skipped, again.Duplicates, again.Rejected));
        Assert.Equal(state, await desk.StateAsync());

        // The same files under another name are not skipped, and are known all the same.
        var copy = Path.Combine(desk.Test.Folder, "copy");
        await Programs.RunAsync("cp", "-a", desk.Old, copy);
        var known = await desk.MigrateAsync(from: copy);
        Assert.Equal((2_016L, 0L, 2_000L, 16L), (known.Read, known.Migrated, known.Duplicates, known.Rejected));
        Assert.Equal(state, await desk.StateAsync());
    }

    [Fact]
    public async Task Dry_run_tells_what_a_run_does_and_changes_nothing()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacydry", rows: 500);
        var before = await desk.StateAsync();
        var told = await desk.MigrateAsync(dryRun: true);
        Assert.True(told.DryRun);
        Assert.Equal(before, await desk.StateAsync());
        Assert.Empty(await desk.LinesAsync("SELECT id::text FROM ops.lake_migrations"));
        var done = await desk.MigrateAsync();
        Assert.Equal((told.Read, told.Migrated, told.Duplicates, told.Rejected, told.Results, told.TextCoverage),
            (done.Read, done.Migrated, done.Duplicates, done.Rejected, done.Results, done.TextCoverage));
    }

    [Fact]
    public async Task Sample_takes_the_same_results_each_time_and_the_rest_can_follow()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacysample");
        var sample = await desk.MigrateAsync(sample: 0.1);
        Assert.InRange(sample.Migrated, 120, 280);
        Assert.Equal(2_016, sample.Migrated + sample.Skipped + sample.Rejected);
        var taken = await desk.LinesAsync("SELECT article_id FROM sentiment.all_sentiment ORDER BY 1");
        await desk.RollbackAsync();
        Assert.Equal(sample.Migrated, (await desk.MigrateAsync(sample: 0.1)).Migrated);
        Assert.Equal(taken, await desk.LinesAsync("SELECT article_id FROM sentiment.all_sentiment ORDER BY 1"));

        var rest = await desk.MigrateAsync();
        Assert.Equal((2_000 - sample.Migrated, sample.Migrated), (rest.Migrated, rest.Duplicates));
        desk.AssertTruth();
        await desk.AssertTickersAsync();
    }

    [Fact]
    public async Task Rollback_brings_everything_back_to_the_last_bit()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacyback");
        // Live results of before, of a ticker and on days that the old files have too.
        var live = Path.Combine(desk.Test.Folder, "live.csv");
        await File.WriteAllTextAsync(live, "id,text,timestamp,ticker\n1,TAA rises fast,2024-01-03T10:00:00Z,TAA\n2,$ACME falls,2024-01-04T10:00:00Z,ACME\n", Token);
        await desk.Test.IngestAsync(new(), live);
        await (await desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        var before = await desk.StateAsync();

        var report = await desk.MigrateAsync();
        Assert.Equal((40, 40), (report.Proof!.Days, report.Proof.Proven));
        await desk.AssertTickersAsync();
        Assert.NotEqual(before, await desk.StateAsync());
        var back = await desk.RollbackAsync();
        Assert.Equal((2_000L, 8L, 0L, 40, 40, 0), (back.Rows, back.Tickers, back.TickersRecomputed, back.Days, back.DaysRestored, back.DaysRewritten));
        Assert.Equal(before, await desk.StateAsync());
        Assert.Equal("there is no migration to roll back", (await Assert.ThrowsAsync<LegacyException>(() => desk.RollbackAsync())).Message);

        // And forth again, from the beginning.
        Assert.Equal(2_000, (await desk.MigrateAsync()).Migrated);
        desk.AssertTruth();
    }

    [Fact]
    public async Task Rollback_keeps_what_came_since()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacylate");
        await desk.MigrateAsync();
        var live = Path.Combine(desk.Test.Folder, "live.csv");
        await File.WriteAllTextAsync(live, "id,text,timestamp,ticker\n1,TAA rises fast,2024-01-03T10:00:00Z,TAA\n2,$ACME falls,2024-01-04T10:00:00Z,ACME\n", Token);
        await desk.Test.IngestAsync(new(), live);
        await (await desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        var back = await desk.RollbackAsync();
        Assert.Equal((7L, 1L, 38, 2), (back.Tickers, back.TickersRecomputed, back.DaysRestored, back.DaysRewritten));
        Assert.Equal(["ACME", "TAA"], await desk.LinesAsync("SELECT ticker FROM sentiment.all_sentiment ORDER BY 1"));
        Assert.Equal(2, desk.Files().Count);
        // A desk that never saw the old files is in the same state, but for the revision, which goes on.
        await using var other = await LegacyDesk.OpenAsync(server, "legacyother", rows: 0);
        await other.Test.IngestAsync(new(), live);
        const string States = "SELECT (to_jsonb(t) - 'last_updated' - 'revision')::text FROM sentiment.ticker_sentiment t ORDER BY ticker";
        Assert.Equal(await other.LinesAsync(States), await desk.LinesAsync(States));
    }

    [Fact]
    public async Task Older_migration_stays_as_long_as_a_newer_one_counts_on_its_rows()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacyunder");
        var sample = await desk.MigrateAsync(sample: 0.5);
        var before = await desk.StateAsync();
        var rest = await desk.MigrateAsync();
        var error = await Assert.ThrowsAsync<LegacyException>(() => desk.RollbackAsync(sample.Migration));
        Assert.Contains($"roll it back first, `bellwether lake rollback --migration {rest.Migration}`", error.Message);
        await desk.AssertRowsAsync(sample.Migrated + rest.Migrated);
        await desk.RollbackAsync(rest.Migration);
        await desk.AssertRowsAsync(sample.Migrated);
        await desk.RollbackAsync(sample.Migration);
        await desk.AssertRowsAsync(0);
        Assert.Empty(desk.Files());
        Assert.Empty(await desk.LinesAsync("SELECT ticker FROM sentiment.ticker_sentiment WHERE count > 0"));
        await desk.MigrateAsync(sample: 0.5);
        // Revisions go on where states were computed anew.
        Assert.Equal(before.Where(line => !line.StartsWith('{')), (await desk.StateAsync()).Where(line => !line.StartsWith('{')));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rollback_takes_rows_out_of_sealed_days_too(bool sealedBefore)
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacysealed");
        var live = Path.Combine(desk.Test.Folder, "live.csv");
        await File.WriteAllTextAsync(live, "id,text,timestamp,ticker\n1,TAA rises fast,2024-01-03T10:00:00Z,TAA\n2,$ACME falls,2024-01-04T10:00:00Z,ACME\n", Token);
        await desk.Test.IngestAsync(new(), live);
        var writer = await desk.Desk.LakeWriterAsync(null, Token);
        await writer.WriteDirtyDaysAsync(null, Token);
        if (sealedBefore) await SealAsync(2);
        var (files, states) = (desk.Files(), await desk.LinesAsync("SELECT to_jsonb(t)::text FROM sentiment.ticker_sentiment t ORDER BY ticker"));
        var report = await desk.MigrateAsync();
        Assert.Equal((40, 40), (report.Proof!.Days, report.Proof.Proven));
        if (!sealedBefore) await SealAsync(40);
        desk.AssertTruth();
        Assert.True((await desk.DiffAsync()).Agree);

        var back = await desk.RollbackAsync();
        Assert.Equal((2_000L, 8L, 40, 40), (back.Rows, back.Tickers, back.Days, back.DaysRestored));
        Assert.Equal(files, desk.Files());
        Assert.Equal(states, await desk.LinesAsync("SELECT to_jsonb(t)::text FROM sentiment.ticker_sentiment t ORDER BY ticker"));
        Assert.Empty(await desk.LinesAsync("SELECT article_id FROM ops.lake_removals"));
        await using var left = await (await desk.Desk.LakeSqlAsync(null, Token)).QueryAsync("SELECT ticker FROM all_sentiment ORDER BY 1", Token);
        var tickers = new List<string>();
        await foreach (var row in left.ReadRowsAsync(Token)) tickers.Add((string)row[0]!);
        Assert.Equal(["ACME", "TAA"], tickers);

        async Task SealAsync(int days) => Assert.Equal(days, (await new LakeSealer(desk.Desk.DataSource, await desk.Desk.LakeOptionsAsync(null, Token), null, TimeProvider.System)
            .SealAsync(new(2025, 1, 1), null, Token)).Days);
    }

    [Fact]
    public async Task Files_that_another_version_wrote_are_kept_and_put_back_as_they_were()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacybytes");
        var live = Path.Combine(desk.Test.Folder, "live.csv");
        await File.WriteAllTextAsync(live, "id,text,timestamp,ticker\n1,TAA rises fast,2024-01-03T10:00:00Z,TAA\n", Token);
        await desk.Test.IngestAsync(new(), live);
        var writer = await desk.Desk.LakeWriterAsync(null, Token);
        await writer.WriteDirtyDaysAsync(null, Token);
        // The same rows in other bytes.
        var file = Path.Combine(desk.Lake, Assert.Single(desk.Files()).Key);
        using (var engine = Engines.DuckDb.DuckDbTestLibrary.Open())
        using (var connection = engine.Connect())
            connection.Execute($"COPY (FROM read_parquet('{file}', hive_partitioning = false)) TO '{file}.new' (FORMAT parquet, COMPRESSION gzip)");
        File.Move($"{file}.new", file, overwrite: true);
        var hash = Assert.Single(desk.Files()).Value;
        await desk.ExecuteAsync($"UPDATE ops.lake_files SET bytes = {new FileInfo(file).Length}, file_sha256 = '{hash}'");

        await desk.MigrateAsync();
        // Neither time nor another writer takes it away while the migration can go back.
        foreach (var kept in Directory.EnumerateFiles(Path.Combine(desk.Lake, "_kept"))) File.SetLastWriteTimeUtc(kept, DateTime.UnixEpoch);
        await desk.ExecuteAsync("UPDATE ops.lake_days SET revision = revision + 1 WHERE day = '2024-02-01'");
        await writer.WriteDirtyDaysAsync(null, Token);
        var back = await desk.RollbackAsync();
        Assert.Equal(hash, Assert.Single(desk.Files()).Value);
        Assert.Equal((39, 1), (back.DaysRestored, back.DaysRewritten));
        var verified = await new LakeVerifier(desk.Desk.DataSource, await desk.Desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token);
        Assert.Equal((1, 0), (verified.Ok, verified.Bad.Count));
    }

    [Fact]
    public async Task Live_results_of_the_same_tickers_and_days_come_in_meanwhile_and_stay()
    {
        await using var desk = await LegacyDesk.OpenAsync(server, "legacylive");
        var (stop, sent) = (false, 0);
        var live = Task.Run(async () =>
        {
            for (var i = 0; !Volatile.Read(ref stop); i++)
            {
                var file = Path.Combine(desk.Test.Folder, $"live{i}.csv");
                await File.WriteAllLinesAsync(file, Enumerable.Range(0, 40).Select(j => $"{i}-{j},TAA rises,2024-01-{1 + (i + j) % 28:00}T10:00:00Z,T{(char)('A' + j % 8)}{(char)('A' + j % 8)}")
                    .Prepend("id,text,timestamp,ticker"), Token);
                await desk.Test.IngestAsync(new(), file);
                sent += 40;
            }
        }, Token);
        var report = await desk.MigrateAsync(batch: 50);
        Volatile.Write(ref stop, true);
        await live;
        Assert.Equal(2_000, report.Migrated);
        Assert.Empty(report.Proof!.Wrong);
        Assert.Equal(report.Proof.Days, report.Proof.Proven + report.Proof.Shared);
        await desk.AssertRowsAsync(2_000 + sent);
        Assert.True((await desk.DiffAsync()).Agree);
        await desk.RollbackAsync();
        await desk.AssertRowsAsync(sent);
    }
}
