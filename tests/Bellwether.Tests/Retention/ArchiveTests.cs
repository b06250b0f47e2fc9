using Bellwether.Retention;
using Bellwether.Retention.Archive;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Retention;

/// <summary>The archive itself: bringing rows back, looking after the files, and what happens to those that are lost or damaged.</summary>
public sealed class ArchiveTests(TestServer server, S3Server s3) : IAsyncLifetime
{
    static readonly DateTimeOffset Old = new(2026, 1, 20, 0, 0, 0, TimeSpan.Zero);

    RetentionLab _lab = null!;

    public async ValueTask InitializeAsync() => _lab = await RetentionLab.CreateAsync(server, nameof(ArchiveTests));

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    Task<long> CountAsync(string table) => _lab.ScalarAsync<long>($"SELECT count(*) FROM {table}");

    string FileOf(ArchiveFile file) => Path.Combine(_lab.ArchiveFolder, file.Key);

    [Fact]
    public async Task Part_of_a_file_comes_back_and_the_rest_stays_archived()
    {
        await _lab.AddTweetsAsync(Old, 200);
        var before = await _lab.ContentAsync("sentiment.tweets");
        await _lab.RunAsync();
        var (from, to) = (Old.AddHours(50), Old.AddHours(60));
        Assert.Equal((10, 1), await _lab.RestoreAsync("tweets", from, to) is var part ? (part.Rows, part.Files) : default);
        Assert.Equal(10, await CountAsync("sentiment.tweets"));
        Assert.Equal(10, await CountAsync($"sentiment.tweets WHERE created_at >= '{from:u}' AND created_at < '{to:u}'"));
        var files = await _lab.FilesAsync();
        Assert.Equal([50, 10, 140], files.Select(file => file.Rows));
        Assert.Equal([false, true, false], files.Select(file => file.RestoredAt is not null));
        // The whole one stays for backups that name it.
        Assert.Equal(3 + 1, Directory.EnumerateFiles(_lab.ArchiveFolder, "*.parquet", SearchOption.AllDirectories).Count());
        Assert.Equal(1, await CountAsync("ops.archive_pending WHERE since > now() + interval '29 days'"));
        Assert.Equal(200, (await _lab.RestoreAsync("tweets")).Rows);
        Assert.Equal(before, await _lab.ContentAsync("sentiment.tweets"));
    }

