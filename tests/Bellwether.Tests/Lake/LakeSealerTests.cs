using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;
using Npgsql;

namespace Bellwether.Tests.Lake;

/// <summary>Days that leave PostgreSQL for the lake, and what comes late. Asked by `bellwether sql`, which needs no foreign partitions.</summary>
public sealed class LakeSealerTests(TestServer server) : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 28);
    const string All = "SELECT * FROM all_sentiment ORDER BY timestamp, ticker, article_id";
    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await LakeTestDatabase.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    LakeSealer Sealer => new(_database.Source, _database.Options, null, TimeProvider.System);

    Task<LakeWriteResult> WriteAsync() => _database.Writer.WriteDirtyDaysAsync(null, Token);

    Task<LakeSealResult> SealAsync(DateOnly before) => Sealer.SealAsync(before, null, Token);

    Task<long> HotAsync() => _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data");

    /// <summary>One partition for all days before a day, as bulk history has it.</summary>
    Task AddHistoryAsync(DateOnly before) => _database.ExecuteAsync($"""
        CREATE TABLE sentiment.sentiment_data_history PARTITION OF sentiment.sentiment_data FOR VALUES FROM (MINVALUE) TO ('{before:yyyy-MM-dd} 00:00:00+00')
        """);

    async Task SoundAsync()
    {
        var found = await new LakeVerifier(_database.Source, _database.Options, TimeProvider.System).VerifyAsync(null, Token);
        Assert.Empty(found.Bad);
    }

    [Fact]
    public async Task Sealed_days_lose_their_partitions_and_no_row()
    {
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 3, 700);
        var before = await _database.CsvAsync(All);
        await WriteAsync();
        var plan = await Sealer.PlanAsync(Day.AddDays(2), Token);
        Assert.Equal([(Day, 700L, null), (Day.AddDays(1), 700L, (string?)null)], plan.Select(day => (day.Day, day.Rows, day.Blocker)));
        Assert.All(plan, day => Assert.True(day.HotBytes > 100_000));
        Assert.Equal(2100L, await HotAsync());

        var result = await SealAsync(Day.AddDays(2));
        Assert.Equal((2, 1400L, plan.Sum(day => day.HotBytes)), (result.Days, result.Rows, result.Bytes));
        Assert.Empty(result.Blocked);
        Assert.Equal(700L, await HotAsync());
        Assert.Equal(1L, await _database.ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'sentiment.sentiment_data'::regclass"));
        Assert.Equal(before, await _database.CsvAsync(All));
        await SoundAsync();
        var status = await LakeStatus.ReadAsync(_database.Source, Token);
        Assert.Equal((2L, 0L, 700L, 1400L), (status.SealedDays, status.DirtyDays, status.HotRows, status.ColdRows));
        Assert.Empty(await Sealer.PlanAsync(Day.AddDays(2), Token));
        Assert.Equal(0, (await SealAsync(Day.AddDays(2))).Days);
    }

    [Fact]
    public async Task Day_that_is_not_written_or_differs_from_its_file_stays_and_says_why()
    {
        await _database.AddDayAsync(Day, 4);
        await _database.FillAsync(Day, 4, 50);
        await WriteAsync();
        await _database.FillAsync(Day, 1, 5, tag: "late");
        File.Delete(_database.FileOf(Day.AddDays(1)));
        await _database.ExecuteAsync($"UPDATE sentiment.sentiment_data SET weight = weight + 1e-9 WHERE timestamp >= '{Day.AddDays(2):yyyy-MM-dd} 00:00+00' AND timestamp < '{Day.AddDays(3):yyyy-MM-dd} 00:00+00' AND event_id = 'event-7'");
        var result = await SealAsync(Day.AddDays(10));
        Assert.Equal((1, 50L), (result.Days, result.Rows));
        Assert.Equal([Day, Day.AddDays(1), Day.AddDays(2)], result.Blocked.Select(day => day.Day));
        Assert.Contains("not written yet", result.Blocked[0].Blocker);
        Assert.Contains($"day={Day.AddDays(1):dd}/sentiment.parquet is missing", result.Blocked[1].Blocker);
        Assert.Contains("differ from its file", result.Blocked[2].Blocker);
        Assert.Equal(155L, await HotAsync());
    }

    [Theory]
    [InlineData(40, 0)]
    [InlineData(25, 15)]
    public async Task History_in_one_partition_is_emptied_whole_or_in_part(int days, int left)
    {
        await AddHistoryAsync(new(2025, 1, 1));
        await _database.FillAsync(Day, 40, 20);
        var before = await _database.CsvAsync(All);
        await WriteAsync();
        var result = await SealAsync(Day.AddDays(days));
        Assert.Equal((days, days * 20L), (result.Days, result.Rows));
        Assert.Equal(left * 20L, await HotAsync());
        Assert.Equal(left == 0, result.Bytes > 0);
        Assert.Equal(before, await _database.CsvAsync(All));
        await SoundAsync();
    }

    [Fact]
    public async Task Late_rows_of_a_sealed_day_are_seen_at_once_and_merged_by_the_next_write()
    {
        await AddHistoryAsync(new(2025, 1, 1));
        await _database.FillAsync(Day, 3, 300);
        await WriteAsync();
        await SealAsync(Day.AddDays(3));
        await _database.FillAsync(Day.AddDays(1), 1, 30, tag: "late");
        // Hot rows of a day that is not sealed share the partition.
        await _database.FillAsync(Day.AddDays(5), 1, 7);
        var before = await _database.CsvAsync(All);
        Assert.Equal("937", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));

        var result = await WriteAsync();
        Assert.Equal((2, 337L), (result.DaysWritten, result.Rows));
        Assert.Equal(7L, await HotAsync());
        Assert.Equal(before, await _database.CsvAsync(All));
        await SoundAsync();
        Assert.Equal(0, (await WriteAsync()).DaysWritten);

        await _database.FillAsync(Day.AddDays(2), 1, 9, tag: "later");
        var again = await _database.CsvAsync(All);
        await _database.ExecuteAsync("DELETE FROM sentiment.sentiment_data WHERE timestamp >= '2024-03-03'; UPDATE ops.lake_days SET hot_rows = 0 WHERE day >= '2024-03-03'");
        await WriteAsync();
        Assert.Equal(0L, await HotAsync());
        Assert.Equal(again, await _database.CsvAsync(All));
    }

    [Fact]
    public async Task Corrected_row_takes_the_place_of_the_older_one_whatever_their_order()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 200);
        await WriteAsync();
        await SealAsync(Day.AddDays(1));
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 3);
        // Of the three rows that the file has too: known later and moved in time, known earlier, known at the same time.
        await _database.ExecuteAsync("""
            UPDATE sentiment.sentiment_data SET sentiment = 0.875, processing_timestamp_utc = processing_timestamp_utc + interval '1 h', timestamp = timestamp + interval '20 h' WHERE event_id = 'event-1';
            UPDATE sentiment.sentiment_data SET sentiment = 0.125, processing_timestamp_utc = processing_timestamp_utc - interval '1 h' WHERE event_id = 'event-2';
            UPDATE sentiment.sentiment_data SET sentiment = 0.25 WHERE event_id = 'event-3'
            """);
        var result = await WriteAsync();
        Assert.Equal((1, 200L), (result.DaysWritten, result.Rows));
        Assert.Equal("event-1,0.875;event-3,0.25", await _database.CsvAsync("SELECT event_id, sentiment FROM all_sentiment WHERE sentiment IN (0.875, 0.25, 0.125) ORDER BY event_id"));
        Assert.Equal("200,200", await _database.CsvAsync("SELECT count(*), count(DISTINCT article_id) FROM all_sentiment"));
        await SoundAsync();
    }

    [Fact]
    public async Task Removed_rows_are_gone_at_once_and_from_the_file_with_the_next_write()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 100);
        await WriteAsync();
        await SealAsync(Day.AddDays(2));
        await _database.ExecuteAsync($"""
            INSERT INTO ops.lake_removals (day, article_id, ticker)
            SELECT DATE '{Day:yyyy-MM-dd}', md5('a0:' || r), (ARRAY['AAPL','TSLA','BRK.B','Ünï','GME'])[1 + r % 5] FROM generate_series(1, 10) r;
            UPDATE ops.lake_days SET revision = revision + 1 WHERE day = '{Day:yyyy-MM-dd}'
            """);
        var before = await _database.CsvAsync(All);
        Assert.Equal("190", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
        Assert.Equal(90, (await WriteAsync()).Rows);
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_removals"));
        Assert.Equal(before, await _database.CsvAsync(All));
        await SoundAsync();

        await _database.ExecuteAsync($"""
            INSERT INTO ops.lake_removals (day, article_id, ticker)
            SELECT DATE '{Day:yyyy-MM-dd}', md5('a0:' || r), (ARRAY['AAPL','TSLA','BRK.B','Ünï','GME'])[1 + r % 5] FROM generate_series(11, 100) r;
            UPDATE ops.lake_days SET revision = revision + 1 WHERE day = '{Day:yyyy-MM-dd}'
            """);
        Assert.Equal((0, 1), await WriteAsync() is var last ? (last.DaysWritten, last.DaysRemoved) : default);
        Assert.False(File.Exists(_database.FileOf(Day)));
        Assert.Equal("100", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
        Assert.Equal(1L, (await LakeStatus.ReadAsync(_database.Source, Token)).SealedDays);
        await SoundAsync();
    }

    [Fact]
    public async Task Missing_or_damaged_file_of_a_sealed_day_is_named_and_never_fewer_rows()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 500);
        await WriteAsync();
        await SealAsync(Day.AddDays(2));
        var file = _database.FileOf(Day);
        var sound = await File.ReadAllBytesAsync(file, Token);
        File.Delete(file);
        var missing = await Assert.ThrowsAsync<LakeException>(() => _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
        Assert.Contains("month=02/day=28/sentiment.parquet is missing", missing.Message);
        Assert.Contains("in no other place", missing.Message);
        Assert.Equal("500", await _database.CsvAsync($"SELECT count(*) FROM all_sentiment WHERE timestamp >= '{Day.AddDays(1):yyyy-MM-dd}'"));
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 5, tag: "late");
        Assert.Contains("is missing", (await Assert.ThrowsAsync<LakeException>(WriteAsync)).Message);
        Assert.Equal(5L, await HotAsync());

        // As long as before, and a value is another: only its rows' hash tells.
        var rotten = (byte[])sound.Clone();
        rotten[sound.Length / 3] ^= 0x10;
        await File.WriteAllBytesAsync(file, rotten, Token);
        await Assert.ThrowsAsync<LakeException>(WriteAsync);
        Assert.Equal(5L, await HotAsync());
        Assert.Equal("month=02/day=28", (await new LakeVerifier(_database.Source, _database.Options, TimeProvider.System).VerifyAsync(null, Token)).Bad.Single().Path["year=2024/".Length..][..15]);

        await File.WriteAllBytesAsync(file, sound, Token);
        Assert.Equal(505, (await WriteAsync()).Rows);
        Assert.Equal("1005", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
    }

    [Fact]
    public async Task Sealed_day_that_cannot_be_merged_keeps_no_other_from_being_written()
    {
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 3, 50);
        await WriteAsync();
        await SealAsync(Day.AddDays(2));
        var file = _database.FileOf(Day);
        var sound = await File.ReadAllBytesAsync(file, Token);
        File.Delete(file);
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 3, 5, tag: "late");
        var error = await Assert.ThrowsAsync<LakeException>(WriteAsync);
        Assert.Contains("month=02/day=28/sentiment.parquet of a sealed day is missing", error.Message);
        Assert.Equal("2024-02-28", await _database.ScalarAsync<string>("SELECT string_agg(day::text, ' ') FROM ops.lake_days WHERE revision > written_revision"));
        await File.WriteAllBytesAsync(file, sound, Token);
        Assert.Equal(55, (await WriteAsync()).Rows);
        Assert.Equal("165", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
        await SoundAsync();
    }

    [Fact]
    public async Task Reader_that_holds_the_hot_rows_delays_late_rows_of_sealed_days_only()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 50);
        await WriteAsync();
        await SealAsync(Day.AddDays(1));
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 2, 5, tag: "late");
        await using (var reader = await _database.Source.OpenConnectionAsync(Token))
        {
            await using var transaction = await reader.BeginTransactionAsync(Token);
            await using (var hold = new NpgsqlCommand("LOCK TABLE sentiment.sentiment_data IN ACCESS SHARE MODE", reader, transaction)) await hold.ExecuteNonQueryAsync(Token);
            await Assert.ThrowsAsync<LakeException>(() => new LakeWriter(_database.Source, _database.Options, new Impatient()).WriteDirtyDaysAsync(null, Token));
        }
        Assert.Equal("2024-02-28", await _database.ScalarAsync<string>("SELECT string_agg(day::text, ' ') FROM ops.lake_days WHERE revision > written_revision"));
        Assert.Equal(55, (await WriteAsync()).Rows);
    }

    /// <summary>A clock on which a minute passes in three seconds.</summary>
    sealed class Impatient : TimeProvider
    {
        public override long TimestampFrequency => base.TimestampFrequency / 20;
    }

    [Fact]
    public async Task Rows_changed_past_the_program_are_never_dropped()
    {
        await AddHistoryAsync(Day);
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day.AddDays(-2), 4, 60);
        await WriteAsync();
        // The day does not know of these.
        await _database.FillAsync(Day.AddDays(1), 1, 4, tag: "sneaked");
        await _database.ExecuteAsync("UPDATE ops.lake_days SET revision = written_revision");
        var result = await SealAsync(Day.AddDays(2));
        Assert.Equal(3, result.Days);
        Assert.Contains("past the program", result.Blocked.Single().Blocker);
        Assert.Equal(64L, await HotAsync());
    }

    [Fact]
    public async Task Day_in_the_place_of_an_older_version_is_mended_by_the_next_run()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 40);
        await WriteAsync();
        var older = await File.ReadAllBytesAsync(_database.FileOf(Day), Token);
        await SealAsync(Day.AddDays(1));
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 5, tag: "late");
        await WriteAsync();
        var newer = await File.ReadAllBytesAsync(_database.FileOf(Day), Token);

        // As a run would leave it that was frozen before it put its file in place, and went on after another had recorded a newer one.
        File.Delete(_database.FileOf(Day));
        await File.WriteAllBytesAsync(_database.FileOf(Day), older, Token);
        Assert.Equal("45", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
        await _database.AddDayAsync(Day.AddDays(1));
        await _database.FillAsync(Day.AddDays(1), 1, 5);
        await WriteAsync();
        Assert.Equal(newer, await File.ReadAllBytesAsync(_database.FileOf(Day), Token));

        // Recorded and never put in place.
        await _database.ExecuteAsync("UPDATE ops.lake_files SET placed_at = NULL");
        File.Delete(_database.FileOf(Day));
        await WriteAsync();
        Assert.Equal(newer, await File.ReadAllBytesAsync(_database.FileOf(Day), Token));
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_files WHERE placed_at IS NULL"));
    }

    [Fact]
    public async Task Lake_that_cannot_be_written_leaves_late_rows_hot_and_the_next_run_merges_them()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 40);
        await WriteAsync();
        await SealAsync(Day.AddDays(1));
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 5, tag: "late");
        var before = await _database.CsvAsync(All);
        foreach (var blocked in new[] { ".staging", "_kept" })
        {
            // A file where a folder has to be, which stops root too.
            await File.WriteAllTextAsync(Path.Combine(_database.Folder, blocked), "in the way", Token);
            var error = await Record.ExceptionAsync(WriteAsync);
            Assert.True(error is ObjectStoreException or IOException, $"{error}");
            Assert.Equal(5L, await HotAsync());
            Assert.Equal(before, await _database.CsvAsync(All));
            File.Delete(Path.Combine(_database.Folder, blocked));
        }
        Assert.Equal(45, (await WriteAsync()).Rows);
        Assert.Equal(0L, await HotAsync());
        Assert.Equal(before, await _database.CsvAsync(All));
        await SoundAsync();
    }

    [Fact]
    public async Task Down_refuses_while_days_are_sealed()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 5);
        await WriteAsync();
        await SealAsync(Day.AddDays(1));
        var migrator = new Bellwether.Storage.Migrator(_database.Source);
        var error = await Assert.ThrowsAsync<Bellwether.Storage.MigrationException>(() => migrator.DownAsync(5, false, Token));
        Assert.Contains("1 days are sealed", error.Message);
        Assert.Equal("5", await _database.CsvAsync("SELECT count(*) FROM all_sentiment"));
    }
}
