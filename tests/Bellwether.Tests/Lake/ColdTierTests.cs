using System.Diagnostics;
using Bellwether.Lake;
using Bellwether.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bellwether.Tests.Lake;

/// <summary>Sealed days as PostgreSQL itself answers them, to whoever asks by plain SQL.</summary>
public sealed class ColdTierTests(TestServer server) : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 28);
    LakeTestDatabase _database = null!;
    ColdTierReader _reader = null!;

    // Every column as text, the finest that PostgreSQL gives.
    const string Digest = "SELECT count(*) || ' ' || md5(string_agg(a::text, '|' ORDER BY article_id, ticker, timestamp)) FROM sentiment.all_sentiment a";

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await LakeTestDatabase.CreateAsync(server);
        _database.Cold = ColdTier.Install(server.Programs, _database.Name);
        _reader = Reader();
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _database.DisposeAsync();
    }

    ColdTierReader Reader() => ColdTierReader.Start(
        _database.Cold!, _database.Source, _ => Task.FromResult(_database.Options), TimeProvider.System, NullLogger<ColdTierReader>.Instance);

    Task<LakeWriteResult> WriteAsync() => _database.Writer.WriteDirtyDaysAsync(null, Token);

    Task<LakeSealResult> SealAsync(DateOnly before) =>
        new LakeSealer(_database.Source, _database.Options, _database.Cold, TimeProvider.System).SealAsync(before, null, Token);

    Task<string> DigestAsync() => _database.ScalarAsync<string>(Digest);

    static string Days(DateOnly from, int days) => $"timestamp >= '{from:yyyy-MM-dd} 00:00+00' AND timestamp < '{from.AddDays(days):yyyy-MM-dd} 00:00+00'";

    [Fact]
    public async Task Every_value_is_what_it_was_before()
    {
        await _database.AddDayAsync(Day, 3);
        await _database.FillAsync(Day, 3, 400);
        string[] texts = ["", "NULL", "\\N", "\\.", "a\tb\nc\rd\\e", "\"quoted\", 'so'", "\u0001\u001f", "é東🚀", "\\", new string('x', 300_000)];
        for (var i = 0; i < texts.Length; i++)
        {
            await using var command = _database.Source.CreateCommand("UPDATE sentiment.sentiment_data SET text = $1, article_title = $1, source_url = NULL WHERE event_id = $2");
            command.Parameters.Add(new() { Value = texts[i] });
            command.Parameters.Add(new() { Value = $"event-{i + 1}" });
            await command.ExecuteNonQueryAsync(Token);
        }
        await _database.ExecuteAsync("""
            UPDATE sentiment.sentiment_data SET weight = 'NaN' WHERE event_id = 'event-20';
            UPDATE sentiment.sentiment_data SET weight = 'Infinity', positive = '-0', negative = 4.9e-324 WHERE event_id = 'event-21';
            UPDATE sentiment.sentiment_data SET weight = 1.7976931348623157e308, positive = 0.1, negative = 1e-5 WHERE event_id = 'event-22';
            UPDATE sentiment.sentiment_data SET fetch_timestamp_utc = '0044-03-15 00:00:00.000001+00 BC', processing_timestamp_utc = 'infinity' WHERE event_id = 'event-23';
            UPDATE sentiment.sentiment_data SET fetch_timestamp_utc = '-infinity', processing_timestamp_utc = '12024-02-29 23:59:59.999999+00' WHERE event_id = 'event-24';
            UPDATE sentiment.sentiment_data SET fetch_timestamp_utc = '1969-12-31 23:59:59.999999+00', processing_timestamp_utc = '1900-02-28 00:00+00' WHERE event_id = 'event-25';
            UPDATE sentiment.sentiment_data SET raw_source_payload_json = '{"a": [1.10, "\\n\"\\", null], "é": {}}' WHERE event_id = 'event-26';
            UPDATE sentiment.sentiment_data SET raw_source_payload_json = 'null' WHERE event_id = 'event-27';
            UPDATE ops.lake_days SET revision = revision + 1
            """);
        var before = await DigestAsync();
        await WriteAsync();
        Assert.Equal(before, await DigestAsync());
        Assert.Equal(3, (await SealAsync(Day.AddDays(3))).Days);
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(before, await DigestAsync());

        // Whatever the encoding, zone and styles of who asks.
        await using var latin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Timezone = "Asia/Kathmandu", Options = "-c client_encoding=LATIN1 -c datestyle=German -c intervalstyle=iso_8601" });
        await using var asked = latin.CreateCommand("SELECT encode(convert_to(text, 'UTF8'), 'hex') FROM sentiment.all_sentiment WHERE event_id = 'event-8' LIMIT 1");
        Assert.Equal(Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(texts[7])), await asked.ExecuteScalarAsync(Token));
    }

    [Fact]
    public async Task Plan_touches_the_days_that_are_asked_for_and_no_others()
    {
        await _database.AddDayAsync(Day, 6);
        await _database.FillAsync(Day, 6, 50);
        await WriteAsync();
        await SealAsync(Day.AddDays(5));
        async Task<string[]> TouchedAsync(string condition)
        {
            await using var command = _database.Source.CreateCommand($"EXPLAIN SELECT count(*) FROM sentiment.all_sentiment WHERE {condition}");
            await using var row = await command.ExecuteReaderAsync(Token);
            var found = new List<string>();
            while (await row.ReadAsync(Token))
                if (System.Text.RegularExpressions.Regex.Match(row.GetString(0), @"Scan.* on (sentiment_\w+_\d{8})") is { Success: true } scan) found.Add(scan.Groups[1].Value);
            return [.. found.Order()];
        }
        Assert.Equal(["sentiment_cold_20240229"], await TouchedAsync(Days(Day.AddDays(1), 1)));
        Assert.Equal(["sentiment_cold_20240229", "sentiment_cold_20240301"], await TouchedAsync(Days(Day.AddDays(1), 2)));
        Assert.Equal(["sentiment_data_20240304"], await TouchedAsync(Days(Day.AddDays(5), 1)));
        Assert.Equal(6, (await TouchedAsync("true")).Length);
        // A bound that is known only when it runs prunes then.
        await using var late = _database.Source.CreateCommand("EXPLAIN (ANALYZE, COSTS OFF) SELECT count(*) FROM sentiment.all_sentiment WHERE timestamp >= now() - interval '1 day'");
        await using (var row = await late.ExecuteReaderAsync(Token))
            while (await row.ReadAsync(Token)) Assert.DoesNotContain("Foreign Program", row.GetString(0));
        Assert.Equal(50L, await _database.ScalarAsync<long>($"SELECT count(*) FROM sentiment.all_sentiment WHERE {Days(Day.AddDays(1), 1)}"));
        Assert.Equal(300L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task Answer_may_be_left_early_read_twice_and_joined_with_itself()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 3000);
        await WriteAsync();
        await SealAsync(Day.AddDays(2));
        Assert.Equal("event-1", await _database.ScalarAsync<string>("SELECT event_id FROM sentiment.all_sentiment LIMIT 1"));
        Assert.Equal(6000L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment a JOIN sentiment.all_sentiment b USING (article_id, ticker, timestamp)"));
        Assert.Equal(2L, await _database.ScalarAsync<long>("""
            SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off;
            SELECT count(*) FROM (VALUES ('event-7'), ('no such')) v(id) JOIN sentiment.all_sentiment a ON a.event_id = v.id
            """));
        await using var connection = await _database.Source.OpenConnectionAsync(Token);
        await using (var cursor = new NpgsqlCommand("BEGIN; DECLARE c CURSOR FOR SELECT * FROM sentiment.all_sentiment; FETCH 10 FROM c; CLOSE c; COMMIT", connection))
            await cursor.ExecuteNonQueryAsync(Token);
        await Assert.ThrowsAsync<PostgresException>(() => _database.ScalarAsync<int>("SELECT 1 / (r.n - 5) FROM (SELECT row_number() OVER () AS n FROM sentiment.all_sentiment) r"));
        Assert.Equal(6000L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
    }

    [Fact]
    public async Task Nobody_who_answers_is_told_in_one_sentence()
    {
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 20);
        await WriteAsync();
        await SealAsync(Day.AddDays(1));
        await _reader.DisposeAsync();
        foreach (var sql in new[] { "SELECT count(*) FROM sentiment.all_sentiment", "SELECT max(text) FROM sentiment.all_sentiment" })
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => _database.ScalarAsync<object>(sql));
            Assert.Contains("no Bellwether process is reading the lake; start `bellwether serve`", error.MessageText + error.Where);
        }
        // It need not be waited for.
        var cancelled = await Assert.ThrowsAsync<PostgresException>(() => _database.ScalarAsync<object>("SET statement_timeout = 500; SELECT count(*) FROM sentiment.all_sentiment"));
        Assert.Equal(PostgresErrorCodes.QueryCanceled, cancelled.SqlState);
        Assert.Empty(Directory.GetFiles(server.Programs.Folder, $"{_database.Name}.*.rows"));
        // Whoever comes within the time that is waited answers.
        var asked = _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment");
        _reader = Reader();
        Assert.Equal(20L, await asked);
    }

    [Fact]
    public async Task Missing_file_is_an_error_that_names_it_and_never_fewer_rows()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 20);
        await WriteAsync();
        await SealAsync(Day.AddDays(2));
        File.Delete(_database.FileOf(Day));
        var error = await Assert.ThrowsAsync<PostgresException>(() => _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
        Assert.Contains("year=2024/month=02/day=28/sentiment.parquet is missing", error.MessageText + error.Where);
        Assert.Equal(20L, await _database.ScalarAsync<long>($"SELECT count(*) FROM sentiment.all_sentiment WHERE {Days(Day.AddDays(1), 1)}"));
    }

    [Fact]
    public async Task Late_corrected_and_removed_rows_are_right_before_and_after_the_merge()
    {
        await _database.AddDayAsync(Day, 2);
        await _database.FillAsync(Day, 2, 100);
        await WriteAsync();
        await SealAsync(Day.AddDays(2));
        await _database.AddDayAsync(Day);
        await _database.FillAsync(Day, 1, 10, tag: "late");
        await _database.ExecuteAsync($"""
            INSERT INTO ops.lake_removals (day, article_id, ticker)
            SELECT (timestamp AT TIME ZONE 'UTC')::date, article_id, ticker FROM sentiment.all_sentiment WHERE event_id IN ('event-60', 'event-70') AND {Days(Day, 1)}
            """);
        var before = await DigestAsync();
        Assert.StartsWith("208 ", before);
        Assert.Equal((1, 108L), await WriteAsync() is var merged ? (merged.DaysWritten, merged.Rows) : default);
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.sentiment_data"));
        Assert.Equal(0L, await _database.ScalarAsync<long>("SELECT count(*) FROM ops.lake_removals"));
        Assert.Equal(before, await DigestAsync());
    }

    [Fact]
    public async Task Statement_over_more_days_than_are_read_at_once_comes_to_its_end()
    {
        const int days = 60;
        await _database.AddDayAsync(Day, days);
        // More than the pipes take, so that each day waits for its turn twice.
        await _database.FillAsync(Day, days, 4_000);
        await WriteAsync();
        await SealAsync(Day.AddDays(days));
        Assert.Equal(days * 4_000L, await _database.ScalarAsync<long>("SELECT count(*) FROM sentiment.all_sentiment"));
        // Read in another order than they were asked for.
        Assert.Equal(days * 4_000L, await _database.ScalarAsync<long>("SELECT count(*) FROM (SELECT * FROM sentiment.all_sentiment ORDER BY timestamp DESC OFFSET 0) a"));
    }

    [Fact]
    public async Task Readers_at_once_see_a_constant_count_and_checksum_while_days_are_sealed_and_merged()
    {
        const int days = 10;
        await _database.AddDayAsync(Day, days);
        await _database.FillAsync(Day, days, 60);
        await WriteAsync();
        var expected = await DigestAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var looks = 0;
        var readers = Enumerable.Range(0, 2).Select(n => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (n == 0) Assert.Equal(expected, await DigestAsync());
                else
                {
                    // One moment for two statements, the first of which does not touch the table.
                    await using var connection = await _database.Source.OpenConnectionAsync(Token);
                    await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, Token);
                    await using (var first = new NpgsqlCommand("SELECT count(*) FROM ops.lake_files; SELECT pg_sleep(0.05)", connection)) await first.ExecuteNonQueryAsync(Token);
                    await using var second = new NpgsqlCommand(Digest, connection);
                    Assert.Equal(expected, await second.ExecuteScalarAsync(Token));
                }
                Interlocked.Increment(ref looks);
            }
        }, Token)).ToArray();
        for (var sealedDays = 2; sealedDays <= days; sealedDays += 2)
        {
            await SealAsync(Day.AddDays(sealedDays));
            // The same rows written again: merged without any new one.
            await _database.ExecuteAsync($"UPDATE ops.lake_days SET revision = revision + 1 WHERE sealed_at IS NOT NULL");
            await WriteAsync();
        }
        var seen = Volatile.Read(ref looks);
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.True(seen > 5, $"{seen} looks");
        Assert.Equal(expected, await DigestAsync());
    }
}