    [Fact]
    public async Task Rows_come_back_beside_their_table_as_often_as_wanted()
    {
        await _lab.AddTweetsAsync(Old, 100);
        var before = await _lab.ContentAsync("sentiment.tweets");
        await _lab.RunAsync();
        for (var time = 0; time < 2; time++)
        {
            var done = await _lab.RestoreAsync("tweets", beside: true);
            Assert.Equal((100, "sentiment.tweets_restored"), (done.Rows, done.Table));
            Assert.Equal(before, await _lab.ContentAsync("sentiment.tweets_restored"));
        }
        Assert.Equal(7, (await _lab.RestoreAsync("tweets", Old.AddHours(3), Old.AddHours(10), beside: true)).Rows);
        Assert.Equal(7, await CountAsync("sentiment.tweets_restored"));
        Assert.Equal(0, await CountAsync("sentiment.tweets"));
        Assert.All(await _lab.FilesAsync(), file => Assert.Null(file.RestoredAt));
        await _lab.ExecuteAsync("DROP TABLE sentiment.tweets_restored; CREATE TABLE sentiment.tweets_restored (mine int)");
        Assert.Contains("rename it first", (await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("tweets", beside: true))).Message);
    }

    [Fact]
    public async Task Table_that_has_gained_and_changed_columns_takes_its_rows_back()
    {
        await _lab.AddTweetsAsync(Old, 60);
        await _lab.RunAsync();
        await _lab.ExecuteAsync("ALTER TABLE sentiment.tweets ADD COLUMN lang text NOT NULL DEFAULT 'en', ALTER COLUMN followers TYPE numeric, ADD COLUMN mark int");
        Assert.Equal(60, (await _lab.RestoreAsync("tweets")).Rows);
        Assert.Equal(60, await CountAsync("sentiment.tweets WHERE lang = 'en' AND mark IS NULL"));
        Assert.Equal(40, await CountAsync("sentiment.tweets WHERE followers IS NOT NULL"));
    }

    [Fact]
    public async Task Table_that_has_lost_a_column_gets_its_rows_beside_only()
    {
        await _lab.AddTweetsAsync(Old, 20);
        await _lab.RunAsync();
        await _lab.ExecuteAsync("ALTER TABLE sentiment.tweets DROP COLUMN followers");
        Assert.Contains("no column followers any more", (await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("tweets"))).Message);
        Assert.Equal(20, (await _lab.RestoreAsync("tweets", beside: true)).Rows);
    }

    [Fact]
    public async Task Row_that_is_there_with_other_values_is_not_overwritten()
    {
        await _lab.AddTweetsAsync(Old, 20);
        await _lab.RunAsync();
        await _lab.RestoreAsync("tweets");
        await _lab.ExecuteAsync("UPDATE sentiment.tweets SET text = 'mine' WHERE tweet_id = 'a3'");
        Assert.Contains("has other rows in the place", (await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("tweets"))).Message);
        Assert.Equal("mine", await _lab.ScalarAsync<string>("SELECT text FROM sentiment.tweets WHERE tweet_id = 'a3'"));
    }

    [Fact]
    public async Task Missing_damaged_and_exchanged_files_are_told_and_nothing_is_restored()
    {
        _lab.RowsPerFile = 10;
        await _lab.AddTweetsAsync(Old, 40);
        await _lab.RunAsync();
        var files = await _lab.FilesAsync();
        var good = await File.ReadAllBytesAsync(FileOf(files[0]), TestContext.Current.CancellationToken);
        File.Delete(FileOf(files[0]));
        var damaged = await File.ReadAllBytesAsync(FileOf(files[1]), TestContext.Current.CancellationToken);
        damaged[damaged.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(FileOf(files[1]), damaged, TestContext.Current.CancellationToken);
        File.Copy(FileOf(files[3]), FileOf(files[2]), overwrite: true);
        var found = await _lab.VerifyAsync();
        Assert.Equal((4, 1), (found.Files, found.Ok));
        Assert.Contains("is missing in", found.Bad.Single(bad => bad.Path == files[0].Key).Reason);
        Assert.All(files.Skip(1).Take(2), file => Assert.Contains("is damaged in", found.Bad.Single(bad => bad.Path == file.Key).Reason));
        Assert.Equal(3, await CountAsync("ops.archive_files WHERE problem IS NOT NULL"));
        var error = await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("tweets"));
        Assert.Contains(files[0].Sha256, error.Message);
        Assert.Equal(0, await CountAsync("sentiment.tweets"));
        Assert.Equal(10, (await _lab.RestoreAsync("tweets", files[3].From)).Rows);

        await File.WriteAllBytesAsync(FileOf(files[0]), good, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(files[0].Key, (await _lab.VerifyAsync()).Bad.Select(bad => bad.Path));
    }

    [Fact]
    public async Task Files_that_were_looked_at_the_longest_ago_come_first()
    {
        _lab.RowsPerFile = 10;
        await _lab.AddTweetsAsync(Old, 50);
        await _lab.RunAsync();
        await _lab.ExecuteAsync("UPDATE ops.archive_files SET verified_at = timestamptz '2026-01-01+00' + id * interval '1 day'");
        var oldest = (await _lab.FilesAsync()).OrderBy(file => file.VerifiedAt).Select(file => file.Id).ToArray();
        for (var round = 0; round < 2; round++)
        {
            var found = await _lab.VerifyAsync(most: 2);
            Assert.Equal((2, 2, 3), (found.Files, found.Ok, found.Left));
            _lab.Time.Advance(TimeSpan.FromHours(1));
        }
        Assert.Equal(oldest.Skip(4).Concat(oldest.Take(4)), (await _lab.FilesAsync()).OrderBy(file => file.VerifiedAt).ThenBy(file => file.Id).Select(file => file.Id));
    }

    [Fact]
    public async Task File_that_may_not_be_read_is_told_and_does_not_keep_the_others_from_their_turn()
    {
        _lab.RowsPerFile = 10;
        await _lab.AddTweetsAsync(Old, 40);
        await _lab.RunAsync();
        await _lab.ExecuteAsync("UPDATE ops.archive_files SET verified_at = timestamptz '2026-01-01+00' + id * interval '1 day'");
        var first = (await _lab.FilesAsync()).MinBy(file => file.VerifiedAt)!;
        _lab.Objects.BeforeGet = key =>
        {
            if (key == first.Key) throw new ObjectStoreException(ObjectStoreFault.AccessDenied, "reading", "the store", key, "access is denied (403)", "Give the right to read.");
        };
        Assert.Equal((2, 1), await _lab.VerifyAsync(most: 2) is var one ? (one.Files, one.Ok) : default);
        Assert.Contains("access is denied", (await _lab.FilesAsync()).Single(file => file.Id == first.Id).Problem);
        _lab.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((2, 2), await _lab.VerifyAsync(most: 2) is var two ? (two.Files, two.Ok) : default);
        // Whoever may not read it does not know whether it is lost.
        Assert.Equal(ObjectStoreFault.AccessDenied, (await Assert.ThrowsAsync<ObjectStoreException>(() => _lab.ForgetAsync(first.Key))).Fault);

        // Nobody answers: that is no problem of any file.
        _lab.Objects.BeforeGet = key => throw new ObjectStoreException(ObjectStoreFault.Unreachable, "reading", "the store", key, "no answer", "Try again.");
        await Assert.ThrowsAsync<ObjectStoreException>(() => _lab.VerifyAsync());
        Assert.Equal(1, await CountAsync("ops.archive_files WHERE problem IS NOT NULL"));
    }

    [Fact]
    public async Task Lost_files_are_written_off_and_remembered_and_sound_ones_are_not()
    {
        _lab.RowsPerFile = 10;
        await _lab.AddTweetsAsync(Old, 40);
        await _lab.RunAsync();
        await _lab.RestoreAsync("tweets", Old, Old.AddHours(10));
        var files = await _lab.FilesAsync();
        File.Delete(FileOf(files[0]));
        await File.WriteAllTextAsync(FileOf(files[1]), "damaged", TestContext.Current.CancellationToken);
        Assert.Contains("there is no file nonsense", (await Assert.ThrowsAsync<RetentionException>(() => _lab.ForgetAsync(files[0].Key, "nonsense"))).Message);
        Assert.Contains("holds what the manifest says", (await Assert.ThrowsAsync<RetentionException>(() => _lab.ForgetAsync(files[0].Key, files[2].Key))).Message);
        Assert.Equal(4, (await _lab.FilesAsync()).Count);

        var gone = await _lab.ForgetAsync(files[0].Key, files[1].Key);
        Assert.Equal([(files[0].Key, true), (files[1].Key, false)], gone.Select(file => (file.Path, file.InTable)));
        Assert.Equal(files.Skip(2).Select(file => file.Id), (await _lab.FilesAsync()).Select(file => file.Id));
        Assert.False(File.Exists(FileOf(files[1])));
        Assert.Empty((await _lab.VerifyAsync()).Bad);
        Assert.Equal(20, (await _lab.RestoreAsync("tweets")).Rows);
        foreach (var file in files.Take(2))
            Assert.Equal(1, await CountAsync($"ops.retention_actions WHERE action = 'forget_lost' AND rows = 10 AND detail LIKE '%{file.Key}%{file.Sha256}%{file.ContentHash}%'"));
    }

    [Fact]
    public async Task Drill_tells_a_file_that_cannot_be_restored_and_leaves_nothing_behind()
    {
        Assert.Null((await _lab.DrillAsync()).Table);
        await _lab.AddTweetsAsync(Old, 40);
        await _lab.RunAsync();
        var good = await _lab.DrillAsync();
        Assert.Equal((true, "tweets", 40L), (good.Succeeded, good.Table, good.Rows));
        File.Delete(FileOf((await _lab.FilesAsync()).Single()));
        var bad = await _lab.DrillAsync();
        Assert.False(bad.Succeeded);
        Assert.Contains("is missing in", bad.Message);
        Assert.Equal("true,false", await _lab.ScalarAsync<string>("SELECT string_agg(succeeded::text, ',' ORDER BY id) FROM ops.archive_drills"));
        Assert.Equal(0, await CountAsync("pg_class WHERE relname = 'drill'"));
    }

    [Fact]
    public async Task Archive_in_a_bucket_that_fails_for_a_while_loses_nothing()
    {
        await using var proxy = await FaultyS3.BeforeAsync(s3);
        using var objects = new S3ObjectStore(await s3.BucketAsync(), S3Server.Options(proxy.Endpoint) with { RetryFor = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromSeconds(5) }, TimeProvider.System);
        await using var lab = await RetentionLab.CreateAsync(server, nameof(ArchiveTests), objects);
        await lab.AddTweetsAsync(Old, 300);
        var before = await lab.ContentAsync("sentiment.tweets");
        proxy.Decide = request => request.StartsWith("PUT ", StringComparison.Ordinal) ? Fault.Status(503, "SlowDown") : null;
        Assert.Equal(ObjectStoreFault.Unavailable, (await Assert.ThrowsAsync<ObjectStoreException>(lab.RunAsync)).Fault);
        Assert.Equal(before, await lab.ContentAsync("sentiment.tweets"));
        proxy.Decide = _ => null;
        Assert.Equal(300, (await lab.RunAsync("tweets")).Rows);
        proxy.Decide = request => request.StartsWith("GET ", StringComparison.Ordinal) ? Fault.Status(500, "InternalError") : null;
        await Assert.ThrowsAsync<ObjectStoreException>(() => lab.RestoreAsync("tweets"));
        Assert.Equal(0, await lab.ScalarAsync<long>("SELECT count(*) FROM sentiment.tweets"));
        proxy.Decide = _ => null;
        Assert.Equal(300, (await lab.RestoreAsync("tweets")).Rows);
        Assert.Equal(before, await lab.ContentAsync("sentiment.tweets"));
    }

    [Fact]
    public async Task Tables_that_are_not_archived_are_told_as_such()
    {
        Assert.Contains("lies in the lake", (await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("sentiment_data"))).Message);
        Assert.Contains("there is no table nonsense", (await Assert.ThrowsAsync<RetentionException>(() => _lab.RestoreAsync("nonsense"))).Message);
        Assert.Equal(0, (await _lab.RestoreAsync("tweets")).Rows);
    }
}
