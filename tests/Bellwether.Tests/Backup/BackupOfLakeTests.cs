using Bellwether.App;
using Bellwether.Backup;
using Bellwether.Lake;
using Bellwether.Retention;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Lake;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Backup;

/// <summary>The files of the lake while a backup takes the place of what is there, in a folder and in a bucket.</summary>
public sealed class BackupOfLakeTests(TestServer server, S3Server s3)
{
    static readonly DateOnly Day = new(2024, 2, 1);

    static CancellationToken Token => TestContext.Current.CancellationToken;

    static async Task ExecuteAsync(Desk desk, string sql)
    {
        await using var command = desk.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    static async Task WriteAsync(Desk desk) => await (await desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);

    static async Task<BackupReport> CreateAsync(TestDesk desk, bool withArchive = false) =>
        await (await desk.Desk.BackupWriterAsync(null, Token)).CreateAsync(Path.Combine(desk.Folder, "backups"), true, withArchive, null, Token);

    static async Task<RestoreReport> RestoreAsync(Desk desk, string backup, bool replace = true, IProgress<BackupGauge>? progress = null) =>
        await (await desk.BackupRestoreAsync(null, Token)).RunAsync(backup, replace, false, progress, Token);

    static async Task<string> RowsAsync(Desk desk)
    {
        await using var query = await (await desk.LakeSqlAsync(null, Token)).QueryAsync(
            "SELECT count(*), md5(string_agg(md5(CAST(a AS VARCHAR)), '' ORDER BY article_id, ticker, timestamp)) FROM all_sentiment a", Token);
        await foreach (var row in query.ReadRowsAsync(Token)) return string.Join(' ', row);
        return "";
    }

    /// <summary>What other tools see: the files in the places of their days, with their hashes.</summary>
    static async Task<SortedDictionary<string, string>> PlacesAsync(Desk desk)
    {
        var lake = await desk.LakeOptionsAsync(null, Token);
        using var folder = new LocalObjectStore(lake.Directory, TimeProvider.System);
        var objects = lake.Store?.Objects ?? folder;
        var places = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var found in objects.ListAsync("year=", null, Token)) places[found.Key] = (await objects.HeadAsync(found.Key, Token))!.Sha256!;
        return places;
    }

    /// <summary>Six days, of which three are sealed; then other rows, more days and one day less than at the time of the backup.</summary>
    static async Task<(BackupReport Made, SortedDictionary<string, string> Places, string Rows)> MoveOnAsync(TestDesk desk, bool withArchive = false)
    {
        await ExecuteAsync(desk.Desk, LakeTestDatabase.AddDaySql(Day, 9));
        await ExecuteAsync(desk.Desk, LakeTestDatabase.FillSql(Day, 6, 120, "a"));
        await WriteAsync(desk.Desk);
        await new LakeSealer(desk.Desk.DataSource, await desk.Desk.LakeOptionsAsync(null, Token), null, TimeProvider.System).SealAsync(Day.AddDays(3), null, Token);
        var then = (await CreateAsync(desk, withArchive), await PlacesAsync(desk.Desk), await RowsAsync(desk.Desk));
        for (var day = Day; day < Day.AddDays(3); day = day.AddDays(1)) await new Bellwether.Storage.RangePartitions(desk.Desk.DataSource, "sentiment.sentiment_data").EnsureDayAsync(day, Token);
        await ExecuteAsync(desk.Desk, LakeTestDatabase.FillSql(Day, 9, 40, "late"));
        await ExecuteAsync(desk.Desk, $"""
            DELETE FROM sentiment.sentiment_data WHERE timestamp >= '{Day.AddDays(4):yyyy-MM-dd} 00:00+00' AND timestamp < '{Day.AddDays(5):yyyy-MM-dd} 00:00+00';
            UPDATE ops.lake_days SET hot_rows = 0, revision = revision + 1 WHERE day = '{Day.AddDays(4):yyyy-MM-dd}'
            """);
        await WriteAsync(desk.Desk);
        return then;
    }

