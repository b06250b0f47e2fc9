using Bellwether.App;
using Bellwether.Backup;
using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Lake.Legacy;
using Bellwether.Tests.Support;
using Dapper;
using Npgsql;

namespace Bellwether.Tests.Backup;

public sealed class BackupTests(TestServer server) : IAsyncLifetime
{
    LegacyDesk _desk = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    string Backups => Path.Combine(_desk.Test.Folder, "backups");

    public async ValueTask InitializeAsync()
    {
        _desk = await LegacyDesk.OpenAsync(server, "backup", rows: 600);
        await _desk.MigrateAsync();
        var live = Path.Combine(_desk.Test.Folder, "live.csv");
        await File.WriteAllTextAsync(live, "tweet_id,text,timestamp,ticker,username\n1,TAA rises fast,2024-01-03T10:00:00Z,TAA,someone\n2,nothing here,2024-01-04T10:00:00Z,,other\n", Token);
        await _desk.Test.IngestAsync(new() { Type = Bellwether.Feeds.EventType.Tweet }, live);
    }

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    async Task<BackupReport> CreateAsync(bool withLake = false, IProgress<BackupGauge>? progress = null, string? to = null) =>
        await (await _desk.Desk.BackupWriterAsync(null, Token)).CreateAsync(to ?? Backups, withLake, false, progress, Token);

    async Task<TestDesk> EmptyAsync() => await TestDesk.OpenAsync(server, "restored", options => options with { DuckDb = DuckDbTestLibrary.Path });

    static async Task<RestoreReport> RestoreAsync(Desk target, string backup, bool replace = false) =>
        await (await target.BackupRestoreAsync(null, Token)).RunAsync(backup, replace, false, null, Token);

    static Task<SortedDictionary<string, string>> TablesAsync(NpgsqlDataSource database, params string[] but) => BackupContent.OfAsync(database, but);

