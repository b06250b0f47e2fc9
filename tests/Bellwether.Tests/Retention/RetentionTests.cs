using Bellwether.Retention;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Retention;

/// <summary>Rows that leave their tables: what goes, what stays, and that nothing is in two places or in none.</summary>
public sealed class RetentionTests(TestServer server) : IAsyncLifetime
{
    static readonly DateTimeOffset Old = new(2026, 1, 20, 0, 0, 0, TimeSpan.Zero);

    RetentionLab _lab = null!;

    public async ValueTask InitializeAsync() => _lab = await RetentionLab.CreateAsync(server, nameof(RetentionTests));

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    Task<long> CountAsync(string table) => _lab.ScalarAsync<long>($"SELECT count(*) FROM {table}");

    [Fact]
    public async Task Posts_move_by_month_and_scores_outlive_them()
    {
        // 90 days before June 1, 12:00 is March 3, 12:00: 1,020 hours from January 20.
        await _lab.AddTweetsAsync(Old, 1_500);
        var before = await _lab.ContentAsync("sentiment.tweets");
        var plan = await _lab.PlanAsync("tweets");
        Assert.Equal(("archive_delete", 1_020L, new DateTimeOffset(2026, 3, 3, 12, 0, 0, TimeSpan.Zero)), (plan.Action, plan.Rows, plan.Before));
        Assert.True(plan.Bytes > 10_000);
        Assert.Equal(1_500, await CountAsync("sentiment.tweets"));

        var done = await _lab.RunAsync("tweets");
        Assert.Equal((plan.Action, plan.Rows, plan.Before), (done.Action, done.Rows, done.Before));
        Assert.Equal(480, await CountAsync("sentiment.tweets"));
        Assert.Equal(1_500, await CountAsync("sentiment.tweet_sentiments"));
        Assert.Equal(1_020, await CountAsync("sentiment.tweet_sentiments WHERE tweet_ref IS NULL"));
        var files = await _lab.FilesAsync("tweets");
        Assert.Equal([288, 672, 60], files.Select(file => file.Rows));
        Assert.All(files, file => Assert.True(file.From.Month == file.To.AddTicks(-1).Month));
        Assert.Equal(files.Select(file => file.Key).Order(), Directory.EnumerateFiles(_lab.ArchiveFolder, "*.parquet", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(_lab.ArchiveFolder, file)).Order());

        var actions = await _lab.ScalarAsync<long>("SELECT sum(rows)::bigint FROM ops.retention_actions a JOIN ops.retention_runs r ON r.id = a.run_id WHERE table_name = 'tweets' AND r.status = 'succeeded'");
        Assert.Equal(1_020, actions);
        Assert.Equal(0, (await _lab.RunAsync("tweets")).Rows);

        var restored = await _lab.RestoreAsync("tweets");
        Assert.Equal((1_020, 3), (restored.Rows, restored.Files));
        Assert.Equal(before, await _lab.ContentAsync("sentiment.tweets"));
        Assert.Equal(0, await CountAsync("sentiment.tweet_sentiments s LEFT JOIN sentiment.tweets t ON t.id = s.tweet_ref AND t.tweet_id = s.tweet_id WHERE t.id IS NULL"));
    }

