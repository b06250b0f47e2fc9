using Bellwether.Lake;
using Bellwether.Storage.Objects;
using Bellwether.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bellwether.Tests.Lake;

/// <summary>The lake in a bucket, by way of a proxy that can misbehave.</summary>
public sealed class LakeInBucketTests(TestServer server, S3Server s3) : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 28);
    const string All = "SELECT * FROM all_sentiment ORDER BY timestamp, ticker, article_id";
    const string Count = "SELECT count(*) FROM all_sentiment";
    readonly string _cache = TestFolder.Create("lake-cache");
    LakeTestDatabase _database = null!;
    FaultyS3 _proxy = null!;
    S3ObjectStore _objects = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await LakeTestDatabase.CreateAsync(server);
        _proxy = await FaultyS3.BeforeAsync(s3);
        _objects = new(await s3.BucketAsync(), S3Server.Options(_proxy.Endpoint) with { RetryFor = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromSeconds(5), Parallel = 1 }, TimeProvider.System);
        _database.Store = Through(_objects);
        await _database.AddDayAsync(Day, 4);
    }

    public async ValueTask DisposeAsync()
    {
        _objects.Dispose();
        await _proxy.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_cache, recursive: true);
    }

    LakeStore Through(IObjectStore objects, long room = 1 << 30) => new(objects, new(_cache, room, TimeProvider.System, NullLogger<ObjectCache>.Instance));

    Task<LakeWriteResult> WriteAsync() => _database.Writer.WriteDirtyDaysAsync(null, Token);

    async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _objects.ListAsync("", null, Token)) keys.Add(found.Key);
        return keys;
    }

    Task<string> HashOfAsync(DateOnly day) => _database.ScalarAsync<string>($"SELECT file_sha256 FROM ops.lake_files WHERE day = '{day:yyyy-MM-dd}'");

    static string KeyOf(DateOnly day) => $"year={day:yyyy}/month={day:MM}/day={day:dd}/sentiment.parquet";

    string[] Cached() => [.. Directory.EnumerateFiles(_cache, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file).Length == 64)];

    int Gets() => _proxy.Requests.Count(request => request.StartsWith("GET ", StringComparison.Ordinal) && request.Contains("sentiment.parquet"));

    /// <summary>As after a partition was dropped: only the files have the rows.</summary>
    Task DropHotRowsAsync() => _database.ExecuteAsync("TRUNCATE sentiment.sentiment_data");

    [Fact]
    public async Task Values_are_the_same_from_hot_rows_a_folder_and_a_bucket()
    {
        await _database.FillAsync(Day, 3, 700);
        var hot = await _database.CsvAsync(All);
        await WriteAsync();
        Assert.Equal([KeyOf(Day), KeyOf(Day.AddDays(1)), KeyOf(Day.AddDays(2))], await KeysAsync());
        Assert.Empty(Directory.EnumerateFiles(_database.Folder, "*", SearchOption.AllDirectories));
        Assert.Equal(hot, await _database.CsvAsync(All));
        Assert.Equal(3, Cached().Length);

        var hashes = await _database.ScalarAsync<string[]>("SELECT array_agg(content_hash || file_sha256 ORDER BY day) FROM ops.lake_files");
        await _database.ExecuteAsync("UPDATE ops.lake_days SET revision = revision + 1");
        _database.Store = null;
        await WriteAsync();
        Assert.Equal(hot, await _database.CsvAsync(All));
        Assert.Equal(hashes, await _database.ScalarAsync<string[]>("SELECT array_agg(content_hash || file_sha256 ORDER BY day) FROM ops.lake_files"));
    }

    /// <summary>A folder moved into a bucket, or a backup put back: no hash is recorded with the objects.</summary>
    [Fact]
    public async Task Files_that_another_tool_has_copied_are_read_checked_and_kept()
    {
        var store = _database.Store;
        _database.Store = null;
        await _database.FillAsync(Day, 2, 60);
        await WriteAsync();
        var location = S3Location.Parse(_objects.Place);
        using (var client = S3Client.Create(location, await s3.OptionsAsync()))
        {
            foreach (var day in (DateOnly[])[Day, Day.AddDays(1)])
                await client.PutObjectAsync(new() { BucketName = location.Bucket, Key = $"{location.Prefix}/{KeyOf(day)}", FilePath = _database.FileOf(day), UseChunkEncoding = false }, Token);
        }
        _database.Store = store;
        var old = await HashOfAsync(Day);
        await _database.FillAsync(Day, 1, 5, tag: "late");
        await WriteAsync();
        Assert.Contains($"_kept/{old}", await KeysAsync());
        await DropHotRowsAsync();
        Assert.Equal("125", await _database.CsvAsync(Count));
    }

    [Fact]
    public async Task Late_rows_replace_the_file_of_their_day_only()
    {
        await _database.FillAsync(Day, 3, 50);
        await WriteAsync();
        Assert.Equal("150", await _database.CsvAsync(Count));
        var (old, other) = (await HashOfAsync(Day), await HashOfAsync(Day.AddDays(1)));
        await _database.FillAsync(Day, 1, 10, tag: "late");
        Assert.Equal((1, 60L), await WriteAsync() is var late ? (late.DaysWritten, late.Rows) : default);
        var gets = Gets();
        await DropHotRowsAsync();
        Assert.Equal("160", await _database.CsvAsync(Count));
        Assert.Equal(gets + 1, Gets());
        Assert.Equal(other, await HashOfAsync(Day.AddDays(1)));
        Assert.Equal([$"_kept/{old}", KeyOf(Day), KeyOf(Day.AddDays(1)), KeyOf(Day.AddDays(2))], await KeysAsync());
    }

    [Fact]
    public async Task Statement_opens_only_the_days_that_it_can_take_rows_from()
    {
        await _database.FillAsync(Day, 4, 60);
        (string Condition, int Days)[] cases =
        [
            ("true", 4),
            ("timestamp >= '2024-02-29'", 3),
            ("timestamp > '2024-02-29 12:00'", 3),
            ("timestamp < '2024-02-29'", 1),
            ("timestamp <= '2024-02-29'", 2),
            ("'2024-02-29' > timestamp", 1),
            ("'2024-03-01' <= timestamp AND ticker = 'AAPL'", 2),
            ("a.timestamp >= TIMESTAMPTZ '2024-02-29 00:00:00+00' AND a.timestamp < TIMESTAMPTZ '2024-03-01 00:00:00+00'", 1),
            ("timestamp >= TIMESTAMPTZ '2024-02-29 23:00:00-05'", 2),
            ("timestamp >= DATE '2024-03-02'", 1),
            ("timestamp BETWEEN '2024-02-29' AND '2024-02-29 23:59'", 1),
            ("timestamp NOT BETWEEN '2024-02-29' AND '2024-03-01'", 4),
            ("timestamp::DATE = '2024-02-29'", 1),
            ("CAST(timestamp AS DATE) > '2024-02-29' AND timestamp::DATE <= DATE '2024-03-01'", 2),
            ("timestamp::DATE BETWEEN '2024-02-29' AND '2024-03-01'", 2),
            ("timestamp >= '2025-01-01'", 0),
            ("timestamp < '2024-02-29' OR timestamp >= '2024-03-02'", 4),
            ("NOT (timestamp >= '2024-02-29')", 1),
            ("timestamp <> '2024-02-29'", 4),
            ("timestamp = '2024-02-28 00:00:01.000001'", 1),
            ("timestamp > 'infinity' OR true", 4),
            ("timestamp < 'infinity'", 4),
            ("timestamp + INTERVAL 1 DAY >= '2024-02-29'", 4),
            ("date_trunc('day', timestamp) = '2024-02-29'", 4),
        ];
        string[] wholes =
        [
            "SELECT count(*), min(article_id) FROM all_sentiment a WHERE {0}",
            "WITH t AS (SELECT * FROM sentiment.all_sentiment a WHERE {0}) SELECT count(*), min(article_id) FROM t",
        ];
        foreach (var whole in wholes)
            foreach (var (condition, days) in cases) await OpensAsync(string.Format(null, whole, condition), days);
        const string day = "SELECT article_id FROM all_sentiment WHERE timestamp::DATE = '2024-02-29'";
        await OpensAsync($"SELECT count(*) FROM ({day} UNION ALL SELECT article_id FROM all_sentiment WHERE timestamp >= '2024-03-02')", 3);
        await OpensAsync($"SELECT count(*) FROM ({day}) JOIN all_sentiment USING (article_id)", 4);
        await OpensAsync("SELECT count(*) FROM all_sentiment AS a(timestamp) WHERE timestamp < '2024-02-29'", 4);
        await OpensAsync("SELECT count(*) FROM all_sentiment, all_sentiment AS b WHERE b.timestamp < '2024-02-29'", 4);
    }

    /// <summary>The answer is the same as over hot rows; so many files are fetched for it.</summary>
    async Task OpensAsync(string sql, int days)
    {
        await _database.ExecuteAsync("UPDATE ops.lake_days SET revision = written_revision + 1");
        var hot = await _database.CsvAsync(sql);
        if (await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_files") == 0) await WriteAsync();
        await _database.ExecuteAsync("UPDATE ops.lake_days SET revision = written_revision");
        foreach (var file in Cached()) File.Delete(file);
        var before = Gets();
        Assert.Equal((sql, hot, days), (sql, await _database.CsvAsync(sql), Gets() - before));
    }

    [Fact]
    public async Task Files_are_fetched_once_and_shared_by_processes()
    {
        await _database.FillAsync(Day, 3, 50);
        await WriteAsync();
        var (one, another) = (_database.Options, _database.Options with { Store = Through(_objects) });
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            await using var query = await new LakeSql(_database.Source, i % 2 == 0 ? one : another).QueryAsync(Count, Token);
            Assert.True(await query.ReadChunkAsync(Token));
        }, Token)));
        Assert.Equal(3, Gets());
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("cut")]
    [InlineData("emptied")]
    [InlineData("replaced")]
    public async Task Damaged_cache_is_noticed_and_mended(string damage)
    {
        await _database.FillAsync(Day, 2, 400);
        await WriteAsync();
        await DropHotRowsAsync();
        var answer = await _database.CsvAsync(All);
        foreach (var file in Cached())
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            var length = RandomAccess.GetLength(handle);
            if (damage == "flipped") RandomAccess.Write(handle, [0x55], length / 2);
            else if (damage == "cut") RandomAccess.SetLength(handle, length - 100);
            else if (damage == "emptied") RandomAccess.SetLength(handle, 0);
            else
            {
                File.Delete(file);
                File.Copy(Cached().First(other => other != file), file);
            }
            if (damage == "replaced") break;
        }
        Assert.Equal(answer, await _database.CsvAsync(All));
        // A process that begins later trusts no file either.
        _database.Store = Through(_objects);
        Assert.Equal(answer, await _database.CsvAsync(All));
    }

    [Fact]
    public async Task Cache_keeps_to_its_room_and_a_query_larger_than_it_is_answered()
    {
        await _database.FillAsync(Day, 4, 2000);
        await WriteAsync();
        var largest = await _database.ScalarAsync<long>("SELECT max(bytes) FROM ops.lake_files");
        _database.Store = Through(_objects, room: largest * 2);
        await DropHotRowsAsync();
        Assert.Equal("8000", await _database.CsvAsync(Count));
        Assert.InRange(Cached().Sum(file => new FileInfo(file).Length), 1, largest * 2);
        Assert.Equal("8000", await _database.CsvAsync(Count));
    }

    [Theory]
    [InlineData("PUT .*sentiment.parquet")]
    [InlineData("PUT .*_kept")]
    [InlineData("HEAD ")]
    public async Task Store_that_fails_during_a_write_leaves_all_readable_and_the_next_run_writes(string pattern)
    {
        await _database.FillAsync(Day, 2, 300);
        await WriteAsync();
        await _database.FillAsync(Day, 2, 100, tag: "late");
        foreach (var fault in (Fault[])[Fault.Status(503, "SlowDown"), Fault.Status(403, "AccessDenied")])
        {
            _proxy.Next(int.MaxValue, pattern, fault);
            var error = await Assert.ThrowsAsync<ObjectStoreException>(WriteAsync);
            Assert.Contains(_objects.Place, error.Message);
            // Not written yet, or written and not in place yet.
            Assert.Equal(2L, await _database.ScalarAsync<long>(
                "SELECT count(*) FROM ops.lake_days JOIN ops.lake_files USING (day) WHERE revision > written_revision OR placed_at IS NULL"));
            _proxy.Decide = _ => null;
            Assert.Equal("800", await _database.CsvAsync(Count));
        }
        await WriteAsync();
        await DropHotRowsAsync();
        Assert.Equal("800", await _database.CsvAsync(Count));
        foreach (var day in (DateOnly[])[Day, Day.AddDays(1)]) Assert.Equal(await HashOfAsync(day), (await _objects.HeadAsync(KeyOf(day), Token))!.Sha256);
    }

    /// <summary>As if the process died at each request in turn: none of those after it arrives, not even those that would tidy up.</summary>
    [Fact]
    public async Task Run_cut_off_at_any_request_loses_nothing_and_is_finished_by_the_next()
    {
        await _database.FillAsync(Day, 2, 40);
        await WriteAsync();
        var rows = 80;
        for (var passing = 0; ; passing++)
        {
            await _database.FillAsync(Day, 2, 1, tag: $"late {passing}");
            rows += 2;
            var (left, cut) = (passing, false);
            _proxy.Decide = _ =>
            {
                if (Interlocked.Decrement(ref left) >= 0) return null;
                cut = true;
                return Fault.Status(403, "AccessDenied");
            };
            var error = await Record.ExceptionAsync(WriteAsync);
            _proxy.Decide = _ => null;
            Assert.Equal(cut, error is ObjectStoreException);
            Assert.Equal($"{rows}", await _database.CsvAsync("SELECT count(DISTINCT article_id) FROM all_sentiment"));
            await WriteAsync();
            Assert.Equal($"{rows}", await _database.CsvAsync("SELECT count(DISTINCT article_id) FROM all_sentiment"));
            Assert.Equal(2, (await KeysAsync()).Count(key => key.EndsWith(".parquet", StringComparison.Ordinal)));
            if (!cut) break;
        }
        await DropHotRowsAsync();
        Assert.Equal($"{rows}", await _database.CsvAsync("SELECT count(DISTINCT article_id) FROM all_sentiment"));
    }

    /// <summary>The same for days that are in the bucket only, where nothing could be made anew.</summary>
    [Fact]
    public async Task Merge_of_sealed_days_cut_off_at_any_request_loses_nothing_and_is_finished_by_the_next()
    {
        await _database.FillAsync(Day, 2, 40);
        await WriteAsync();
        Assert.Equal(2, (await new LakeSealer(_database.Source, _database.Options, null, TimeProvider.System).SealAsync(Day.AddDays(2), null, Token)).Days);
        var rows = 80;
        for (var passing = 0; ; passing++)
        {
            foreach (var day in (DateOnly[])[Day, Day.AddDays(1)])
                if (!await _database.ScalarAsync<bool>($"SELECT to_regclass('sentiment.sentiment_data_{day:yyyyMMdd}') IS NOT NULL")) await _database.AddDayAsync(day);
            await _database.FillAsync(Day, 2, 1, tag: $"late {passing}");
            rows += 2;
            var (left, cut) = (passing, false);
            _proxy.Decide = _ =>
            {
                if (Interlocked.Decrement(ref left) >= 0) return null;
                cut = true;
                return Fault.Status(403, "AccessDenied");
            };
            var error = await Record.ExceptionAsync(WriteAsync);
            _proxy.Decide = _ => null;
            Assert.Equal(cut, error is ObjectStoreException);
            Assert.Equal($"{rows},{rows}", await _database.CsvAsync("SELECT count(*), count(DISTINCT article_id) FROM all_sentiment"));
            await WriteAsync();
            Assert.Equal($"{rows},{rows}", await _database.CsvAsync("SELECT count(*), count(DISTINCT article_id) FROM all_sentiment"));
            Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
            Assert.Equal(2, (await KeysAsync()).Count(key => key.EndsWith(".parquet", StringComparison.Ordinal)));
            foreach (var day in (DateOnly[])[Day, Day.AddDays(1)]) Assert.Equal(await HashOfAsync(day), (await _objects.HeadAsync(KeyOf(day), Token))!.Sha256);
            if (!cut) break;
        }
        Assert.Empty((await new LakeVerifier(_database.Source, _database.Options, TimeProvider.System).VerifyAsync(null, Token)).Bad);
    }

    /// <summary>Cut off when the new file is recorded and the old one still in its place; the hot rows are gone.</summary>
    [Fact]
    public async Task Reader_finds_what_its_manifest_names_while_the_file_is_being_replaced()
    {
        await _database.FillAsync(Day, 2, 300);
        await WriteAsync();
        var old = await HashOfAsync(Day.AddDays(1));
        await _database.ExecuteAsync($"UPDATE sentiment.sentiment_data SET confidence = 0.5; UPDATE ops.lake_days SET revision = revision + 1");
        _proxy.Next(int.MaxValue, "PUT .*day%3D29", Fault.Status(403, "AccessDenied"));
        await Assert.ThrowsAsync<ObjectStoreException>(WriteAsync);
        _proxy.Decide = _ => null;
        Assert.Equal(old, (await _objects.HeadAsync(KeyOf(Day.AddDays(1)), Token))!.Sha256);
        Assert.NotEqual(old, await HashOfAsync(Day.AddDays(1)));

        // As it is for a day whose rows are in the lake only.
        await DropHotRowsAsync();
        Assert.Equal("600", await _database.CsvAsync(Count));
        Assert.Equal("0.5", await _database.CsvAsync("SELECT DISTINCT confidence FROM all_sentiment"));
        await WriteAsync();
        Assert.Equal(await HashOfAsync(Day.AddDays(1)), (await _objects.HeadAsync(KeyOf(Day.AddDays(1)), Token))!.Sha256);
    }

    [Fact]
    public async Task Kept_files_go_when_nothing_can_need_them_and_stay_while_the_manifest_names_them()
    {
        await _database.FillAsync(Day, 2, 30);
        await WriteAsync();
        var (one, two) = (await HashOfAsync(Day), await HashOfAsync(Day.AddDays(1)));
        await _objects.CopyAsync(KeyOf(Day.AddDays(1)), $"_kept/{two}", Token);
        await _database.FillAsync(Day, 1, 5, tag: "late");
        await new LakeWriter(_database.Source, _database.Options with { KeepReplaced = TimeSpan.FromHours(1) }, TimeProvider.System).WriteDirtyDaysAsync(null, Token);
        Assert.Equal(((string[])[$"_kept/{one}", $"_kept/{two}"]).Order(StringComparer.Ordinal), (await KeysAsync()).Where(key => key.StartsWith('_')));
        await _database.FillAsync(Day, 1, 5, tag: "later");
        // The only place where that version is, for whatever reason.
        await _objects.DeleteAsync([KeyOf(Day.AddDays(1))], Token);
        var later = new ManualTime(TimeProvider.System.GetUtcNow().AddHours(2));
        await new LakeWriter(_database.Source, _database.Options, later).WriteDirtyDaysAsync(null, Token);
        Assert.Equal([$"_kept/{two}"], (await KeysAsync()).Where(key => key.StartsWith('_')));
        await _objects.CopyAsync($"_kept/{two}", KeyOf(Day.AddDays(1)), Token);
        await _database.FillAsync(Day, 1, 5, tag: "latest");
        await new LakeWriter(_database.Source, _database.Options, later).WriteDirtyDaysAsync(null, Token);
        Assert.DoesNotContain(await KeysAsync(), key => key == $"_kept/{two}");
    }

    [Fact]
    public async Task Day_without_rows_left_loses_object_and_manifest_row()
    {
        await _database.FillAsync(Day, 2, 20);
        await WriteAsync();
        await _database.ExecuteAsync($"""
            DELETE FROM sentiment.sentiment_data WHERE timestamp < '{Day.AddDays(1):yyyy-MM-dd} 00:00+00';
            UPDATE ops.lake_days SET revision = revision + 1, hot_rows = 0 WHERE day = '{Day:yyyy-MM-dd}'
            """);
        Assert.Equal(1, (await WriteAsync()).DaysRemoved);
        Assert.Equal([KeyOf(Day.AddDays(1))], (await KeysAsync()).Where(key => !key.StartsWith('_')));
        Assert.Equal("20", await _database.CsvAsync(Count));
    }

    [Fact]
    public async Task Object_that_is_gone_or_damaged_falls_back_to_hot_rows_and_is_told_without_them()
    {
        await _database.FillAsync(Day, 2, 30);
        await WriteAsync();
        await _objects.DeleteAsync([KeyOf(Day)], Token);
        _proxy.Decide = request => request.StartsWith("GET ", StringComparison.Ordinal) && request.Contains("day%3D29") ? Fault.WrongByte(100) : null;
        Assert.Equal("60", await _database.CsvAsync(Count));
        await _database.ExecuteAsync($"DELETE FROM sentiment.sentiment_data WHERE timestamp < '{Day.AddDays(1):yyyy-MM-dd} 00:00+00'");
        var gone = await Assert.ThrowsAsync<LakeException>(() => _database.CsvAsync(Count));
        Assert.Contains($"{KeyOf(Day)} is missing in {_objects.Place}", gone.Message);
        await _database.ExecuteAsync($"DELETE FROM ops.lake_files WHERE day = '{Day:yyyy-MM-dd}'; TRUNCATE sentiment.sentiment_data");
        var damaged = await Assert.ThrowsAsync<LakeException>(() => _database.CsvAsync(Count));
        Assert.Contains($"{KeyOf(Day.AddDays(1))} is damaged in {_objects.Place}", damaged.Message);
    }

    [Fact]
    public async Task Store_that_is_silent_ends_a_query_with_a_clear_error()
    {
        await _database.FillAsync(Day, 1, 30);
        await WriteAsync();
        using var hasty = new S3ObjectStore(S3Location.Parse(_objects.Place), S3Server.Options(_proxy.Endpoint) with { RetryFor = TimeSpan.Zero, Timeout = TimeSpan.FromMilliseconds(200) }, TimeProvider.System);
        _database.Store = Through(hasty);
        _proxy.Decide = _ => Fault.Stall;
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => _database.CsvAsync(Count));
        Assert.Equal(ObjectStoreFault.Unreachable, error.Fault);
        Assert.Empty(Cached());
    }

    [Fact]
    public async Task Download_that_is_cut_is_never_served_and_goes_on()
    {
        await _database.FillAsync(Day, 1, 3000);
        await WriteAsync();
        await DropHotRowsAsync();
        _proxy.Next(2, "^GET .*parquet", Fault.CutAfter(1000));
        Assert.Equal("3000", await _database.CsvAsync(Count));
        Assert.Single(Cached());
    }
}