    static async Task AssertIsAsync(Desk desk, BackupReport made, SortedDictionary<string, string> places, string rows)
    {
        Assert.Equal(places, await PlacesAsync(desk));
        Assert.Equal(rows, await RowsAsync(desk));
        Assert.Empty((await new LakeVerifier(desk.DataSource, await desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token)).Bad);
        var manifest = BackupManifest.Read(made.Path);
        var now = await BackupContent.OfAsync(desk.DataSource, "archive_pending");
        Assert.Equal(manifest.Tables.Where(table => table.Name != "archive_pending").Select(table => (table.FullName.Replace("\"", ""), table.Rows)),
            now.Select(table => (table.Key, long.Parse(table.Value.Split(' ')[0]))).OrderBy(table => manifest.Tables.ToList().FindIndex(t => t.FullName.Replace("\"", "") == table.Key)));
    }

    Task<TestDesk> OpenAsync() => TestDesk.OpenAsync(server, nameof(BackupOfLakeTests), options => options with { DuckDb = DuckDbTestLibrary.Path });

    [Fact]
    public async Task Restore_that_cannot_commit_has_left_every_file_in_its_place()
    {
        await using var desk = await OpenAsync();
        var (made, places, rows) = await MoveOnAsync(desk);
        var (placesNow, rowsNow, tablesNow) = (await PlacesAsync(desk.Desk), await RowsAsync(desk.Desk), await BackupContent.OfAsync(desk.Desk.DataSource));
        Assert.NotEqual(places, placesNow);
        // As if the connection were lost at the very end.
        await ExecuteAsync(desk.Desk, """
            CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
            CREATE CONSTRAINT TRIGGER no AFTER INSERT ON ops.lake_days DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.no()
            """);
        Assert.Contains("not today", (await Assert.ThrowsAsync<PostgresException>(() => RestoreAsync(desk.Desk, made.Path))).Message);
        Assert.Equal(placesNow, await PlacesAsync(desk.Desk));
        Assert.Equal(rowsNow, await RowsAsync(desk.Desk));
        Assert.Equal(tablesNow, await BackupContent.OfAsync(desk.Desk.DataSource));
        await ExecuteAsync(desk.Desk, "DROP TRIGGER no ON ops.lake_days");
        await RestoreAsync(desk.Desk, made.Path);
        await AssertIsAsync(desk.Desk, made, places, rows);
    }

    [Fact]
    public async Task Restore_waits_for_whoever_writes_the_lake_or_moves_rows()
    {
        await using var desk = await OpenAsync();
        var (made, places, rows) = await MoveOnAsync(desk);
        var waits = new TaskCompletionSource();
        var stages = new List<string>();
        Task<RestoreReport> restoring;
        await using (var mine = await RetentionLock.TakeAsync(desk.Desk.DataSource, Token))
        {
            await LakeLock.TakeAsync(mine.Connection, Token);
            restoring = RestoreAsync(desk.Desk, made.Path, progress: new Watcher(gauge =>
            {
                lock (stages) stages.Add(gauge.Stage);
                if (gauge.Stage.StartsWith("waiting", StringComparison.Ordinal)) waits.TrySetResult();
            }));
            await waits.Task.WaitAsync(Token);
            while (!await desk.Database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"))
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Token);
            lock (stages) Assert.StartsWith("waiting", stages[^1]);
            Assert.False(restoring.IsCompleted);
            await LakeLock.ReleaseAsync(mine.Connection);
        }
        await restoring;
        await AssertIsAsync(desk.Desk, made, places, rows);
    }

