using System.Diagnostics;
using Bellwether.App;
using Bellwether.Lake;
using Bellwether.Retention;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Lake;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Backup;

/// <summary>The program killed at any moment while one backup takes the place of another: it is one or the other, whole.</summary>
public sealed class BackupCrashTests(TestServer server) : IAsyncLifetime
{
    const int Kills = 16;

    static readonly DateOnly Day = new(2024, 2, 1);

    TestDesk _desk = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _desk = await TestDesk.OpenAsync(server, nameof(BackupCrashTests), options => options with { DuckDb = DuckDbTestLibrary.Path });

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Killed_at_any_moment_it_is_the_old_state_or_the_new_one_and_the_next_run_ends_well()
    {
        State[] states = [await FirstAsync(), await SecondAsync()];
        var (random, now, length, committed) = (new Random(20_240_202), 1, TimeSpan.FromSeconds(4), 0);
        for (var (kills, turn) = (0, 0); kills < Kills; turn++)
        {
            // What comes next is not what is there.
            var watch = Stopwatch.StartNew();
            using var run = LimitedProgram.Start(null, Line(states[1 - now].Backup));
            var said = Task.WhenAll(run.StandardOutput.ReadToEndAsync(Token), run.StandardError.ReadToEndAsync(Token));
            await Task.WhenAny(run.WaitForExitAsync(Token), Task.Delay(length * (0.2 + 0.8 * random.NextDouble()), TimeProvider.System, Token));
            var ended = run.HasExited;
            if (!ended) run.Kill(); // SIGKILL: no handler, no flush
            await run.WaitForExitAsync(Token);
            if (run.ExitCode != 137)
            {
                Assert.True(run.ExitCode == 0, string.Concat(await said));
                (length, now) = (watch.Elapsed, 1 - now);
                await CheckAsync(states[now], whole: true);
                continue;
            }
            kills++;
            var (before, found) = (now, await FoundAsync(states));
            now = found;
            if (found != before) committed++;
            await CheckAsync(states[found], whole: found == before);
            // Whoever writes the lake next does what is left to do.
            await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
            Assert.Equal(states[found].Places, Places());
        }
        TestContext.Current.SendDiagnosticMessage($"{committed} of {Kills} were killed behind their commit");
        for (var round = 0; round < 2; round++)
        {
            now = 1 - now;
            using var run = LimitedProgram.Start(null, Line(states[now].Backup));
            var said = Task.WhenAll(run.StandardOutput.ReadToEndAsync(Token), run.StandardError.ReadToEndAsync(Token));
            await run.WaitForExitAsync(Token);
            Assert.True(run.ExitCode == 0, string.Concat(await said));
            await CheckAsync(states[now], whole: true);
            Assert.Equal(states[now].Tables["ops.lake_days"], (await TablesAsync())["ops.lake_days"]);
        }
        Assert.Equal(300, (await (await _desk.Desk.ArchiveRestoreAsync(null, Token)).RunAsync("tweets", null, null, true, null, Token)).Rows);
    }

    /// <param name="Tables">Content of each.</param>
    /// <param name="Rows">Of hot and cold days, by the way of `bellwether sql`.</param>
    /// <param name="Places">What other tools find in the lake.</param>
    sealed record State(string Backup, SortedDictionary<string, string> Tables, string Rows, SortedDictionary<string, string> Places);

    string[] Line(string backup) => ["--data", _desk.Folder, "--postgres", _desk.Database.ConnectionString, "backup", "restore", "--from", backup, "--replace", "--json"];