    [Fact]
    public async Task Restored_rows_stay_for_their_days_and_are_then_archived_once()
    {
        await _lab.AddTweetsAsync(Old, 300);
        await _lab.RunAsync();
        Assert.Equal(300, (await _lab.RestoreAsync("tweets")).Rows);
        Assert.Equal(300, (await _lab.RestoreAsync("tweets")).Rows);
        Assert.Equal(300, await CountAsync("sentiment.tweets"));
        var kept = await _lab.RunAsync("tweets");
        Assert.Equal(0, kept.Rows);
        Assert.Contains("restored ranges are left for 30 days", kept.Reason);
        Assert.Equal(300, await CountAsync("sentiment.tweets"));

        _lab.Time.Advance(TimeSpan.FromDays(31));
        Assert.Equal(300, (await _lab.RunAsync("tweets")).Rows);
        var files = await _lab.FilesAsync("tweets");
        Assert.Equal(300, files.Sum(file => file.Rows));
        Assert.All(files, file => Assert.Null(file.RestoredAt));
        // Those that they supersede go when their time has come.
        Assert.Equal(files.Count * 2, Directory.EnumerateFiles(_lab.ArchiveFolder, "*.parquet", SearchOption.AllDirectories).Count());
        await _lab.ExecuteAsync("UPDATE ops.archive_pending SET since = now()");
        await _lab.RunAsync();
        Assert.Equal(files.Count, Directory.EnumerateFiles(_lab.ArchiveFolder, "*.parquet", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task Row_that_changes_while_its_file_is_stored_is_archived_as_it_is_in_the_end()
    {
        await _lab.AddTweetsAsync(Old, 100);
        _lab.Objects.BeforePut = async call =>
        {
            if (call == 1) await _lab.ExecuteAsync("UPDATE sentiment.tweets SET text = 'changed' WHERE tweet_id = 'a7'");
        };
        Assert.Equal(100, (await _lab.RunAsync("tweets")).Rows);
        Assert.True(_lab.Objects.Puts > 1);
        Assert.Equal(0, await CountAsync("sentiment.tweets"));
        await _lab.RestoreAsync("tweets");
        Assert.Equal("changed", await _lab.ScalarAsync<string>("SELECT text FROM sentiment.tweets WHERE tweet_id = 'a7'"));
        Assert.Equal((await _lab.FilesAsync()).Count, Directory.EnumerateFiles(_lab.ArchiveFolder, "*.parquet", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task Row_that_comes_while_a_file_is_stored_stays_for_the_next_run()
    {
        await _lab.AddTweetsAsync(Old, 100);
        _lab.Objects.BeforePut = async call =>
        {
            if (call == 1) await _lab.AddTweetsAsync(Old.AddMinutes(1), 1, "late");
        };
        Assert.Equal(100, (await _lab.RunAsync("tweets")).Rows);
        Assert.Equal("late0", await _lab.ScalarAsync<string>("SELECT string_agg(tweet_id, ',') FROM sentiment.tweets"));
        Assert.Equal(1, (await _lab.RunAsync("tweets")).Rows);
        Assert.Equal(101, (await _lab.RestoreAsync("tweets")).Rows);
    }

    [Fact]
    public async Task Partitions_are_dropped_whole_after_their_rows_of_every_type_are_archived()
    {
        await _lab.ExecuteAsync(RetentionLab.TradeOutcomes);
        // Five years before 2026-06-01 is 2021-06-01, 12:00: of four weeks from May 10 three are over.
        await _lab.AddTradesAsync(new(2021, 5, 10, 0, 0, 0, TimeSpan.Zero), 4);
        var before = await _lab.ContentAsync("improvement.trade_outcomes");
        var (plan, done) = (await _lab.PlanAsync("trade_outcomes"), await _lab.RunAsync("trade_outcomes"));
        Assert.Equal(("archive_drop", 300L), (done.Action, done.Rows));
        Assert.Equal((plan.Rows, plan.Bytes), (done.Rows, done.Bytes));
        Assert.Equal(1, await CountAsync("pg_inherits WHERE inhparent = 'improvement.trade_outcomes'::regclass"));
        Assert.Equal(100, await CountAsync("improvement.trade_outcomes"));
        Assert.Equal(300, (await _lab.RestoreAsync("trade_outcomes")).Rows);
        Assert.Equal(before, await _lab.ContentAsync("improvement.trade_outcomes"));
        Assert.True((await _lab.DrillAsync()).Succeeded);
    }

    [Fact]
    public async Task Partition_that_gets_a_late_row_while_it_is_archived_is_archived_again_with_it()
    {
        await _lab.ExecuteAsync(RetentionLab.TradeOutcomes);
        await _lab.AddTradesAsync(new(2021, 5, 10, 0, 0, 0, TimeSpan.Zero), 1);
        _lab.Objects.BeforePut = async call =>
        {
            if (call == 1)
                await _lab.ExecuteAsync("""
                    INSERT INTO improvement.trade_outcomes (trade_id, strategy_id, model_version, symbol, direction, entry_time, exit_time, entry_price, quantity)
                    VALUES (gen_random_uuid(), 's', 'v', 'LATE', 'LONG', '2021-05-12 10:00+00', '2021-05-12 11:00+00', 1, 1)
                    """);
        };
        Assert.Equal(101, (await _lab.RunAsync("trade_outcomes")).Rows);
        Assert.Equal(101, (await _lab.FilesAsync()).Sum(file => file.Rows));
        Assert.Equal(0, await CountAsync("improvement.trade_outcomes"));
    }

    [Fact]
    public async Task Open_trade_keeps_its_week()
    {
        await _lab.ExecuteAsync(RetentionLab.TradeOutcomes);
        await _lab.AddTradesAsync(new(2021, 5, 10, 0, 0, 0, TimeSpan.Zero), 2);
        await _lab.ExecuteAsync("UPDATE improvement.trade_outcomes SET exit_time = NULL WHERE quantity = 0");
        var (plan, done) = (await _lab.PlanAsync("trade_outcomes"), await _lab.RunAsync("trade_outcomes"));
        Assert.Contains("trade_outcomes_0 stays: of 1 of its rows it is not true that exit_time IS NOT NULL", done.Reason);
        Assert.Equal(plan, done);
        Assert.Equal(100, done.Rows);
        Assert.Equal(100, await CountAsync("improvement.trade_outcomes_0"));
        await _lab.ExecuteAsync("UPDATE improvement.trade_outcomes SET exit_time = entry_time WHERE quantity = 0");
        Assert.Equal(100, (await _lab.RunAsync("trade_outcomes")).Rows);
    }

    [Fact]
    public async Task Rollup_that_cannot_tell_how_far_it_reaches_holds_its_source_back()
    {
        await _lab.ExecuteAsync("DROP TABLE sentiment.aggregated_sentiments; CREATE TABLE sentiment.aggregated_sentiments (id bigserial PRIMARY KEY, symbol text)");
        Assert.Contains("aggregated_sentiments, which sums it up, has no column timestamp", (await _lab.PlanAsync("symbol_sentiments")).Reason);
    }

    [Fact]
    public async Task Failure_of_any_kind_at_one_table_ends_the_run_with_its_account()
    {
        await _lab.AddTweetsAsync(Old, 30);
        await _lab.ExecuteAsync("INSERT INTO ops.ingest_runs (run_id, source, started_at, finished_at) VALUES (gen_random_uuid(), 'old', '2024-01-01+00', '2024-01-01+00')");
        _lab.Objects.BeforePut = _ => throw new UnauthorizedAccessException("the folder is read-only");
        var run = await _lab.TryRunAsync();
        Assert.Contains("the folder is read-only", run.Problem);
        Assert.Contains("failed: the folder is read-only", run.Items.Single(item => item.Table == "tweets").Reason);
        Assert.Equal(1, run.Items.Single(item => item.Table == "ingest_runs").Rows);
        Assert.Equal("failed", await _lab.ScalarAsync<string>("SELECT status FROM ops.retention_runs"));
        Assert.Equal(30, await CountAsync("sentiment.tweets"));
    }

    [Fact]
    public async Task Files_hold_no_more_rows_than_they_may_and_rows_of_one_moment_together()
    {
        await _lab.AddTweetsAsync(Old, 250);
        await _lab.ExecuteAsync("UPDATE sentiment.tweets SET created_at = '2026-01-25 00:00+00' WHERE tweet_id IN (SELECT 'a' || n FROM generate_series(100, 189) n)");
        _lab.RowsPerFile = 40;
        Assert.Equal(250, (await _lab.RunAsync("tweets")).Rows);
        var files = await _lab.FilesAsync();
        Assert.Single(files, file => file.Rows is > 40);
        Assert.Equal(250, files.Sum(file => file.Rows));
        Assert.All(files.Zip(files.Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From));
    }

    [Fact]
    public async Task Source_waits_for_the_rollup_that_sums_it_up()
    {
        await _lab.ExecuteAsync("""
            INSERT INTO sentiment.symbol_sentiments (symbol, source, timestamp, window_start, window_end, mention_count, weight, formula, known_at)
            SELECT 'A', 's', t, t - interval '1 hour', t, 1, 1, 'f', t FROM generate_series(timestamptz '2025-01-01+00', '2025-01-10 00:00+00', '1 day') t
            """);
        var held = await _lab.RunAsync("symbol_sentiments");
        Assert.Equal(0, held.Rows);
        Assert.Contains("aggregated_sentiments, which sums it up, is empty", held.Reason);
        await AggregateAsync("2025-01-04");
        Assert.Equal(3, (await _lab.RunAsync("symbol_sentiments")).Rows);
        await AggregateAsync("2026-01-04");
        Assert.Equal(7, (await _lab.RunAsync("symbol_sentiments")).Rows);

        Task AggregateAsync(string day) => _lab.ExecuteAsync($$"""
            INSERT INTO sentiment.aggregated_sentiments (symbol, timestamp, known_at, source_count, provider_count, total_mention_count, source_breakdown, providers_used, effective_mentions, formula, inputs)
            VALUES ('A', '{{day}} 00:00+00', '{{day}} 00:00+00', 0, 0, 0, '{}', '[]', 0, 'f', '{}')
            """);
    }

    [Fact]
    public async Task Foreign_key_that_no_policy_knows_holds_the_table_back()
    {
        await _lab.AddTweetsAsync(Old, 10);
        await _lab.ExecuteAsync("CREATE TABLE sentiment.notes (tweet bigint REFERENCES sentiment.tweets (id) ON DELETE CASCADE); INSERT INTO sentiment.notes SELECT id FROM sentiment.tweets");
        var held = await _lab.RunAsync("tweets");
        Assert.Equal(0, held.Rows);
        Assert.Contains("rows of notes would be deleted with it", held.Reason);
        Assert.Equal(10, await CountAsync("sentiment.notes"));
    }

    [Fact]
    public async Task Settled_letters_go_in_time_and_open_ones_stay()
    {
        await _lab.ExecuteAsync("""
            INSERT INTO ops.dead_letters (fingerprint, origin, value, stage, error_class, message, status, last_attempt_at)
            SELECT gen_random_uuid(), 'f:' || n, 'x', 'decode', 'e', 'm', (ARRAY['open', 'replayed', 'discarded'])[1 + n % 3], timestamptz '2026-06-01+00' - n * interval '1 day'
            FROM generate_series(0, 119) n;
            INSERT INTO ops.dead_letter_attempts (letter_id, attempt, outcome) SELECT id, 1, 'refused' FROM ops.dead_letters;
            INSERT INTO ops.ingest_runs (run_id, source, started_at, finished_at) VALUES
                (gen_random_uuid(), 'old', '2024-01-01+00', '2024-01-01+00'), (gen_random_uuid(), 'never ended', '2024-01-01+00', NULL), (gen_random_uuid(), 'new', '2026-05-01+00', '2026-05-01+00')
            """);
        var plan = await _lab.PlanAsync();
        var done = await _lab.RunAsync();
        Assert.Equal(20, done.Single(item => item.Table == "dead_letters").Rows);
        Assert.Equal(1, done.Single(item => item.Table == "ingest_runs").Rows);
        Assert.Equal(plan.Select(item => (item.Table, item.Action, item.Rows)), done.Select(item => (item.Table, item.Action, item.Rows)));
        Assert.Equal(40, await CountAsync("ops.dead_letters WHERE status = 'open'"));
        Assert.Equal(100, await CountAsync("ops.dead_letter_attempts"));
    }

    [Fact]
    public async Task Tables_of_a_later_revision_are_told_as_not_there_yet()
    {
        var plan = await _lab.PlanAsync();
        Assert.Contains("not there yet", plan.Single(item => item.Table == "model_predictions").Reason);
        Assert.Equal("keep", plan.Single(item => item.Table == "influencers").Action);
        Assert.Equal(plan.Count, plan.Select(item => item.Table).Distinct().Count());
    }

    [Fact]
    public async Task Store_that_fails_loses_nothing_and_the_next_run_goes_on()
    {
        await _lab.AddTweetsAsync(Old, 300);
        await _lab.ExecuteAsync("INSERT INTO ops.ingest_runs (run_id, source, started_at, finished_at) VALUES (gen_random_uuid(), 'old', '2024-01-01+00', '2024-01-01+00')");
        _lab.Objects.BeforePut = _ => throw new ObjectStoreException(ObjectStoreFault.DiskFull, "storing", "here", "x", "no space left on device", "Make room.");
        var error = await Assert.ThrowsAsync<ObjectStoreException>(_lab.RunAsync);
        Assert.Equal(ObjectStoreFault.DiskFull, error.Fault);
        Assert.Equal(300, await CountAsync("sentiment.tweets"));
        Assert.Equal(0, await CountAsync("ops.archive_files"));
        // One table that cannot be worked on does not keep the others from it.
        Assert.Equal(0, await CountAsync("ops.ingest_runs"));
        Assert.Equal("failed", await _lab.ScalarAsync<string>("SELECT status FROM ops.retention_runs ORDER BY id DESC LIMIT 1"));
        _lab.Objects.BeforePut = _ => Task.CompletedTask;
        Assert.Equal(300, (await _lab.RunAsync("tweets")).Rows);
        Assert.Equal(0, await CountAsync("ops.archive_pending"));
    }

    [Fact]
    public async Task Folder_in_which_no_file_can_be_made_is_told_and_nothing_is_lost()
    {
        await _lab.AddTweetsAsync(Old, 30);
        _lab.Scratch = "/proc/self/no-such-folder";
        Assert.Contains("/proc/self/no-such-folder", (await Assert.ThrowsAsync<RetentionException>(_lab.RunAsync)).Message);
        Assert.Equal(30, await CountAsync("sentiment.tweets"));
        _lab.Scratch = "";
        Assert.Equal(30, (await _lab.RunAsync("tweets")).Rows);
    }

    [Fact]
    public async Task Run_that_was_cut_off_leaves_a_file_that_the_next_removes()
    {
        await _lab.AddTweetsAsync(Old, 30);
        await _lab.ExecuteAsync("INSERT INTO ops.archive_pending (key) VALUES ('tweets/left.parquet'); INSERT INTO ops.retention_runs (caused_by, as_of, started_at) VALUES ('schedule', now(), now())");
        Directory.CreateDirectory(Path.Combine(_lab.ArchiveFolder, "tweets"));
        await File.WriteAllTextAsync(Path.Combine(_lab.ArchiveFolder, "tweets", "left.parquet"), "half a file", TestContext.Current.CancellationToken);
        await _lab.RunAsync();
        Assert.False(File.Exists(Path.Combine(_lab.ArchiveFolder, "tweets", "left.parquet")));
        Assert.Equal("it was cut off", await _lab.ScalarAsync<string>("SELECT message FROM ops.retention_runs ORDER BY id LIMIT 1"));
    }

    [Fact]
    public async Task Row_locked_by_somebody_is_waited_for_and_the_lock_of_retention_keeps_two_runs_apart()
    {
        await _lab.AddTweetsAsync(Old, 500);
        var runs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _lab.RunAsync("tweets")));
        Assert.Equal(500, runs.Sum(run => run.Rows));
        Assert.Equal(500, (await _lab.FilesAsync()).Sum(file => file.Rows));
    }
}
