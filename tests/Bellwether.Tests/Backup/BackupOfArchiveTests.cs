using Bellwether.Backup;
using Bellwether.Retention.Archive;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Backup;

/// <summary>Archived rows and backups: they are in it or told, and what an older one names is there for a while.</summary>
public sealed class BackupOfArchiveTests(TestServer server) : IAsyncLifetime
{
    static readonly DateTimeOffset Old = new(2026, 1, 20, 0, 0, 0, TimeSpan.Zero);

    BackupLab _from = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _from = await BackupLab.CreateAsync(server, nameof(BackupOfArchiveTests));

    public ValueTask DisposeAsync() => _from.DisposeAsync();

    [Fact]
    public async Task Archived_rows_come_with_the_backup_when_asked_for_and_are_told_otherwise()
    {
        _from.Lab.RowsPerFile = 50;
        await _from.Lab.AddTweetsAsync(Old, 200);
        var rows = await _from.Lab.ContentAsync("sentiment.tweets");
        await _from.Lab.RunAsync();
        // Rows of the first file are in their table, too.
        await _from.Lab.RestoreAsync("tweets", Old, Old.AddHours(50));
        var files = await _from.Lab.FilesAsync();
        var away = files.Count(file => file.RestoredAt is null);
        var without = await _from.CreateAsync();
        Assert.Equal((files.Count, false, away), (without.ArchiveFiles, without.WithArchive, without.ArchivedOutside));
        await using (var poor = await BackupLab.CreateAsync(server, nameof(BackupOfArchiveTests)))
        {
            var done = await poor.RestoreAsync(without.Path);
            Assert.Equal(0, done.ArchiveFiles);
            Assert.Equal(files.Where(file => file.RestoredAt is null).Select(file => file.Key).Order(StringComparer.Ordinal), done.ArchiveMissing);
        }

        var with = await _from.CreateAsync(withArchive: true);
        Assert.Equal((files.Count, true, 0), (with.ArchiveFiles, with.WithArchive, with.ArchivedOutside));
        Assert.True(with.Bytes >= without.Bytes + files.Sum(file => file.Bytes));
        Assert.Equal((true, files.Count), BackupInfo.List(_from.Backups)[0] is var listed ? (listed.WithArchive, listed.ArchiveFiles) : default);
        Assert.Equal(with.Tables + files.Count, (await BackupVerifier.RunAsync(with.Path, null, Token)).Ok);
        await using var target = await BackupLab.CreateAsync(server, nameof(BackupOfArchiveTests));
        var restored = await target.RestoreAsync(with.Path);
        Assert.Equal(files.Count, restored.ArchiveFiles);
        Assert.Empty(restored.ArchiveMissing);
        Assert.Equal(0, await target.Lab.ScalarAsync<long>("SELECT count(*) FROM ops.archive_pending"));
        Assert.Empty((await target.Lab.VerifyAsync()).Bad);
        await target.Lab.RestoreAsync("tweets");
        Assert.Equal(rows, await target.Lab.ContentAsync("sentiment.tweets"));

        // A damaged copy is found, and nothing of it is used.
        var copy = Path.Combine(with.Path, "archive", files[1].Key);
        var bytes = await File.ReadAllBytesAsync(copy, Token);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(copy, bytes, Token);
        Assert.Equal($"archive/{files[1].Key}", Assert.Single((await BackupVerifier.RunAsync(with.Path, null, Token)).Bad).File);
        Assert.Contains("is damaged", (await Assert.ThrowsAsync<BackupException>(() => target.RestoreAsync(with.Path, replace: true))).Message);
    }

    [Fact]
    public async Task Older_backup_finds_the_archive_files_that_were_superseded_since()
    {
        await _from.Lab.AddTweetsAsync(Old, 200);
        var rows = await _from.Lab.ContentAsync("sentiment.tweets");
        await _from.Lab.RunAsync();
        var named = _from.ArchiveFiles();
        var monday = await _from.CreateAsync();
        // Tuesday: a part comes back, and the file becomes three.
        await _from.Lab.RestoreAsync("tweets", Old.AddHours(50), Old.AddHours(60));
        await _from.Lab.RunAsync();
        var split = _from.ArchiveFiles();
        Assert.Equal(4, split.Length);
        Assert.Contains(named[0], split);

        var done = await _from.RestoreAsync(monday.Path, replace: true);
        Assert.Empty(done.ArchiveMissing);
        Assert.Empty((await _from.Lab.VerifyAsync()).Bad);
        // The parts are known, and go when no backup is supposed to name them any more.
        Assert.Equal(3, await _from.Lab.ScalarAsync<long>("SELECT count(*) FROM ops.archive_pending WHERE since > now() + interval '29 days'"));
        await _from.Lab.RunAsync();
        Assert.Equal(4, _from.ArchiveFiles().Length);
        await _from.Lab.ExecuteAsync("UPDATE ops.archive_pending SET since = now()");
        await _from.Lab.RestoreAsync("tweets");
        Assert.Equal(rows, await _from.Lab.ContentAsync("sentiment.tweets"));
        Assert.Equal(named, _from.ArchiveFiles());
    }

    [Fact]
    public async Task Superseded_file_goes_when_its_time_has_come_and_at_once_for_whoever_asks_for_it()
    {
        await _from.Lab.AddTweetsAsync(Old, 100);
        await _from.Lab.RunAsync();
        var first = _from.ArchiveFiles().Single();
        await _from.Lab.RestoreAsync("tweets", Old.AddHours(50), Old.AddHours(60));
        Assert.Contains(first, _from.ArchiveFiles());
        await _from.Lab.ExecuteAsync("UPDATE ops.archive_pending SET since = now() - interval '1 second'");
        await _from.Lab.RunAsync();
        Assert.DoesNotContain(first, _from.ArchiveFiles());

        // As an erasure does: what it removes rows from must not lie about in an older version.
        await _from.Lab.RestoreAsync("tweets", Old.AddHours(70), Old.AddHours(80));
        var (all, superseded) = (_from.ArchiveFiles(), await _from.Lab.ScalarAsync<long>("SELECT count(*) FROM ops.archive_pending"));
        Assert.True(superseded > 0);
        await using var connection = await _from.Lab.Source.OpenConnectionAsync(Token);
        await ArchiveCatalog.SweepAsync(connection, _from.Lab.Objects, Token);
        Assert.Equal(all.Length - superseded, _from.ArchiveFiles().Length);
        Assert.Equal(_from.ArchiveFiles().Length, (await _from.Lab.FilesAsync()).Count);
    }

    [Fact]
    public async Task Restore_that_fails_leaves_no_archive_files_that_nobody_knows()
    {
        await _from.Lab.AddTweetsAsync(Old, 60);
        await _from.Lab.RunAsync();
        var made = await _from.CreateAsync(withArchive: true);
        await using var target = await BackupLab.CreateAsync(server, nameof(BackupOfArchiveTests));
        await target.Lab.ExecuteAsync("""
            CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
            CREATE CONSTRAINT TRIGGER no AFTER INSERT ON ops.archive_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.no()
            """);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => target.RestoreAsync(made.Path));
        Assert.Single(target.ArchiveFiles());
        await target.Lab.ExecuteAsync("DROP TRIGGER no ON ops.archive_files");
        // The database is as empty as before: names of files on their way are no data in the way.
        await target.RestoreAsync(made.Path);
        Assert.Empty((await target.Lab.VerifyAsync()).Bad);
        await target.Lab.RunAsync();
        Assert.Single(target.ArchiveFiles());
    }
}