    async Task<State> FirstAsync()
    {
        await ExecuteAsync(LakeTestDatabase.AddDaySql(Day, 24));
        await ExecuteAsync(LakeTestDatabase.FillSql(Day, 20, 200, "a"));
        await ExecuteAsync("""
            INSERT INTO sentiment.tweets (tweet_id, article_id, created_at, text, fetched_at)
            SELECT 'a' || n, md5('a' || n), timestamptz '2026-01-20 00:00+00' + n * interval '1 minute', 'text ' || n, now() FROM generate_series(1, 300) n
            """);
        await (await _desk.Desk.RetentionEngineAsync(null, Token, new ManualTime(new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero)))).RunAsync(RetentionCause.Command, null, Token);
        await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        await new LakeSealer(_desk.Desk.DataSource, await _desk.Desk.LakeOptionsAsync(null, Token), null, TimeProvider.System).SealAsync(Day.AddDays(8), null, Token);
        return await KeepAsync();
    }

    /// <summary>Late rows of every day, four more days, one day less; the archive is another, too.</summary>
    async Task<State> SecondAsync()
    {
        for (var day = Day; day < Day.AddDays(8); day = day.AddDays(1)) await new Bellwether.Storage.RangePartitions(_desk.Desk.DataSource, "sentiment.sentiment_data").EnsureDayAsync(day, Token);
        await ExecuteAsync(LakeTestDatabase.FillSql(Day, 24, 30, "late"));
        await ExecuteAsync($"""
            DELETE FROM sentiment.sentiment_data WHERE timestamp >= '{Day.AddDays(12):yyyy-MM-dd} 00:00+00' AND timestamp < '{Day.AddDays(13):yyyy-MM-dd} 00:00+00';
            UPDATE ops.lake_days SET hot_rows = 0, revision = revision + 1 WHERE day = '{Day.AddDays(12):yyyy-MM-dd}'
            """);
        await (await _desk.Desk.ArchiveRestoreAsync(null, Token)).RunAsync("tweets", new(2026, 1, 20, 1, 0, 0, TimeSpan.Zero), new(2026, 1, 20, 2, 0, 0, TimeSpan.Zero), false, null, Token);
        await (await _desk.Desk.LakeWriterAsync(null, Token)).WriteDirtyDaysAsync(null, Token);
        return await KeepAsync();
    }

    async Task<State> KeepAsync() => new(
        (await (await _desk.Desk.BackupWriterAsync(null, Token)).CreateAsync(Path.Combine(_desk.Folder, "backups"), true, true, null, Token)).Path, await TablesAsync(), await RowsAsync(), Places());

    /// <summary>Which of the states it is; not before the server has noticed the death of the process.</summary>
    async Task<int> FoundAsync(State[] states)
    {
        await using (var owner = await _desk.Desk.DataSource.OpenConnectionAsync(Token))
        {
            await LakeLock.TakeAsync(owner, Token);
            await LakeLock.ReleaseAsync(owner);
        }
        var rows = await RowsAsync();
        var found = Array.FindIndex(states, state => state.Rows == rows);
        Assert.True(found >= 0, rows);
        return found;
    }

    /// <param name="whole">Nothing is left to do: places and manifest are as they were, too.</param>
    async Task CheckAsync(State state, bool whole)
    {
        Assert.Equal(state.Rows, await RowsAsync());
        // Days that are to be written as empty ones, and names of archive files that stay for a while, come beside.
        string[] beside = whole ? ["ops.archive_pending", "ops.lake_days"] : ["ops.archive_pending", "ops.lake_days", "ops.lake_files"];
        var tables = await TablesAsync();
        Assert.Equal(state.Tables.Where(table => !beside.Contains(table.Key)), tables.Where(table => !beside.Contains(table.Key)));
        if (whole) Assert.Equal(state.Places, Places());
        Assert.Empty((await new LakeVerifier(_desk.Desk.DataSource, await _desk.Desk.LakeOptionsAsync(null, Token), TimeProvider.System).VerifyAsync(null, Token)).Bad);
        Assert.Empty((await (await _desk.Desk.ArchiveVerifierAsync(null, Token)).VerifyAsync(null, null, Token)).Bad);
    }

    // When an archive file was last looked at changes with every look.
    async Task<SortedDictionary<string, string>> TablesAsync()
    {
        var tables = await BackupContent.OfAsync(_desk.Desk.DataSource, "archive_files");
        tables["ops.archive_files"] = await _desk.Database.ScalarAsync<string>("SELECT coalesce(string_agg(key || file_sha256 || coalesce(restored_at::text, ''), ',' ORDER BY key), '') FROM ops.archive_files");
        return tables;
    }

    SortedDictionary<string, string> Places()
    {
        var lake = _desk.Desk.Options.LakeDirectory;
        return new(Directory.EnumerateFiles(lake, "*.parquet", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(lake, file), file => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))), StringComparer.Ordinal);
    }

    async Task<string> RowsAsync()
    {
        await using var query = await (await _desk.Desk.LakeSqlAsync(null, Token)).QueryAsync(
            "SELECT count(*), md5(string_agg(md5(CAST(a AS VARCHAR)), '' ORDER BY article_id, ticker, timestamp)) FROM all_sentiment a", Token);
        await foreach (var row in query.ReadRowsAsync(Token)) return string.Join(' ', row);
        return "";
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = _desk.Desk.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }
}
