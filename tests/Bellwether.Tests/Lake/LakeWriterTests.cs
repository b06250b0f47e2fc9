using System.Security.Cryptography;
using Bellwether.Engines.DuckDb;
using Bellwether.Lake;
using Bellwether.Tests.Engines.DuckDb;
using Bellwether.Tests.Support;

namespace Bellwether.Tests.Lake;

public sealed class LakeWriterTests(TestServer server) : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 28);
    LakeTestDatabase _database = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await LakeTestDatabase.CreateAsync(server);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    Task<LakeWriteResult> WriteAsync() => _database.Writer.WriteDirtyDaysAsync(null, Token);

    [Fact]
    public async Task Files_hold_every_row_of_their_day_in_order()
    {
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 3, 5000);
        var result = await WriteAsync();

        Assert.Equal((3, 0, 15_000L), (result.DaysWritten, result.DaysRemoved, result.Rows));
        Assert.Equal(3, Directory.EnumerateFiles(_database.Folder, "*", SearchOption.AllDirectories).Count());
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_days WHERE revision > written_revision"));
        for (var day = Day; day < Day.AddDays(3); day = day.AddDays(1)) await AgreesAsync(day);
    }

    /// <summary>Compares file and table value by value, through another path than the writer's: Npgsql's own conversions to text.</summary>
    async Task AgreesAsync(DateOnly day)
    {
        string[] names = [.. LakeSchema.Columns.Select(column => column.Name)];
        await using var command = _database.Source.CreateCommand($"""
            SET extra_float_digits = 1;
            SELECT {string.Join(", ", names)} FROM sentiment.sentiment_data
            WHERE timestamp >= timestamptz '{day:yyyy-MM-dd} 00:00+00' AND timestamp < timestamptz '{day.AddDays(1):yyyy-MM-dd} 00:00+00'
            ORDER BY timestamp, ticker COLLATE "C", article_id COLLATE "C"
            """);
        await using var hot = await command.ExecuteReaderAsync(Token);
        using var engine = DuckDbTestLibrary.Open();
        using var connection = engine.Connect();
        using var lake = connection.Query("SELECT * FROM read_parquet($1, hive_partitioning = false)", [_database.FileOf(day)], Token);
        Assert.Equal(names, lake.Columns.Select(column => column.Name));
        Assert.Equal(DuckDbType.TimestampTz, lake.Columns[0].Type.Type);
        Assert.True(lake.Columns[12].Type.IsJson);
        var rows = 0L;
        while (await hot.ReadAsync(Token))
        {
            Assert.True(lake.Read());
            for (var i = 0; i < names.Length; i++)
            {
                var expected = hot.IsDBNull(i) ? null : hot.GetValue(i);
                if (expected is DateTime time) expected = new DateTimeOffset(time);
                Assert.Equal(expected, lake.GetValue(i));
            }
            rows++;
        }
        Assert.False(lake.Read());
        var manifest = await _database.ScalarAsync<long>(
            $"SELECT rows FROM ops.lake_files WHERE day = '{day:yyyy-MM-dd}' AND path = 'year={day:yyyy}/month={day:MM}/day={day:dd}/sentiment.parquet'");
        Assert.Equal(rows, manifest);
    }

    [Fact]
    public async Task Manifest_tells_size_times_and_hash()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 100);
        await WriteAsync();
        Assert.Equal(new FileInfo(_database.FileOf(Day)).Length, await _database.ScalarAsync<long>("SELECT bytes FROM ops.lake_files"));
        Assert.True(await _database.ScalarAsync<bool>("""
            SELECT min_timestamp = (SELECT min(timestamp) FROM sentiment.sentiment_data)
               AND max_timestamp = (SELECT max(timestamp) FROM sentiment.sentiment_data) AND schema_version = 2 FROM ops.lake_files
            """));
        Assert.Matches("^sha256-rowsum:[0-9a-f]{64}$", await _database.ScalarAsync<string>("SELECT content_hash FROM ops.lake_files"));
    }

    [Fact]
    public async Task Hash_is_the_sum_of_row_hashes_as_documented()
    {
        await _database.AddDayAsync(Day);
        await _database.ExecuteAsync($"""
            INSERT INTO sentiment.sentiment_data VALUES
            ('{Day:yyyy-MM-dd} 00:00:00.000001+00', 'A', NULL, 0.5, 1, 's', '', 'm', 'id', 'é', '1970-01-01 00:00+00', '1969-12-31 23:59:59+00',
             '[1]', 'e', 'news', 'high', 2, 'v', 0.75, 0.25, 1);
            INSERT INTO ops.lake_days VALUES ('{Day:yyyy-MM-dd}', 1, 1)
            """);
        await WriteAsync();

        var micros = (long)(new DateTimeOffset(2024, 2, 28, 0, 0, 0, TimeSpan.Zero) - DateTimeOffset.UnixEpoch).TotalMicroseconds + 1;
        using var row = new MemoryStream();
        using var writer = new BinaryWriter(row);
        void Fixed(long bits) { writer.Write((byte)1); writer.Write(bits); }
        void Double(double value) => Fixed(BitConverter.DoubleToInt64Bits(value));
        void Text(string value)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(value);
            writer.Write((byte)1);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }
        Fixed(micros); Text("A"); writer.Write((byte)0); Double(0.5); Double(1); Text("s"); Text(""); Text("m"); Text("id"); Text("é");
        Fixed(0); Fixed(-1_000_000); Text("[1]"); Text("e"); Text("news"); Text("high"); Double(2); Text("v"); Double(0.75); Double(0.25); Fixed(1);
        var hash = SHA256.HashData(row.ToArray());
        Array.Reverse(hash);
        Assert.Equal($"sha256-rowsum:{Convert.ToHexStringLower(hash)}", await _database.ScalarAsync<string>("SELECT content_hash FROM ops.lake_files"));
    }

    [Fact]
    public async Task Second_run_does_nothing_and_late_rows_rewrite_their_day_only()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 50);
        await WriteAsync();
        var untouched = new FileInfo(_database.FileOf(Day.AddDays(1))).LastWriteTimeUtc;
        Assert.Equal(0, (await WriteAsync()).DaysWritten);

        await _database.FillAsync(Day, 1, 10, tag: "late");
        Assert.Equal(60, (await WriteAsync()).Rows);
        await AgreesAsync(Day);
        Assert.Equal(untouched, new FileInfo(_database.FileOf(Day.AddDays(1))).LastWriteTimeUtc);
    }

    [Fact]
    public async Task Same_rows_give_the_same_hash_whatever_their_order()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 500);
        await WriteAsync();
        var first = await _database.ScalarAsync<string>("SELECT content_hash FROM ops.lake_files");
        await _database.ExecuteAsync("""
            CREATE TEMP TABLE kept AS SELECT * FROM sentiment.sentiment_data ORDER BY article_id DESC;
            DELETE FROM sentiment.sentiment_data;
            INSERT INTO sentiment.sentiment_data SELECT * FROM kept;
            UPDATE ops.lake_days SET revision = revision + 1
            """);
        await WriteAsync();
        Assert.Equal(first, await _database.ScalarAsync<string>("SELECT content_hash FROM ops.lake_files"));
        await _database.ExecuteAsync("UPDATE sentiment.sentiment_data SET confidence = confidence - 1e-15 WHERE event_id = 'event-7'; UPDATE ops.lake_days SET revision = revision + 1");
        await WriteAsync();
        Assert.NotEqual(first, await _database.ScalarAsync<string>("SELECT content_hash FROM ops.lake_files"));
    }

    [Fact]
    public async Task Day_without_rows_left_loses_file_and_manifest_row()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 20);
        await WriteAsync();
        await _database.ExecuteAsync($"""
            DELETE FROM sentiment.sentiment_data WHERE timestamp < '{Day.AddDays(1):yyyy-MM-dd} 00:00+00';
            UPDATE ops.lake_days SET revision = revision + 1, hot_rows = 0 WHERE day = '{Day:yyyy-MM-dd}'
            """);
        var result = await WriteAsync();
        Assert.Equal((0, 1), (result.DaysWritten, result.DaysRemoved));
        Assert.False(File.Exists(_database.FileOf(Day)));
        Assert.True(File.Exists(_database.FileOf(Day.AddDays(1))));
        Assert.Equal(1L, await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_files"));
        Assert.Equal(0, (await WriteAsync()).DaysRemoved);
    }

    [Fact]
    public async Task Leftovers_of_a_crash_are_cleared_and_the_day_written()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 20);
        var leftover = Directory.CreateDirectory(Path.Combine(_database.Folder, ".staging", "dead", "files")).FullName;
        await File.WriteAllTextAsync(Path.Combine(leftover, "sentiment.parquet"), "half a file", Token);
        // Renamed into place but never recorded.
        Directory.CreateDirectory(Path.GetDirectoryName(_database.FileOf(Day))!);
        await File.WriteAllTextAsync(_database.FileOf(Day), "of another revision", Token);
        await WriteAsync();
        Assert.False(Directory.Exists(Path.Combine(_database.Folder, ".staging")));
        await AgreesAsync(Day);
    }

    [Fact]
    public async Task Writers_at_once_write_each_day_once()
    {
        await _database.AddDayAsync(Day, 20);
        await _database.FillAsync(Day, 20, 30);
        var results = await Task.WhenAll(WriteAsync(), WriteAsync(), WriteAsync());
        Assert.Equal(20, results.Sum(result => result.DaysWritten));
        Assert.Equal(600, results.Sum(result => result.Rows));
    }

    [Fact]
    public async Task Cancelled_run_leaves_days_dirty_and_the_lock_free()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _database.Writer.WriteDirtyDaysAsync(null, new CancellationToken(canceled: true)));
        Assert.Equal(1, (await WriteAsync()).DaysWritten);
    }

    [Fact]
    public async Task Many_days_take_several_batches_and_report_progress()
    {
        const int days = 600;
        await _database.AddDayAsync(Day, days);
        await _database.FillAsync(Day, days, 4);
        var reports = new List<LakeWriteProgress>();
        var result = await _database.Writer.WriteDirtyDaysAsync(new Recorder(reports), Token);
        Assert.Equal((days, days * 4L), (result.DaysWritten, result.Rows));
        Assert.Equal([250, 500, 600], reports.Select(report => report.DaysDone));
        Assert.Equal(days, Directory.EnumerateFiles(_database.Folder, "sentiment.parquet", SearchOption.AllDirectories).Count());
        await AgreesAsync(Day.AddDays(299));
    }

    [Fact]
    public async Task Run_cancelled_between_batches_is_finished_by_the_next()
    {
        await _database.AddDayAsync(Day, 300);
        await _database.FillAsync(Day, 300, 2);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _database.Writer.WriteDirtyDaysAsync(new Canceller(cancel), cancel.Token));
        Assert.Equal(250L, await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_files"));
        Assert.Equal(50, (await WriteAsync()).DaysWritten);
        await AgreesAsync(Day.AddDays(299));
    }

    [Fact]
    public async Task Lost_database_connection_ends_the_run_and_the_next_one_writes()
    {
        await _database.AddDayAsync(Day, 300);
        await _database.FillAsync(Day, 300, 2);
        await Assert.ThrowsAnyAsync<Npgsql.NpgsqlException>(() => _database.Writer.WriteDirtyDaysAsync(new Killer(_database), Token));
        Assert.Equal(50, (await WriteAsync()).DaysWritten);
    }

    [Fact]
    public async Task Text_of_many_megabytes_a_day_stays_within_the_memory_limit()
    {
        await _database.AddDayAsync(Day, 2);
        // 600 filings of 600 kB: a chunk of 2,048 such rows would be twice the limit.
        await _database.FillAsync(Day, 2, 600);
        await _database.ExecuteAsync("UPDATE sentiment.sentiment_data SET text = repeat(md5(event_id), 600000 / 32); UPDATE ops.lake_days SET revision = 2");
        var writer = new LakeWriter(_database.Source, _database.Options with { MemoryLimitMb = 128 }, TimeProvider.System);
        Assert.Equal(1200, (await writer.WriteDirtyDaysAsync(null, Token)).Rows);
    }

    [Fact]
    public async Task Ancient_and_far_days_have_four_digit_years()
    {
        DateOnly[] days = [new(1, 1, 2), new(999, 12, 31), new(1969, 7, 20), new(9998, 12, 31)];
        foreach (var day in days)
        {
            await _database.ExecuteAsync($"""
                CREATE TABLE sentiment.d{day:yyyyMMdd} PARTITION OF sentiment.sentiment_data
                FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00+00')
                """);
            await _database.ExecuteAsync($"""
                INSERT INTO sentiment.sentiment_data VALUES ('{day:yyyy-MM-dd} 23:59:59.999999+00', 'A', NULL, 0, 1, 's', NULL, 'm', 'id', NULL,
                '0044-03-15 00:00+00 BC', 'infinity', NULL, 'e', 'news', 'high', 'NaN', 'v', 0, 0, 1);
                INSERT INTO ops.lake_days VALUES ('{day:yyyy-MM-dd}', 1, 1)
                """);
        }
        Assert.Equal(4, (await WriteAsync()).DaysWritten);
        Assert.All(days, day => Assert.True(File.Exists(_database.FileOf(day))));
    }

    [Fact]
    public async Task Row_of_megabytes_survives_the_way()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 3000);
        await _database.ExecuteAsync("UPDATE sentiment.sentiment_data SET text = repeat('0123456789é', 500000) WHERE event_id IN ('event-5', 'event-2900'); UPDATE ops.lake_days SET revision = 9");
        await WriteAsync();
        await AgreesAsync(Day);
    }

    sealed class Canceller(CancellationTokenSource cancel) : IProgress<LakeWriteProgress>
    {
        public void Report(LakeWriteProgress value) => cancel.Cancel();
    }

    sealed class Killer(LakeTestDatabase database) : IProgress<LakeWriteProgress>
    {
        public void Report(LakeWriteProgress value) => database.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
            .GetAwaiter().GetResult();
    }

    sealed class Recorder(List<LakeWriteProgress> reports) : IProgress<LakeWriteProgress>
    {
        public void Report(LakeWriteProgress value) => reports.Add(value);
    }
}