    [Fact]
    public async Task Lake_and_archive_in_a_bucket_are_backed_up_and_restored_into_another()
    {
        var (one, two) = (await s3.BucketAsync(), await s3.BucketAsync());
        var options = await s3.OptionsAsync();
        await using var desk = await TestDesk.OpenAsync(server, nameof(BackupOfLakeTests), o => o with { DuckDb = DuckDbTestLibrary.Path, Lake = one.ToString(), LakeObjects = options });
        await ExecuteAsync(desk.Desk, """
            INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, text, fetched_at)
            SELECT 'a' || n, md5('a' || n), timestamptz '2026-01-20 00:00+00' + n * interval '1 minute', 'text ' || n, now() FROM generate_series(1, 500) n
            """);
        await (await desk.Desk.RetentionEngineAsync(null, Token, new ManualTime(new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero)))).RunAsync(RetentionCause.Command, null, Token);
        var (made, places, rows) = await MoveOnAsync(desk, withArchive: true);
        Assert.Equal((6, 0, 1, 0), (made.LakeFiles, made.SealedOutside, made.ArchiveFiles, made.ArchivedOutside));
        Assert.Equal(made.Tables + 7, (await BackupVerifier.RunAsync(made.Path, null, Token)).Ok);

        // In place, over what came since, and into another bucket.
        await RestoreAsync(desk.Desk, made.Path);
        await AssertIsAsync(desk.Desk, made, places, rows);
        await using var target = await TestDesk.OpenAsync(server, nameof(BackupOfLakeTests), o => o with { DuckDb = DuckDbTestLibrary.Path, Lake = two.ToString(), LakeObjects = options });
        var done = await RestoreAsync(target.Desk, made.Path, replace: false);
        Assert.Equal((6, 0, 1), (done.LakeFiles, done.DaysToWrite, done.ArchiveFiles));
        Assert.Empty(done.SealedMissing);
        Assert.Empty(done.ArchiveMissing);
        await AssertIsAsync(target.Desk, made, places, rows);
        Assert.Equal(500, (await (await target.Desk.ArchiveRestoreAsync(null, Token)).RunAsync("tweets", null, null, false, null, Token)).Rows);
    }

    [Fact]
    public async Task Bucket_that_fails_behind_the_commit_is_told_and_the_next_write_puts_the_files_in_place()
    {
        await using var proxy = await FaultyS3.BeforeAsync(s3);
        var bucket = await s3.BucketAsync();
        await using var desk = await TestDesk.OpenAsync(server, nameof(BackupOfLakeTests), options => options with
        {
            DuckDb = DuckDbTestLibrary.Path,
            Lake = bucket.ToString(),
            LakeObjects = S3Server.Options(proxy.Endpoint) with { RetryFor = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromSeconds(5) },
        });
        var (made, places, rows) = await MoveOnAsync(desk);
        var placesNow = await PlacesAsync(desk.Desk);
        proxy.Next(int.MaxValue, "PUT .*sentiment.parquet", Fault.Status(403, "AccessDenied"));
        var error = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(desk.Desk, made.Path));
        Assert.Contains("the backup is restored, but", error.Message);
        Assert.Contains("lake write", error.Mend);
        proxy.Decide = _ => null;
        Assert.Equal(placesNow, await PlacesAsync(desk.Desk));
        // Our readers go by the manifest, and need no place.
        Assert.Equal(rows, await RowsAsync(desk.Desk));
        await WriteAsync(desk.Desk);
        Assert.Equal(places, await PlacesAsync(desk.Desk));
        Assert.Equal(rows, await RowsAsync(desk.Desk));
        await RestoreAsync(desk.Desk, made.Path);
        await AssertIsAsync(desk.Desk, made, places, rows);

        // Before the commit nothing has changed, wherever it fails.
        await ExecuteAsync(desk.Desk, LakeTestDatabase.FillSql(Day.AddDays(3), 3, 7, "later"));
        await WriteAsync(desk.Desk);
        var (before, rowsBefore) = (await PlacesAsync(desk.Desk), await RowsAsync(desk.Desk));
        proxy.Next(int.MaxValue, "(PUT|HEAD) .*_kept", Fault.Status(403, "AccessDenied"));
        await Assert.ThrowsAsync<ObjectStoreException>(() => RestoreAsync(desk.Desk, made.Path));
        proxy.Decide = _ => null;
        Assert.Equal(before, await PlacesAsync(desk.Desk));
        Assert.Equal(rowsBefore, await RowsAsync(desk.Desk));
    }
}