    [Fact]
    public async Task Everything_comes_back_to_the_last_value_and_work_goes_on()
    {
        await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        var before = await TablesAsync(_desk.Desk.DataSource);
        var made = await CreateAsync(withLake: true);
        Assert.Equal((before.Count, 40), (made.Tables, made.LakeFiles));
        // What comes later is not in it.
        await _desk.ExecuteAsync("DELETE FROM sentiment.sentiment_data; DELETE FROM ops.inbox; TRUNCATE sentiment.ticker_sentiment");

        await using var target = await EmptyAsync();
        var done = await RestoreAsync(target.Desk, made.Path);
        Assert.Equal((made.Rows, 40, 0), (done.Rows, done.LakeFiles, done.DaysToWrite));
        Assert.Equal(before, await TablesAsync(target.Desk.DataSource));
        var verified = await new LakeVerifier(target.Desk.DataSource, await target.Desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token);
        Assert.Equal((40, 0), (verified.Ok, verified.Bad.Count));

        // Sequences and partitions are as they were: new events find their place, known ones are known, and the migration can go back.
        var more = Path.Combine(target.Folder, "more.csv");
        await File.WriteAllTextAsync(more, "tweet_id,text,timestamp,ticker,username\n1,TAA rises fast,2024-01-03T10:00:00Z,TAA,someone\n3,TAB falls,2024-01-05T10:00:00Z,TAB,new\n", Token);
        var run = await target.IngestAsync(new() { Type = Bellwether.Feeds.EventType.Tweet }, more);
        Assert.Equal((2L, 1L), (run.Read, run.Results));
        var back = await (await target.Desk.LegacyRollbackAsync(null, Token)).RunAsync(null, null, Token);
        Assert.Equal(600, back.Rows);
        Assert.Equal(2, await target.Database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task Days_whose_files_are_not_in_the_backup_are_written_again()
    {
        var made = await CreateAsync();
        await using var target = await EmptyAsync();
        var done = await RestoreAsync(target.Desk, made.Path);
        Assert.Equal((0, 40), (done.LakeFiles, done.DaysToWrite));
        Assert.Empty(done.SealedMissing);
        Assert.Equal(await TablesAsync(_desk.Desk.DataSource, "lake_files", "lake_days"), await TablesAsync(target.Desk.DataSource, "lake_files", "lake_days"));
        Assert.Equal(40, (await (await target.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token)).DaysWritten);
        var hashes = "SELECT string_agg(day || content_hash, ',' ORDER BY day) FROM ops.lake_files";
        await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        Assert.Equal(await _desk.Test.Database.ScalarAsync<string>(hashes), await target.Database.ScalarAsync<string>(hashes));
    }

    [Fact]
    public async Task Sealed_days_come_with_the_lake_and_are_missed_without_it()
    {
        await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        var lake = await _desk.Desk.LakeOptionsAsync(null, Token);
        Assert.Equal(20, (await new LakeSealer(_desk.Desk.DataSource, lake, null, TimeProvider.System).SealAsync(new(2024, 1, 21), null, Token)).Days);
        var without = await CreateAsync();
        Assert.Equal(20, without.SealedOutside);
        await using (var poor = await EmptyAsync())
        {
            var done = await RestoreAsync(poor.Desk, without.Path);
            Assert.Equal((20, 20), (done.DaysToWrite, done.SealedMissing.Count));
        }
        var with = await CreateAsync(withLake: true);
        await using var target = await EmptyAsync();
        Assert.Empty((await RestoreAsync(target.Desk, with.Path)).SealedMissing);
        await using var query = await (await target.Desk.LakeSqlAsync(null, Token)).QueryAsync("SELECT count(*) FROM all_sentiment", Token);
        await foreach (var row in query.ReadRowsAsync(Token)) Assert.Equal(601L, row[0]);
    }

    [Fact]
    public async Task Backup_is_of_one_moment_while_others_write()
    {
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            var text = new System.Text.StringBuilder();
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                text.Clear().Append("id,text,timestamp,ticker\n");
                for (var j = 0; j < 50; j++) text.Append($"{i}-{j},TAA rises,2024-01-0{1 + j % 9}T10:00:00Z,T{(char)('A' + j % 20)}X\n");
                var file = Path.Combine(_desk.Test.Folder, $"w{i}.csv");
                await File.WriteAllTextAsync(file, text.ToString(), Token);
                await _desk.Test.IngestAsync(new(), file);
            }
        }, Token);
        var backups = new List<BackupReport>();
        for (var i = 0; i < 3; i++) backups.Add(await CreateAsync());
        await stop.CancelAsync();
        await writing;
        foreach (var backup in backups)
        {
            await using var target = await EmptyAsync();
            await RestoreAsync(target.Desk, backup.Path);
            const string States = "SELECT string_agg((to_jsonb(t) - 'last_updated')::text, ',' ORDER BY ticker) FROM sentiment.ticker_sentiment t";
            var stored = await target.Database.ScalarAsync<string>(States);
            await new Bellwether.Sentiment.TickerRebuild(target.Desk.DataSource, target.Desk.Options.Scoring).RunAsync(Token);
            Assert.Equal(stored, await target.Database.ScalarAsync<string>(States));
            Assert.Equal(0, await target.Database.ScalarAsync<long>("""
                SELECT count(*) FROM sentiment.all_sentiment s WHERE NOT EXISTS (SELECT FROM ops.inbox i
                    WHERE i.event_key = encode(substr(sha256(convert_to(s.article_id, 'UTF8') || '\x00'::bytea || convert_to(s.ticker, 'UTF8')), 1, 16), 'hex')::uuid)
                """));
        }
    }

    [Fact]
    public async Task Partition_cannot_go_away_from_under_a_backup()
    {
        var refused = 0;
        await CreateAsync(progress: new Watcher(gauge =>
        {
            if (gauge.Stage != "ops.consumer_leases") return;
            using var connection = new NpgsqlConnection(_desk.Test.Database.ConnectionString);
            connection.Open();
            refused += Assert.Throws<PostgresException>(() => connection.Execute("SET lock_timeout = '50ms'; DROP TABLE sentiment.sentiment_data_history")).SqlState
                == PostgresErrorCodes.LockNotAvailable ? 1 : 0;
        }));
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task Damage_is_found_and_a_damaged_backup_changes_nothing()
    {
        var made = await CreateAsync(withLake: true);
        Assert.Equal((made.Tables + 40, made.Tables + 40), await BackupVerifier.RunAsync(made.Path, null, Token) is var whole ? (whole.Files, whole.Ok) : default);
        var table = Path.Combine(made.Path, "tables", "sentiment.sentiment_data.copy.gz");
        var bytes = await File.ReadAllBytesAsync(table, Token);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(table, bytes, Token);
        File.Delete(Path.Combine(made.Path, "tables", "ops.inbox.copy.gz"));
        var cut = Directory.EnumerateFiles(Path.Combine(made.Path, "lake"), "*.parquet", SearchOption.AllDirectories).First();
        await File.WriteAllBytesAsync(cut, (await File.ReadAllBytesAsync(cut, Token))[..^1], Token);
        var found = await BackupVerifier.RunAsync(made.Path, null, Token);
        Assert.Equal(3, found.Bad.Count);
        Assert.Equal(found.Files - 3, found.Ok);
        Assert.Contains(found.Bad, file => file is { File: "tables/ops.inbox.copy.gz", Reason: "is missing" });

        await using var target = await EmptyAsync();
        var error = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target.Desk, made.Path));
        Assert.Contains("2 more files", error.Message);
        Assert.Equal(0, await target.Database.ScalarAsync<long>("SELECT count(*) FROM ops.inbox"));
    }

    [Fact]
    public async Task Data_is_replaced_only_when_asked_for_and_then_whole()
    {
        var made = await CreateAsync(withLake: true);
        var before = await TablesAsync(_desk.Desk.DataSource);
        Assert.Contains("--replace", (await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(_desk.Desk, made.Path))).Mend);
        Assert.Equal(before, await TablesAsync(_desk.Desk.DataSource));
        var files = _desk.Files();
        await _desk.RollbackAsync();
        var late = Path.Combine(_desk.Test.Folder, "late.csv");
        await File.WriteAllTextAsync(late, "id,text,timestamp,ticker\n7,ZZZ rises,2024-07-03T10:00:00Z,ZZZ\n", Token);
        await _desk.Test.IngestAsync(new(), late);
        await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        await RestoreAsync(_desk.Desk, made.Path, replace: true);
        Assert.Equal(files, _desk.Files());
        Assert.Equal(before, await TablesAsync(_desk.Desk.DataSource));
        var verified = await new LakeVerifier(_desk.Desk.DataSource, await _desk.Desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token);
        Assert.Equal((40, 0), (verified.Ok, verified.Bad.Count));
    }

    [Fact]
    public async Task Backup_that_is_cut_off_leaves_nothing_that_looks_like_one()
    {
        var whole = await CreateAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var writer = await _desk.Desk.BackupWriterAsync(null, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.CreateAsync(Backups, true, false, new Watcher(gauge =>
        {
            if (gauge.Stage.StartsWith("sentiment.", StringComparison.Ordinal)) stop.Cancel();
        }), stop.Token));
        Assert.Equal([whole.Path], Directory.EnumerateFileSystemEntries(Backups));
        // What a killed process left is no backup either, and goes with the next one.
        var left = Directory.CreateDirectory(Path.Combine(Backups, ".unfinished-999999999-x")).FullName;
        File.Copy(Path.Combine(whole.Path, BackupManifest.FileName), Path.Combine(left, BackupManifest.FileName));
        Assert.Equal(whole.Path, Assert.Single(BackupInfo.List(Backups)).Path);
        var next = await CreateAsync();
        Assert.Equal([next.Path, whole.Path], BackupInfo.List(Backups).Select(backup => backup.Path));
        Assert.False(Directory.Exists(left));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(next.Path).UnixFileMode);
        Assert.Equal([whole.Path], BackupInfo.Thin(Backups, 1));
        Assert.Equal([next.Path], Directory.EnumerateFileSystemEntries(Backups));
        // A file in the folder's place refuses root as well.
        var error = await Assert.ThrowsAsync<BackupException>(() => CreateAsync(to: Path.Combine(next.Path, BackupManifest.FileName)));
        Assert.Contains("--to", error.Mend);
    }

    [Fact]
    public async Task Every_table_and_schema_of_the_product_is_backed_up()
    {
        await using var connection = await _desk.Desk.DataSource.OpenConnectionAsync(Token);
        var schemas = await connection.QueryAsync<string>("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')");
        Assert.Empty(schemas.Except(BackupCatalog.Schemas));
        var tables = await connection.QueryAsync<string>("""
            SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            """);
        var known = (await BackupCatalog.TablesAsync(connection, Token)).Select(table => $"{table.Schema}.{table.Name}");
        // The history is made by running the scripts, and what is sealed lies in the lake.
        Assert.Equal(["public.bellwether_migrations", "sentiment.sentiment_cold"], tables.Except(known).Order(StringComparer.Ordinal));
    }
}
